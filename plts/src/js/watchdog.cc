// The watchdog thread.

#include "js/watchdog.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "js/v8.h"
#include "pg/pg.h"
#include "pg/world.h"
#include "settings.h"

namespace plts {
namespace {

using Nanoseconds = int64_t;
constexpr Nanoseconds kMillisecond = 1'000'000;

// How often JavaScript that is to end is looked at, and V8 asked over again.
constexpr Nanoseconds kTick = 10 * kMillisecond;
// How often, while what came ends nothing: a barrier, or a logging request.
constexpr Nanoseconds kIdleTick = 1000 * kMillisecond;
// The longest that a termination of the session waits for JavaScript.
constexpr Nanoseconds kTerminationGrace = 100 * kMillisecond;
// Collections do not count as being late, up to so many times the grace: a heap that is
// almost full is collected again and again.
constexpr int kMostCollections = 5;

// Never destroyed: the thread may look at it while the process exits.
struct Watch {
  sem_t wake;
  pthread_t main_thread;
  pthread_t thread;
  int process = 0;
  InterruptHandler handler = nullptr;
  // Held while `watched` is used or changed, and while what was asked of V8 is taken
  // back: what is asked with it held is asked of JavaScript that has not ended.
  std::mutex mutex;
  Watched* watched = nullptr;
  // An interrupt came that JavaScript has not looked at.
  std::atomic<bool> unserved{false};
  // JavaScript was told to end, by the main thread, and has not.
  std::atomic<bool> ending{false};
  // plts.cancel_grace_ms as it was when the thread was woken.
  std::atomic<int> grace_ms{0};
  // Of garbage collections: how many are on the stack, since when, and their sum.
  int collections = 0;  // the main thread's
  std::atomic<Nanoseconds> collecting_since{0};
  std::atomic<Nanoseconds> collected{0};

  bool Awake() const { return unserved.load() || ending.load(); }
};

Watch& TheWatch() {
  static Watch* watch = new Watch();
  return *watch;
}

Nanoseconds Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 * kMillisecond + now.tv_nsec;
}

// Waits for a wake-up at most so long. True when one came.
bool WaitFor(sem_t* wake, Nanoseconds duration) {
  const Nanoseconds end = Now() + duration;
  timespec deadline;
  deadline.tv_sec = end / (1000 * kMillisecond);
  deadline.tv_nsec = end % (1000 * kMillisecond);
  for (;;) {
    if (sem_clockwait(wake, CLOCK_MONOTONIC, &deadline) == 0) return true;
    if (errno != EINTR) return false;
  }
}

// Only what ends the statement or the session is worth a termination: a builtin that
// holds up a barrier or a logging request is left alone.
bool EndIsPending() {
  return (QueryCancelPending || ProcDiePending) && InterruptHoldoffCount == 0 &&
         CritSectionCount == 0;
}

// The time that was spent in collections, with the one that goes on.
Nanoseconds Collected(const Watch& watch, Nanoseconds now) {
  const Nanoseconds since = watch.collecting_since.load();
  const Nanoseconds sum = watch.collected.load();
  return since == 0 ? sum : sum + std::max<Nanoseconds>(now - since, 0);
}

// How long JavaScript has not ended that should have.
class Lateness {
 public:
  explicit Lateness(const Watch& watch) : watch_(watch) {}

  // Called at each tick with whether it should.
  void Look(bool due) {
    // PostgreSQL's own code serves interrupts itself: the time begins anew after it.
    if (!due || g_world == World::kPostgres) {
      since_ = 0;
      return;
    }
    now_ = Now();
    if (since_ != 0) return;
    since_ = now_;
    collected_ = Collected(watch_, now_);
  }

  // Whether V8 had the time of a tick to look at the interrupt.
  bool Noticeable() const { return since_ != 0 && now_ - since_ >= kTick; }

  // Whether its time is over.
  bool Over() const {
    if (since_ == 0) return false;
    const Nanoseconds late = now_ - since_;
    if (ProcDiePending) return late >= kTerminationGrace;
    const Nanoseconds grace = watch_.grace_ms.load() * kMillisecond;
    const Nanoseconds collections = Collected(watch_, now_) - collected_;
    return late - std::min(collections, kMostCollections * grace) >= grace;
  }

 private:
  const Watch& watch_;
  Nanoseconds now_ = 0;
  Nanoseconds since_ = 0;
  Nanoseconds collected_ = 0;
};

// Asks V8 for an end that is due. V8 looks at this before it looks at interrupts, and
// some of its builtins look at nothing else. Repeated, for V8 forgets it where a
// termination of ours is taken back.
void AskToTerminate(Watch* watch) {
  const std::lock_guard<std::mutex> lock(watch->mutex);
  if (watch->watched == nullptr || !watch->Awake() || g_world == World::kPostgres) {
    return;
  }
  if (!watch->ending.load() && !EndIsPending()) return;
  watch->watched->terminating.store(true);
  watch->watched->isolate->TerminateExecution();
}

void AskToLook(Watch* watch) {
  const std::lock_guard<std::mutex> lock(watch->mutex);
  if (watch->watched == nullptr || !watch->unserved.load()) return;
  watch->watched->isolate->RequestInterrupt(watch->handler, nullptr);
}

void* Run(void* argument) {
  Watch& watch = *static_cast<Watch*>(argument);
  for (;;) {
    while (sem_wait(&watch.wake) != 0) {
    }
    AskToLook(&watch);
    Lateness lateness(watch);
    while (watch.Awake()) {
      const bool due = watch.ending.load() || EndIsPending();
      lateness.Look(due);
      if (lateness.Noticeable()) AskToTerminate(&watch);
      if (lateness.Over()) pthread_kill(watch.main_thread, EscapeSignal());
      if (WaitFor(&watch.wake, due ? kTick : kIdleTick)) AskToLook(&watch);
    }
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
  watch.ending.store(false);

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
  watch.grace_ms.store(cancel_grace_ms);
  watch.unserved.store(true);
  sem_post(&watch.wake);
}

void WatchIsolate(Watched* watched) {
  Watch& watch = TheWatch();
  const std::lock_guard<std::mutex> lock(watch.mutex);
  watch.watched = watched;
}

void InterruptServed() noexcept { TheWatch().unserved.store(false); }

void TerminationBegins() noexcept {
  Watch& watch = TheWatch();
  watch.grace_ms.store(cancel_grace_ms);
  watch.ending.store(true);
  sem_post(&watch.wake);
}

void TerminationEnds(Watched* watched, bool keep) noexcept {
  Watch& watch = TheWatch();
  const std::lock_guard<std::mutex> lock(watch.mutex);
  watch.unserved.store(false);
  watch.ending.store(false);
  if (watched == nullptr) return;
  watched->terminating.store(false);
  if (!keep) watched->isolate->CancelTerminateExecution();
}

bool WatchdogAwake() noexcept { return TheWatch().Awake(); }

void CollectionBegins() noexcept {
  Watch& watch = TheWatch();
  if (watch.collections++ == 0) watch.collecting_since.store(Now());
}

void CollectionEnds() noexcept {
  Watch& watch = TheWatch();
  if (watch.collections == 0 || --watch.collections > 0) return;
  watch.collected.fetch_add(Now() - watch.collecting_since.load());
  watch.collecting_since.store(0);
}

}  // namespace plts
