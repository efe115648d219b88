// Isolate: one V8 heap of this backend, its limits, and what ends it.
#pragma once

#include <memory>
#include <optional>

#include "js/v8.h"
#include "js/watchdog.h"
#include "pg/error.h"
#include "settings.h"

namespace plts {

class BufferAllocator;
class Snapshot;

// Owns a v8::Isolate made from one of our snapshots. There are at most two in a
// process, one that runs user code and one with the TypeScript compiler. Used by the
// main thread only. Disposed when it ran out of memory and nothing of it is on the
// stack any more; otherwise it lives as long as the process, without a destructor at
// exit.
class Isolate {
 public:
  // `young_mb`, where it is not 0, is how large the young generation may grow; V8 would
  // choose a fortieth of the heap. Throws Error where the snapshot does not fit the V8
  // that is loaded.
  Isolate(const Snapshot& snapshot, int heap_mb, int young_mb = 0);
  ~Isolate();
  Isolate(const Isolate&) = delete;
  Isolate& operator=(const Isolate&) = delete;

  v8::Isolate* v8() const noexcept { return isolate_; }
  int heap_mb() const noexcept { return heap_mb_; }

  // After a memory error the heap is beyond its limit: every frame of it ends
  // uncatchably, new entries are refused, and the owner replaces it when idle.
  bool doomed() const noexcept { return doomed_; }
  void Doom() noexcept { doomed_ = true; }

  // Makes it the thread's current isolate for as long as it lives: entering costs a
  // tenth of a short call. Another one that is entered meanwhile must be left in its
  // order.
  void StayEntered();

  // What was in use after the last collection that was asked for; 0 before the first.
  size_t used_after_collection = 0;

  // How many entries are on the stack.
  int depth = 0;

  // Stops the JavaScript that runs, uncatchably; `error` is what its caller gets, and
  // without one what CHECK_FOR_INTERRUPTS then raises. JavaScript that is about to
  // return may do so before V8 looks: whoever called it asks terminated().
  void TerminateWith(Error error);
  void Terminate();

  // True from a termination to TakeTermination(), whoever asked for it.
  bool terminated() const noexcept {
    return terminated_ || doomed_ || watched_.terminating.load();
  }

  // What stopped it, after V8 has unwound to the C++ that entered it.
  Error TakeTermination();

  // Takes back what the watchdog has asked of V8: when JavaScript is left, and when it
  // is entered while what calls it is to end, which PostgreSQL sees to.
  void TakeBackInterrupts() noexcept;

  Watched* watched() noexcept { return &watched_; }

 private:
  static size_t NearHeapLimit(void* data, size_t current, size_t initial);

  std::unique_ptr<BufferAllocator> allocator_;
  v8::Isolate* isolate_ = nullptr;
  int heap_mb_;
  bool doomed_ = false;
  bool stays_entered_ = false;
  bool terminated_ = false;
  std::optional<Error> termination_;  // where `terminated_`, if there is one
  Watched watched_;
};

// Sets the stack limit of every isolate there is, now and when one is made.
void SetStackLimits(uintptr_t limit);
bool StackLimitChanged();

// Called before an isolate is disposed, to free what its finalizers would have freed.
inline void (*g_before_dispose)(v8::Isolate* isolate) = nullptr;

// Serves PostgreSQL's interrupts from inside V8.
void OnInterrupt(v8::Isolate* isolate, void* data);

}  // namespace plts
