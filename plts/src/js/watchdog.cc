// The watchdog thread.

#include "js/watchdog.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <mutex>

#include "js/v8.h"
#include "pg/pg.h"
#include "pg/world.h"

namespace plts {
namespace {

// How long a builtin may go on after a cancel or timeout was due, and how often it is
// looked at after that.
constexpr long kGraceNanoseconds = 100'000'000;
constexpr long kRetryNanoseconds = 20'000'000;

// Never destroyed: the thread may look at it while the process exits.
struct Watch {
  sem_t wake;
  pthread_t main_thread;
  pthread_t thread;
  int process = 0;
  InterruptHandler handler = nullptr;
  std::mutex mutex;  // held while `isolate` is used or changed
  v8::Isolate* isolate = nullptr;
  std::atomic<bool> unserved{false};
};

Watch& TheWatch() {
  static Watch* watch = new Watch();
  return *watch;
}

// Waits for a wake-up at most so long. True when one came.
bool WaitFor(sem_t* wake, long nanoseconds) {
  timespec deadline;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_nsec += nanoseconds;
  deadline.tv_sec += deadline.tv_nsec / 1'000'000'000;
  deadline.tv_nsec %= 1'000'000'000;
  for (;;) {
    if (sem_timedwait(wake, &deadline) == 0) return true;
    if (errno != EINTR) return false;
  }
}

// Only what ends the statement or the session is worth the session: a builtin that
// holds up a barrier or a logging request is left alone.
bool EndIsDue() { return QueryCancelPending || ProcDiePending; }

void* Run(void* argument) {
  Watch& watch = *static_cast<Watch*>(argument);
  for (;;) {
    while (sem_wait(&watch.wake) != 0) {
    }
    {
      std::lock_guard<std::mutex> lock(watch.mutex);
      if (watch.isolate == nullptr || !watch.unserved.load()) continue;
      watch.isolate->RequestInterrupt(watch.handler, nullptr);
    }
    long patience = kGraceNanoseconds;
    while (watch.unserved.load() && !WaitFor(&watch.wake, patience)) {
      if (watch.unserved.load() && EndIsDue() && g_world == World::kJavaScript) {
        pthread_kill(watch.main_thread, EscapeSignal());
      }
      patience = kRetryNanoseconds;
    }
    // A wake-up during the wait was for a newer interrupt: serve it in the next round.
    if (watch.unserved.load()) sem_post(&watch.wake);
  }
  return nullptr;
}

}  // namespace

int EscapeSignal() { return SIGRTMIN + 5; }

bool StartWatchdog(InterruptHandler handler) {
  Watch& watch = TheWatch();
  if (watch.process == MyProcPid) return true;
  // After a fork, what the parent's thread left in the semaphore and the lock is void.
  new (&watch.mutex) std::mutex;
  sem_init(&watch.wake, 0, 0);
  watch.main_thread = pthread_self();
  watch.handler = handler;
  watch.unserved.store(false);

  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int failed = pthread_create(&watch.thread, &attributes, Run, &watch);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (failed == 0) watch.process = MyProcPid;
  return failed == 0;
}

void WakeWatchdog() noexcept {
  Watch& watch = TheWatch();
  watch.unserved.store(true);
  sem_post(&watch.wake);
}

void WatchIsolate(v8::Isolate* isolate) {
  Watch& watch = TheWatch();
  std::lock_guard<std::mutex> lock(watch.mutex);
  watch.isolate = isolate;
}

void InterruptServed() noexcept { TheWatch().unserved.store(false); }

bool InterruptUnserved() noexcept { return TheWatch().unserved.load(); }

}  // namespace plts
