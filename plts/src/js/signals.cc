// Signal handlers: from PostgreSQL's interrupts to V8's, and the way out of a V8 that
// stopped itself.

#include "js/signals.h"

#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cerrno>

#include "js/entry.h"
#include "js/platform.h"
#include "js/watchdog.h"

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

// Where the C library's code lies: an interrupted allocation must not be left.
uintptr_t g_libc_start = 0;
uintptr_t g_libc_end = 0;

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
  CallPrevious(number, info, context);
  const int saved = errno;
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

uintptr_t ProgramCounter(void* context) {
  const auto* user = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
  return static_cast<uintptr_t>(user->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<uintptr_t>(user->uc_mcontext.pc);
#else
#error "say here how to read the program counter of this architecture"
#endif
}

void OnEscapeSignal(int, siginfo_t*, void* context) {
  if (g_world != World::kJavaScript || g_entry == nullptr) return;
  if (!InterruptUnserved()) return;
  const uintptr_t at = ProgramCounter(context);
  if (at >= g_libc_start && at < g_libc_end) return;  // the watchdog will ask again
  LeaveForGood(Escape::kUnresponsive);
}

int FindLibc(dl_phdr_info* info, size_t, void* anchor) {
  const auto target = reinterpret_cast<uintptr_t>(anchor);
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X)) continue;
    const uintptr_t start = info->dlpi_addr + segment.p_vaddr;
    const uintptr_t end = start + segment.p_memsz;
    if (target >= start && target < end) {
      g_libc_start = start;
      g_libc_end = end;
      return 1;
    }
  }
  return 0;
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
  sigaction(number, &action, nullptr);
}

}  // namespace

void InstallSignalHandlers() {
  if (g_installed_in == MyProcPid) return;
  g_installed_in = MyProcPid;
  g_on_interrupt_left = WakeWatchdog;
  dl_iterate_phdr(FindLibc, reinterpret_cast<void*>(&malloc));
  UseAlternateStack();
  for (int number : kInterruptSignals) Install(number, OnInterruptSignal, SA_RESTART);
  for (int number : kFatalSignals) Install(number, OnFatalSignal, SA_ONSTACK);
  Install(EscapeSignal(), OnEscapeSignal, SA_ONSTACK | SA_RESTART);
}

}  // namespace plts
