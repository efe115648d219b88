// Entry: how C++ enters V8, and the one way to leave it for good.
#pragma once

#include <csetjmp>

#include "pg/guard.h"

namespace plts {

class Isolate;

// Why V8 was left without unwinding. Each ends the session with FATAL: V8's state is
// unknown, but PostgreSQL's is not, since its code was not running.
enum class Escape : int {
  kNone = 0,
  kFatal,         // V8 stopped itself (SIGTRAP, SIGILL, SIGABRT, its fatal error hook)
  kOutOfMemory,   // V8's out-of-memory hook, which must not return
  kUnresponsive,  // a cancel or a timeout was due, and a builtin never looked
  kOtherUser,     // another extension started V8 a second time
  kStrayError,    // PostgreSQL raised an error where no Guard was: a bug of ours
};

// One entry into V8 on the C++ stack. Saves the world and sets up the jump that signal
// handlers and V8's fatal hooks take. `g_entry` is the innermost.
struct EntryFrame {
  sigjmp_buf jump;
  EntryFrame* previous;
  sigjmp_buf* exception_stack;
  ErrorContextCallback* contexts;
  World world;
};

inline EntryFrame* g_entry = nullptr;

// True after V8 was left for good; nothing may enter it again while the session ends.
inline volatile bool g_v8_abandoned = false;

// What V8 said of its fatal error, for the log.
extern const char* g_escape_reason;

// Leaves V8 for good: the innermost entry ends the session. Async-signal-safe.
[[noreturn]] void LeaveForGood(Escape reason) noexcept;

// Ends the session after LeaveForGood. Never returns.
[[noreturn]] void pg_end_session(int reason);

// Sets V8's stack limit from PostgreSQL's when max_stack_depth changed, and throws
// Error 54001 where too little of the stack is left for JavaScript to run at all.
void CheckStack();

// Starts the watchdog and installs the signal handlers where this process has not yet.
void PrepareProcess();

// Refuses where V8 was abandoned or the stack is short, makes sure that signals reach
// the watchdog, and tells it which isolate runs. Returns the one that ran before.
Isolate* PrepareEntry(Isolate* isolate);
void FinishEntry(Isolate* isolate, Isolate* before) noexcept;

// Called before an isolate is disposed.
void ForgetIsolate(Isolate* isolate) noexcept;

// Runs `body`, which calls V8. Every call into V8 happens inside one of these.
// `isolate` is null while there is none yet.
template <class Body>
auto EnterV8(Isolate* isolate, Body&& body) -> decltype(body()) {
  Isolate* const before = PrepareEntry(isolate);
  EntryFrame frame;
  frame.previous = g_entry;
  frame.exception_stack = PG_exception_stack;
  frame.contexts = error_context_stack;
  frame.world = g_world;
  const int reason = sigsetjmp(frame.jump, 0);
  if (reason != 0) {
    // V8's frames and ours below this one are gone without a destructor having run.
    error_context_stack = frame.contexts;
    g_world = World::kPostgres;
    pg_end_session(reason);
  }
  struct Restore {
    EntryFrame* frame;
    Isolate* isolate;
    Isolate* before;
    ~Restore() {
      PG_exception_stack = frame->exception_stack;
      g_world = frame->world;
      g_entry = frame->previous;
      FinishEntry(isolate, before);
    }
  } restore{&frame, isolate, before};
  g_entry = &frame;
  // An ereport outside of every Guard would pass over V8's frames: it ends here.
  PG_exception_stack = &frame.jump;
  g_world = World::kJavaScript;
  return body();
}

}  // namespace plts
