// Isolate: creation, memory limits, termination.

#include "js/isolate.h"

#include <atomic>

#include "js/entry.h"
#include "js/platform.h"
#include "js/snapshot.h"
#include "js/time_zone.h"

namespace plts {
namespace {

// What a heap past its limit may still take while JavaScript unwinds. Virtual, and
// mostly never touched. V8 looks at a termination only between steps, and one step can
// allocate a lot: with too little V8 gives up, which costs the session.
constexpr size_t kHeapSlack = size_t{512} * 1024 * 1024;

constexpr size_t kMegabyte = 1024 * 1024;

uintptr_t g_stack_limit = 0;
bool g_stack_limit_changed = false;

// Which isolates there are: the one of user code and the compiler's.
Isolate* g_isolates[2] = {nullptr, nullptr};

void OnFatalError(const char* location, const char* message) {
  static char reason[256];
  snprintf(reason, sizeof(reason), "%s: %s", location ? location : "V8",
           message ? message : "fatal error");
  g_escape_reason = reason;
  if (g_entry != nullptr) LeaveForGood(Escape::kFatal);
  abort();
}

#if V8_MAJOR_VERSION < 11
void OnOutOfMemory(const char*, bool) {
#else
void OnOutOfMemory(const char*, const v8::OOMDetails&) {
#endif
  if (g_entry != nullptr) LeaveForGood(Escape::kOutOfMemory);
  abort();
}

// Around each collection, of whichever kind.
void OnCollectionBegins(v8::Isolate*, v8::GCType, v8::GCCallbackFlags) {
  CollectionBegins();
}

void OnCollectionEnds(v8::Isolate*, v8::GCType, v8::GCCallbackFlags) {
  CollectionEnds();
}

}  // namespace

// Array buffers live outside V8's heap, so they have a cap of their own.
class BufferAllocator final : public v8::ArrayBuffer::Allocator {
 public:
  explicit BufferAllocator(size_t limit) : limit_(limit) {}

  void* Allocate(size_t length) override { return Take(length, true); }
  void* AllocateUninitialized(size_t length) override { return Take(length, false); }
  void Free(void* data, size_t length) override {
    used_ -= length;
    std::free(data);
  }

 private:
  // nullptr makes V8 throw a RangeError.
  void* Take(size_t length, bool zero) {
    if (length > limit_ - used_) return nullptr;
    void* data = zero ? std::calloc(length, 1) : std::malloc(length);
    if (data != nullptr) used_ += length;
    return data;
  }

  const size_t limit_;
  size_t used_ = 0;
};

Isolate::Isolate(const Snapshot& snapshot, int heap_mb, int young_mb)
    : heap_mb_(heap_mb) {
  StartPlatform();
  const size_t limit = static_cast<size_t>(heap_mb_) * kMegabyte;
  allocator_ = std::make_unique<BufferAllocator>(limit);
  v8::Isolate::CreateParams params;
  params.snapshot_blob = snapshot.data();
  params.array_buffer_allocator = allocator_.get();
  params.constraints.ConfigureDefaultsFromHeapSize(0, limit);
  if (young_mb > 0) {
    params.constraints.set_max_young_generation_size_in_bytes(young_mb * kMegabyte);
  }
  isolate_ = v8::Isolate::New(params);
  isolate_->SetFatalErrorHandler(OnFatalError);
  isolate_->SetOOMErrorHandler(OnOutOfMemory);
  isolate_->AddNearHeapLimitCallback(NearHeapLimit, this);
  isolate_->AddGCPrologueCallback(OnCollectionBegins);
  isolate_->AddGCEpilogueCallback(OnCollectionEnds);
  watched_.isolate = isolate_;
  isolate_->SetMicrotasksPolicy(v8::MicrotasksPolicy::kExplicit);
  isolate_->SetCaptureStackTraceForUncaughtExceptions(false);
  (g_isolates[0] == nullptr ? g_isolates[0] : g_isolates[1]) = this;
  if (g_stack_limit != 0) isolate_->SetStackLimit(g_stack_limit);
  g_stack_limit_changed = true;
}

void Isolate::StayEntered() {
  isolate_->Enter();
  stays_entered_ = true;
}

Isolate::~Isolate() {
  for (Isolate*& known : g_isolates) {
    if (known == this) known = nullptr;
  }
  ForgetIsolate(this);
  StopFollowing(isolate_);
  if (g_before_dispose != nullptr) g_before_dispose(isolate_);
  if (stays_entered_) isolate_->Exit();
  isolate_->Dispose();
}

size_t Isolate::NearHeapLimit(void* data, size_t current, size_t) {
  auto* self = static_cast<Isolate*>(data);
  // Asked again, the slack is gone too: V8 gives up, which ends the session.
  if (self->doomed_) return current;
  self->doomed_ = true;
  self->isolate_->TerminateExecution();
  return current + kHeapSlack;
}

void Isolate::TerminateWith(Error error) {
  if (!termination_) termination_.emplace(std::move(error));
  Terminate();
}

void Isolate::Terminate() {
  terminated_ = true;
  isolate_->TerminateExecution();
  TerminationBegins();
}

void Isolate::TakeBackInterrupts() noexcept {
  if (!WatchdogAwake() && !watched_.terminating.load()) return;
  TerminationEnds(&watched_, terminated_ || doomed_);
}

Error Isolate::TakeTermination() {
  TerminationEnds(&watched_, false);
  terminated_ = false;
  if (termination_) {
    Error error = std::move(*termination_);
    termination_.reset();
    return error;
  }
  if (doomed_) {
    Error error(ERRCODE_OUT_OF_MEMORY, "JavaScript ran out of memory",
                "The limit is " + std::to_string(heap_mb_) + " MB.",
                "Raise \"plts.max_heap_mb\", or make the function use less memory.");
    error.SetOrigin(Origin::kMemory);
    return error;
  }
  try {
    Guard([] { CHECK_FOR_INTERRUPTS(); });
  } catch (Error& error) {
    return std::move(error);
  }
  return Error(ERRCODE_QUERY_CANCELED, "JavaScript was stopped");
}

void SetStackLimits(uintptr_t limit) {
  g_stack_limit = limit;
  g_stack_limit_changed = false;
  for (Isolate* isolate : g_isolates) {
    if (isolate != nullptr) isolate->v8()->SetStackLimit(limit);
  }
}

bool StackLimitChanged() { return g_stack_limit_changed; }

void OnInterrupt(v8::Isolate* isolate, void*) {
  InterruptServed();
  if (!InterruptPending || g_world == World::kPostgres) return;
  Isolate* owner = nullptr;
  for (Isolate* known : g_isolates) {
    if (known != nullptr && known->v8() == isolate) owner = known;
  }
  if (owner == nullptr) return;
  if (ProcDiePending) {
    // The session ends when V8 has unwound, not from inside it.
    owner->Terminate();
    return;
  }
  try {
    Guard([] { CHECK_FOR_INTERRUPTS(); });
  } catch (Error& error) {
    owner->TerminateWith(std::move(error));
  }
}

}  // namespace plts
