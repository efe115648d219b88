// The watchdog: a thread of ours that tells V8 about interrupts.
//
// PostgreSQL learns of cancels and timeouts in signal handlers, which may not call V8:
// its interrupt API takes locks and allocates. It is safe to call from another thread,
// so the handlers only wake this one. All signals are blocked in it, and it never
// touches anything of PostgreSQL but two flags. It sleeps unless an interrupt came
// while JavaScript was running.
#pragma once

namespace v8 {
class Isolate;
}

namespace plts {

// Called on the main thread, inside V8, at the next point where JavaScript can be
// interrupted.
using InterruptHandler = void (*)(v8::Isolate* isolate, void* data);

// Starts the thread, once a process. False when no thread can be had.
bool StartWatchdog(InterruptHandler handler);

// Wakes the thread. Async-signal-safe.
void WakeWatchdog() noexcept;

// Says which isolate to interrupt; nullptr before one is disposed.
void WatchIsolate(v8::Isolate* isolate);

// Told by the handler, and whenever V8 is left: the interrupt that was asked for has
// been looked at.
void InterruptServed() noexcept;
bool InterruptUnserved() noexcept;

// The signal by which the watchdog asks the main thread to leave V8 for good.
int EscapeSignal();

}  // namespace plts
