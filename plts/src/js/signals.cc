// Signal handlers: from PostgreSQL's interrupts to V8's, and the way out of a V8 that
// stopped itself.

#include "js/signals.h"

#include <signal.h>
#include <sys/mman.h>

#include <cerrno>

#include "js/entry.h"
#include "js/platform.h"
#include "js/watchdog.h"
#include "js/whereabouts.h"
#include "pg/cancel.h"

namespace plts {
namespace {

// The signals by which PostgreSQL makes an interrupt pending in a backend.
constexpr int kInterruptSignals[] = {SIGINT, SIGTERM, SIGUSR1, SIGALRM};
// The signals with which V8 stops itself: int3, ud2, abort().
constexpr int kFatalSignals[] = {SIGTRAP, SIGILL, SIGABRT};

// Enough for a session to end on it.
constexpr size_t kAlternateStack = 1024 * 1024;

struct sigaction g_previous[NSIG];
int g_installed_in = 0;

void CallPrevious(int number, siginfo_t* info, void* context) {
  const struct sigaction& previous = g_previous[number];
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(number, info, context);
  } else if (previous.sa_handler == SIG_DFL) {
    // The default ends the process, as it would have without us.
    signal(number, SIG_DFL);
    raise(number);
  } else if (previous.sa_handler != SIG_IGN) {
    previous.sa_handler(number);
  }
}

void OnInterruptSignal(int number, siginfo_t* info, void* context) {
  // Whether this one brings a cancel is told by the flag, which may be set already.
  // SIGALRM brings none but that of plts.max_runtime_ms: PostgreSQL's own timeouts send
  // SIGINT.
  const sig_atomic_t canceled = QueryCancelPending;
  if (number != SIGALRM) QueryCancelPending = false;
  CallPrevious(number, info, context);
  const int saved = errno;
  if (number != SIGALRM) {
    if (QueryCancelPending) g_foreign_cancel = 1;
    if (canceled) QueryCancelPending = canceled;
  }
  if (InterruptPending && g_world != World::kPostgres) WakeWatchdog();
  errno = saved;
}

void OnFatalSignal(int number, siginfo_t* info, void* context) {
  if (g_world != World::kPostgres && g_entry != nullptr) {
    LeaveForGood(Escape::kFatal);
  }
  // plv8, loaded into a session of ours: V8 refuses to start again, and means the whole
  // process. PostgreSQL's code is not at fault, so its session can end in good order.
  if (PlatformStarted() && OtherUserOfV8() != nullptr) {
    pg_end_session(static_cast<int>(Escape::kOtherUser));
  }
  CallPrevious(number, info, context);
}

void OnEscapeSignal(int, siginfo_t*, void* context) {
  const int saved = errno;
  if (g_entry != nullptr && WatchdogAwake() && FindWayOut(context) == WayOut::kAtOnce) {
    LeaveForGood(Escape::kUnresponsive);
  }
  // Where there is no way out the watchdog asks again.
  errno = saved;
}

// V8 may stop itself with little stack left, so its signals get a stack of their own.
void UseAlternateStack() {
  void* memory = mmap(nullptr, kAlternateStack, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack = {};
  stack.ss_sp = memory;
  stack.ss_size = kAlternateStack;
  sigaltstack(&stack, nullptr);
}

void Install(int number, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  sigaction(number, nullptr, &g_previous[number]);
  action.sa_mask = g_previous[number].sa_mask;
  // One at a time: which of them brought a cancel is told from the flag they share.
  for (int other : kInterruptSignals) sigaddset(&action.sa_mask, other);
  sigaction(number, &action, nullptr);
}

}  // namespace

void InstallSignalHandlers() {
  if (g_installed_in == MyProcPid) return;
  g_installed_in = MyProcPid;
  g_on_interrupt_left = WakeWatchdog;
  FindCode();
  UseAlternateStack();
  for (int number : kInterruptSignals) Install(number, OnInterruptSignal, SA_RESTART);
  for (int number : kFatalSignals) Install(number, OnFatalSignal, SA_ONSTACK);
  Install(EscapeSignal(), OnEscapeSignal, SA_ONSTACK | SA_RESTART);
}

}  // namespace plts
