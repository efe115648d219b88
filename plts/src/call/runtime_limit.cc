// RuntimeLimit: a timeout of PostgreSQL's own timer that cancels the statement.

#include "call/runtime_limit.h"

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

// Where PostgreSQL's own timeouts say so in an error; its texts are translated, so it
// is asked for the indicator before the error is made.
bool IsTimeout(const Error& error) {
  return error.sqlstate() == ERRCODE_QUERY_CANCELED &&
         error.data().message_id != nullptr &&
         std::strstr(error.data().message_id, "timeout") != nullptr;
}

}  // namespace

RuntimeLimit::RuntimeLimit() {
  if (max_runtime_ms == 0 || g_running) return;
  const TimeoutId id = TheTimeout();
  g_exceeded = 0;
  Guard([&] { enable_timeout_after(id, max_runtime_ms); });
  g_running = armed_ = true;
}

RuntimeLimit::~RuntimeLimit() {
  if (!armed_) return;
  g_running = false;
  disable_timeout(TheTimeout(), false);
  if (g_exceeded && QueryCancelPending) {
    // It fired after the call was done: nothing is left to cancel.
    QueryCancelPending = false;
  }
  g_exceeded = 0;
}

void RuntimeLimit::Explain(Error* error) const {
  if (error->sqlstate() != ERRCODE_QUERY_CANCELED) return;
  if (armed_ && g_exceeded) {
    ErrorData& data = error->data();
    Error::Set(&data.message, "canceling statement due to plts.max_runtime_ms");
    Error::Set(&data.detail, "The limit is " + std::to_string(max_runtime_ms) + " ms.");
    error->SetOrigin(Origin::kTimeout);
  } else if (IsTimeout(*error)) {
    error->SetOrigin(Origin::kTimeout);
  }
}

}  // namespace plts
