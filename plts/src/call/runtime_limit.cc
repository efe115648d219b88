// RuntimeLimit: a timeout of PostgreSQL's own timer that cancels the statement.

#include "call/runtime_limit.h"

#include "js/entry.h"
#include "pg/cancel.h"
#include "pg/guard.h"
#include "settings.h"

extern "C" {
#include <storage/latch.h>
#include <storage/proc.h>
#include <utils/timeout.h>
}

namespace plts {
namespace {

volatile sig_atomic_t g_exceeded = 0;
bool g_running = false;

void OnTimeout() {
  g_exceeded = 1;
  InterruptPending = true;
  QueryCancelPending = true;
  SetLatch(MyLatch);
}

TimeoutId TheTimeout() {
  static TimeoutId id = MAX_TIMEOUTS;
  static int process = 0;
  if (process != MyProcPid) {
    Guard([] { id = RegisterTimeout(USER_TIMEOUT, OnTimeout); });
    process = MyProcPid;
  }
  return id;
}

}  // namespace

RuntimeLimit::RuntimeLimit() {
  if (max_runtime_ms == 0 || g_running) return;
  const TimeoutId id = TheTimeout();
  // They tell other cancels from this limit's, from its first moment on.
  PrepareProcess();
  g_exceeded = 0;
  g_foreign_cancel = QueryCancelPending;
  Guard([&] { enable_timeout_after(id, max_runtime_ms); });
  g_running = armed_ = true;
}

RuntimeLimit::~RuntimeLimit() {
  if (!armed_) return;
  g_running = false;
  disable_timeout(TheTimeout(), false);
  // It fired after the call was done: nothing is left to cancel, unless something else
  // wants to.
  if (g_exceeded && !g_foreign_cancel) QueryCancelPending = false;
  g_exceeded = 0;
}

void RuntimeLimit::Explain(Error* error) const {
  if (error->sqlstate() != ERRCODE_QUERY_CANCELED) return;
  // Another cancel that is pending still came after this error, and will be raised
  // itself; one that is not was raised with it, and PostgreSQL's words are right.
  const bool foreign = g_foreign_cancel && !QueryCancelPending;
  if (armed_ && g_exceeded && !foreign) {
    ErrorData& data = error->data();
    Error::Set(&data.message, "canceling statement due to plts.max_runtime_ms");
    Error::Set(&data.detail, "The limit is " + std::to_string(max_runtime_ms) + " ms.");
    error->SetOrigin(Origin::kTimeout);
  }
}

}  // namespace plts
