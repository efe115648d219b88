// Entry: the stack limit, and the end of a session whose V8 was left for good.

#include "js/entry.h"

#include <signal.h>
#include <unistd.h>

#include "js/isolate.h"
#include "js/signals.h"
#include "js/watchdog.h"
#include "js/whereabouts.h"
#include "settings.h"

namespace plts {
namespace {

// Left to C++ and PostgreSQL below the point where JavaScript meets its limit, and the
// least that must be there for JavaScript to be entered.
constexpr size_t kStackMargin = 192 * 1024;
constexpr size_t kLeastStack = 64 * 1024;

// V8's state is unknown after it was left: no destructor of its libraries may run.
// Registered last, so it runs before theirs.
void ExitAtOnce(int status, void*) {
  if (g_v8_abandoned) _exit(status);
}

// The isolate that the watchdog was told of, and the process it is of.
Isolate* g_running = nullptr;
int g_prepared_in = 0;

void Run(Isolate* isolate) noexcept {
  g_running = isolate;
  WatchIsolate(isolate->watched());
}

}  // namespace

const char* g_escape_reason = nullptr;

void LeaveForGood(Escape reason) noexcept {
  g_v8_abandoned = true;
  siglongjmp(g_entry->jump, static_cast<int>(reason));
}

void pg_end_session(int reason) {
  g_v8_abandoned = true;
  g_entry = nullptr;
  PG_exception_stack = nullptr;
  on_exit(ExitAtOnce, nullptr);
  // The handler that jumped here left its signal blocked.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (reason == static_cast<int>(Escape::kStrayError)) {
    ereport(FATAL, (errcode(ERRCODE_INTERNAL_ERROR),
                    errmsg("PostgreSQL raised an error inside V8"),
                    errhint("This is a bug in plts; the log has the error.")));
  }
  if (reason == static_cast<int>(Escape::kOtherUser)) {
    ereport(FATAL,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("terminating connection: another extension cannot start V8 in a "
                    "session that runs plts"),
             errdetail("V8 can be started only once in a process."),
             errhint("Call functions of the two languages in different sessions.")));
  }
  if (reason == static_cast<int>(Escape::kUnresponsive)) {
    const std::string doing = DescribeWhereabouts();
    if (ProcDiePending) {
      ereport(FATAL, (errcode(ERRCODE_ADMIN_SHUTDOWN),
                      errmsg("terminating connection due to administrator command"),
                      errdetail("JavaScript did not stop at once. %s", doing.c_str())));
    }
    ereport(FATAL,
            (errcode(ERRCODE_QUERY_CANCELED),
             errmsg("terminating connection: JavaScript did not stop when it was "
                    "canceled"),
             errdetail("%s", doing.c_str()),
             errhint("\"plts.cancel_grace_ms\" is how long it may take: %d ms.",
                     cancel_grace_ms)));
  }
  if (reason == static_cast<int>(Escape::kOutOfMemory)) {
    ereport(FATAL, (errcode(ERRCODE_OUT_OF_MEMORY),
                    errmsg("terminating connection: V8 ran out of memory"),
                    errdetail("The limit is %d MB.", max_heap_mb),
                    errhint("Raise \"plts.max_heap_mb\", or make the function use "
                            "less memory.")));
  }
  ereport(FATAL,
          (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("terminating connection: V8 stopped"),
           errdetail("%s", g_escape_reason != nullptr
                               ? g_escape_reason
                               : "V8 met a condition that it cannot recover from, "
                                 "such as an array too large for its heap.")));
  pg_unreachable();
}

void PrepareProcess() {
  if (g_prepared_in == MyProcPid) return;
  g_running = nullptr;
  if (!StartWatchdog(OnInterrupt)) {
    throw Error(ERRCODE_INSUFFICIENT_RESOURCES,
                "could not start the thread that interrupts JavaScript");
  }
  InstallSignalHandlers();
  g_prepared_in = MyProcPid;
}

Isolate* PrepareEntry(Isolate* isolate) {
  if (g_v8_abandoned) {
    throw Error(ERRCODE_INTERNAL_ERROR, "JavaScript cannot run while the session ends");
  }
  // The postmaster builds an isolate for its children, and is interrupted by nothing.
  if (process_shared_preload_libraries_in_progress) {
    if (isolate != nullptr) isolate->depth++;
    return nullptr;
  }
  CheckStack();
  PrepareProcess();
  Isolate* const before = g_running;
  if (isolate != nullptr) {
    isolate->depth++;
    if (isolate != before) Run(isolate);
    isolate->TakeBackInterrupts();
  }
  return before;
}

void FinishEntry(Isolate* isolate, Isolate* before) noexcept {
  if (isolate == nullptr) {
    if (WatchdogAwake()) TerminationEnds(nullptr, false);
    return;
  }
  isolate->TakeBackInterrupts();
  isolate->depth--;
  // What ran last stays with the watchdog: the next call is most likely of the same.
  if (before != nullptr && before != isolate) Run(before);
}

void ForgetIsolate(Isolate* isolate) noexcept {
  if (g_running != isolate) return;
  g_running = nullptr;
  WatchIsolate(nullptr);
}

void CheckStack() {
  // set_stack_base() is the one way to learn where PostgreSQL's stack begins.
  static char* base = nullptr;
  static int process = 0;
  static int depth = -1;
  if (process != MyProcPid) {
    const pg_stack_base_t old = set_stack_base();
    restore_stack_base(old);
    base = reinterpret_cast<char*>(old);
    process = MyProcPid;
    depth = -1;
  }
  char here;
  const auto size = static_cast<size_t>(max_stack_depth) * 1024;
  const auto used = static_cast<size_t>(base - &here);
  const size_t usable = size > kStackMargin ? size - kStackMargin : size / 2;
  if (used + kLeastStack > usable) {
    throw Error(ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded",
                "JavaScript cannot be entered: too little of the stack is left.",
                "Increase the configuration parameter \"max_stack_depth\", after "
                "ensuring the platform's stack depth limit is adequate.");
  }
  if (depth != max_stack_depth || StackLimitChanged()) {
    depth = max_stack_depth;
    SetStackLimits(reinterpret_cast<uintptr_t>(base) - usable);
  }
}

}  // namespace plts
