// Realm: creation from the snapshot, and the small cache of them.

#include "js/realm.h"

#include <algorithm>

#include "api/natives.h"
#include "api/prepared.h"
#include "js/entry.h"
#include "js/exception.h"
#include "js/module.h"
#include "js/snapshot.h"
#include "js/time_zone.h"
#include "js/watchdog.h"
#include "settings.h"

namespace plts {
namespace {

// Realms that the postmaster makes beside the first one: a session takes them for its
// next roles, and for calls through db.sync. Each makes a full collection a millisecond
// longer, so they go after the first one.
constexpr int kSpareRealms = 2;

// What a context keeps at this index of its embedder data: index 0 is not the
// embedder's.
constexpr int kUint8Array = 1;

struct State {
  std::unique_ptr<Isolate> isolate;
  std::vector<std::unique_ptr<Realm>> realms;
  uint64_t clock = 0;
  bool collected = false;  // by a full collection, since spares were last dropped
};

// Never destroyed: at exit nothing may enter V8.
State& TheState() {
  static State* state = new State();
  return *state;
}

uint64_t NextRealmId() {
  static uint64_t id = 0;
  return ++id;
}

v8::Global<v8::Function> Member(v8::Local<v8::Context> context,
                                v8::Local<v8::Object> object, const char* name) {
  v8::Isolate* isolate = context->GetIsolate();
  v8::Local<v8::Value> value = Checked(object->Get(context, Name(isolate, name)));
  if (!value->IsFunction()) {
    throw Error(ERRCODE_INTERNAL_ERROR,
                std::string("the snapshot has no function ") + name);
  }
  return v8::Global<v8::Function>(isolate, value.As<v8::Function>());
}

// V8 10.2 crashes in its marker where a collection runs while a context is made from a
// snapshot. It collects where its heap has outgrown a limit that it set at the last
// collection, by a margin that is an eighth of the whole heap while the heap is at most
// half full. So there is a collection before, where much has come since the last one,
// and a refusal where the heap is fuller than that.
void MakeRoom(Isolate* owner) {
  v8::Isolate* isolate = owner->v8();
  size_t& used_at_last = owner->used_after_collection;
  v8::HeapStatistics heap;
  isolate->GetHeapStatistics(&heap);
  const size_t most = heap.heap_size_limit() / 2;
  const size_t step = heap.heap_size_limit() / 32;
  // Buffers count too: V8 collects for what they have grown by since the last time.
  const auto used = [&] { return heap.used_heap_size() + heap.external_memory(); };
  if (used() <= used_at_last + step && heap.used_heap_size() <= most) return;
  // One full collection; LowMemoryNotification makes up to seven, each of which goes
  // through all contexts.
  isolate->MemoryPressureNotification(v8::MemoryPressureLevel::kCritical);
  isolate->MemoryPressureNotification(v8::MemoryPressureLevel::kNone);
  isolate->GetHeapStatistics(&heap);
  used_at_last = used();
  if (heap.used_heap_size() <= most) return;
  Error error(
      ERRCODE_OUT_OF_MEMORY, "JavaScript ran out of memory",
      "There is no room for another context: calls that call each other through "
      "ctx.db.sync take one each.",
      "Raise \"plts.max_heap_mb\", or use ctx.db.query, which is awaited.");
  error.SetOrigin(Origin::kMemory);
  throw error;
}

// While it lasts, V8 lets its heap grow instead of collecting, as it does for a page
// that loads.
class WithoutCollection {
 public:
  explicit WithoutCollection(Isolate* isolate) : isolate_(isolate->v8()) {
    MakeRoom(isolate);
    SetLoading(true);
  }
  ~WithoutCollection() { SetLoading(false); }
  WithoutCollection(const WithoutCollection&) = delete;
  WithoutCollection& operator=(const WithoutCollection&) = delete;

 private:
  void SetLoading(bool loading) {
#if V8_MAJOR_VERSION < 12
    isolate_->SetRAILMode(loading ? v8::PERFORMANCE_LOAD : v8::PERFORMANCE_ANIMATION);
#else
    isolate_->SetIsLoading(loading);
#endif
  }

  v8::Isolate* isolate_;
};

// Drops the realm of a call that has ended, where it is for that call alone.
void DropFinished(State& state, Realm* realm) {
  if (!realm->one_call || !realm->kept.empty()) return;
  std::erase_if(state.realms, [&](const auto& r) { return r.get() == realm; });
}

// A realm that no role has had, if there is one.
Realm* Spare(const State& state) {
  for (const auto& realm : state.realms) {
    if (realm->role == InvalidOid) return realm.get();
  }
  return nullptr;
}

void DropSpares(State& state) {
  state.collected = false;
  std::erase_if(state.realms, [](const auto& r) { return r->role == InvalidOid; });
}

// Drops those that were used longest ago.
void DropIdleRealms(State& state, size_t most) {
  while (true) {
    Realm* oldest = nullptr;
    size_t idle = 0;
    for (const auto& realm : state.realms) {
      if (realm->active > 0 || !realm->kept.empty()) continue;
      idle++;
      if (oldest == nullptr || realm->last_used < oldest->last_used) {
        oldest = realm.get();
      }
    }
    if (idle <= most) return;
    std::erase_if(state.realms, [&](const auto& r) { return r.get() == oldest; });
  }
}

void AddRealm(State& state, Isolate& isolate) {
  EnterV8(&isolate, [&] {
    const v8::Isolate::Scope scope(isolate.v8());
    const WithoutCollection without_collection(&isolate);
    state.realms.push_back(std::make_unique<Realm>(&isolate));
  });
}

}  // namespace

Realm::Realm(Isolate* isolate) : id(NextRealmId()), isolate_(isolate) {
  v8::Isolate* v8 = isolate->v8();
  v8::HandleScope handles(v8);
  v8::TryCatch try_catch(v8);
  try {
    queue_ = v8::MicrotaskQueue::New(v8, v8::MicrotasksPolicy::kExplicit);
    v8::Local<v8::Context> context = Checked(
        v8::Context::FromSnapshot(v8, 0, v8::DeserializeInternalFieldsCallback(),
                                  nullptr, v8::MaybeLocal<v8::Value>(), queue_.get()));
    context_.Reset(v8, context);
    v8::Context::Scope scope(context);
    context->AllowCodeGenerationFromStrings(false);
    context->SetErrorMessageForCodeGenerationFromStrings(
        Name(v8, "eval and new Function are not available in LANGUAGE plts"));
    v8::Local<v8::Object> realm =
        Checked(context->GetDataFromSnapshotOnce<v8::Object>(0));
    ro_.Reset(v8, Name(v8, "ro"));
    rw_.Reset(v8, Name(v8, "rw"));
    call_with_ctx_ = Member(context, realm, "callWithCtx");
    make_ctx_ = Member(context, realm, "makeCtx");
    open_rows_ = Member(context, realm, "openRows");
    make_sql_error_ = Member(context, realm, "makeSqlError");
    describe_error_ = Member(context, realm, "describeError");
    data_module_ = Member(context, realm, "dataModule");
    set_document_traps_ = Member(context, realm, "setDocumentTraps");
    context->SetEmbedderData(kUint8Array,
                             Member(context, context->Global(), "Uint8Array").Get(v8));
    v8::Local<v8::Value> runtime = Checked(realm->Get(context, Name(v8, "runtime")));
    runtime_.Reset(v8, Checked(runtime->ToObject(context)));
    v8::Local<v8::Value> natives = MakeNatives(context);
    Checked(
        Member(context, realm, "install").Get(v8)->Call(context, realm, 1, &natives));
  } catch (const Thrown&) {
    throw ExceptionToError(nullptr, isolate, try_catch);
  }
}

Realm::~Realm() = default;

v8::Local<v8::Uint8Array> NewBytes(v8::Local<v8::Context> context, size_t length) {
  // ArrayBuffer::New would end the process where there is no memory for it; the
  // constructor of the language throws a RangeError, which the limit makes likely.
  auto constructor = context->GetEmbedderData(kUint8Array).As<v8::Function>();
  v8::Local<v8::Value> size =
      v8::Number::New(context->GetIsolate(), static_cast<double>(length));
  return Checked(constructor->NewInstance(context, 1, &size)).As<v8::Uint8Array>();
}

Isolate& Realms::CurrentIsolate() {
  State& state = TheState();
  if (state.isolate != nullptr && state.isolate->depth == 0 &&
      (state.isolate->doomed() || state.isolate->heap_mb() != max_heap_mb)) {
    state.realms.clear();
    state.isolate.reset();
  }
  if (state.isolate == nullptr) {
    static Snapshot* snapshot = nullptr;
    EnterV8(nullptr, [&] {
      if (snapshot == nullptr) snapshot = new Snapshot("realm.snapshot");
      state.isolate = std::make_unique<Isolate>(*snapshot, max_heap_mb);
      state.isolate->v8()->SetPromiseRejectCallback(OnPromiseReject);
      state.isolate->v8()->SetHostImportModuleDynamicallyCallback(ImportDynamically);
      state.isolate->v8()->AddGCEpilogueCallback(
          [](v8::Isolate*, v8::GCType, v8::GCCallbackFlags) {
            TheState().collected = true;
          },
          v8::kGCTypeMarkSweepCompact);
      state.isolate->StayEntered();
    });
  }
  if (state.isolate->doomed()) {
    throw Error(ERRCODE_OUT_OF_MEMORY, "JavaScript ran out of memory",
                "The call that is still running has used all of its memory.");
  }
  return *state.isolate;
}

Realm* Realms::For(Oid role) {
  State& state = TheState();
  Isolate& isolate = CurrentIsolate();
  FollowTimeZone(isolate.v8());
  state.clock++;
  if (isolation == static_cast<int>(Isolation::kSession)) {
    for (const auto& realm : state.realms) {
      if (realm->role != role || realm->one_call) continue;
      if (realm->blocked > 0 || realm->queue()->IsRunningMicrotasks()) continue;
      realm->last_used = state.clock;
      return realm.get();
    }
  }
  Realm* realm = Spare(state);
  if (realm == nullptr) {
    DropIdleRealms(state, static_cast<size_t>(max_roles_kept) - 1);
    try {
      AddRealm(state, isolate);
    } catch (const Error& error) {
      if (error.sqlstate() != ERRCODE_OUT_OF_MEMORY || isolate.doomed()) throw;
      // What is kept for roles that are away is the first to go.
      DropIdleRealms(state, 0);
      AddRealm(state, isolate);
    }
    realm = state.realms.back().get();
  }
  realm->role = role;
  realm->one_call = isolation == static_cast<int>(Isolation::kCall);
  realm->last_used = state.clock;
  return realm;
}

void Realms::End(Realm* realm) {
  State& state = TheState();
  if (state.collected) DropSpares(state);
  if (--realm->active > 0) return;
  DropFinished(state, realm);
  if (state.isolate->depth == 0 && state.isolate->doomed()) {
    state.realms.clear();
    state.isolate.reset();
  }
}

void Realms::Forget(uint64_t serial) {
  for (const auto& realm : TheState().realms) {
    realm->handlers.erase(serial);
    std::erase_if(realm->modules, [](const auto& m) { return m.second.expired(); });
  }
}

Realm* Realms::Keeper(uint64_t kept) noexcept {
  for (const auto& realm : TheState().realms) {
    if (realm->kept.count(kept) > 0) return realm.get();
  }
  return nullptr;
}

void Realms::Release(uint64_t kept) noexcept {
  // After V8 was left for good its handles may be in any state.
  if (g_v8_abandoned) return;
  Realm* realm = Keeper(kept);
  if (realm == nullptr) return;
  realm->kept.erase(kept);
  if (realm->active == 0) DropFinished(TheState(), realm);
}

Realm& Realms::Prewarm() {
  State& state = TheState();
  Isolate& isolate = CurrentIsolate();
  // Of the server's setting: most sessions have no other.
  FollowTimeZone(isolate.v8());
  EnterV8(&isolate, [&] {
    const v8::Isolate::Scope scope(isolate.v8());
    for (int i = 0; i <= kSpareRealms; i++) {
      state.realms.push_back(std::make_unique<Realm>(&isolate));
    }
  });
  return *state.realms.front();
}

}  // namespace plts
