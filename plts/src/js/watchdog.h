// The watchdog: a thread of ours that tells V8 about interrupts, and sees to it that
// JavaScript ends.
//
// PostgreSQL learns of cancels and timeouts in signal handlers, which may not call V8:
// its interrupt API takes locks and allocates. It is safe to call from another thread,
// so the handlers only wake this one. All signals are blocked in it, and it never
// touches anything of PostgreSQL but a few flags. It sleeps unless an interrupt came
// while JavaScript was running, and then stays awake until JavaScript has left: that
// V8 was asked, or that it looked, is not yet an end.
#pragma once

#include <atomic>

namespace v8 {
class Isolate;
}

namespace plts {

// Called on the main thread, inside V8, at the next point where JavaScript can be
// interrupted.
using InterruptHandler = void (*)(v8::Isolate* isolate, void* data);

// An isolate as the watchdog knows it.
struct Watched {
  v8::Isolate* isolate = nullptr;
  // The watchdog has asked V8 to terminate, and nobody has taken that back.
  std::atomic<bool> terminating{false};
};

// Starts the thread, once a process. False when no thread can be had.
bool StartWatchdog(InterruptHandler handler);

// An interrupt came while V8 runs. Async-signal-safe.
void WakeWatchdog() noexcept;

// Says which isolate to interrupt; nullptr before one is disposed.
void WatchIsolate(Watched* watched);

// Told by the handler before it looks at what is pending.
void InterruptServed() noexcept;

// JavaScript was told to end because of a cancel: from now on it is late.
void TerminationBegins() noexcept;

// JavaScript has unwound to C++, or was left: takes back what V8 was asked, if there is
// an isolate. With `keep` it goes on ending, for a reason that is not the watchdog's.
void TerminationEnds(Watched* watched, bool keep) noexcept;

// Whether an interrupt waits for JavaScript to look, or for its end.
bool WatchdogAwake() noexcept;

// Told around each garbage collection, which does not count as being late.
void CollectionBegins() noexcept;
void CollectionEnds() noexcept;

// The signal by which the watchdog asks the main thread to leave V8 for good.
int EscapeSignal();

}  // namespace plts
