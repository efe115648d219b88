// Savepoint: nesting, failure and the end of the call.

#include "api/savepoint.h"

#include "api/callback.h"
#include "api/cursor.h"

namespace plts {
namespace {

void Restore(const Savepoint& savepoint) {
  MemoryContextSwitchTo(savepoint.memory);
  CurrentResourceOwner = savepoint.owner;
}

// The innermost one and its subtransaction go.
void RollbackInnermost(CallFrame& frame) {
  const Savepoint savepoint = std::move(frame.savepoints.back());
  frame.savepoints.pop_back();
  if (savepoint.failed) return;
  Guard([] { RollbackAndReleaseCurrentSubTransaction(); });
  Restore(savepoint);
}

bool IsOpen(const CallFrame& frame, uint32_t token) {
  for (const Savepoint& savepoint : frame.savepoints) {
    if (savepoint.token == token) return true;
  }
  return false;
}

}  // namespace

void CheckToken(const CallFrame& frame, uint32_t token) {
  if (frame.savepoints.empty() ? token == frame.token
                               : token == frame.savepoints.back().token) {
    const bool failed = !frame.savepoints.empty() && frame.savepoints.back().failed;
    if (!failed && token != 0) return;
    if (failed) {
      throw Error(ERRCODE_IN_FAILED_SQL_TRANSACTION,
                  "a statement of the savepoint has failed, and the savepoint with it",
                  "The error was: " + frame.savepoints.back().failure,
                  "To go on after an error, run the statement in a savepoint inside "
                  "of this one.");
    }
  }
  if (token != 0 && (token == frame.token || IsOpen(frame, token))) {
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                "a savepoint is open inside of what this db belongs to", {},
                "Use the db that the function of the savepoint is called with, and "
                "await a savepoint before the next one begins.");
  }
  RefuseOutsideOfCall();
}

uint32_t OpenSavepoint(CallFrame& frame) {
  if (!SubtransactionsAllowed()) {
    throw Error(ERRCODE_INVALID_TRANSACTION_STATE,
                "a savepoint cannot be opened in parallel mode", {},
                "Declare the function PARALLEL UNSAFE or PARALLEL RESTRICTED.");
  }
  Savepoint savepoint{
      NextToken(), CurrentMemoryContext, CurrentResourceOwner, false, {}};
  const uint32_t token = savepoint.token;
  frame.savepoints.reserve(frame.savepoints.size() + 1);
  Guard([&] {
    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(savepoint.memory);
  });
  frame.savepoints.push_back(std::move(savepoint));
  return token;
}

void ReleaseSavepoint(CallFrame& frame, uint32_t token) {
  if (!IsOpen(frame, token)) CheckToken(frame, token);
  if (frame.savepoints.back().token != token) {
    RollbackSavepoint(frame, token);
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                "the savepoint has ended while one inside of it was open", {},
                "Await every savepoint.");
  }
  if (frame.savepoints.back().failed) {
    const std::string failure = std::move(frame.savepoints.back().failure);
    frame.savepoints.pop_back();
    throw Error(ERRCODE_IN_FAILED_SQL_TRANSACTION,
                "the savepoint was rolled back: a statement in it has failed",
                "The error was: " + failure,
                "To go on after an error, run the statement in a savepoint inside of "
                "this one.");
  }
  try {
    Guard([] { ReleaseCurrentSubTransaction(); });
  } catch (...) {
    RollbackInnermost(frame);
    throw;
  }
  Restore(frame.savepoints.back());
  frame.savepoints.pop_back();
}

void RollbackSavepoint(CallFrame& frame, uint32_t token) {
  if (!IsOpen(frame, token)) return;
  while (frame.savepoints.back().token != token) RollbackInnermost(frame);
  RollbackInnermost(frame);
}

void RollbackSavepoints(CallFrame& frame) {
  while (!frame.savepoints.empty()) RollbackInnermost(frame);
}

void FailSavepoint(CallFrame& frame, const char* message) {
  Savepoint& savepoint = frame.savepoints.back();
  savepoint.failed = true;
  savepoint.failure = message != nullptr ? message : "a parameter could not be read";
  Guard([] { RollbackAndReleaseCurrentSubTransaction(); });
  Restore(savepoint);
}

void FinishStatements(CallFrame& frame) {
  if (!frame.savepoints.empty()) {
    RollbackSavepoints(frame);
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                "the function ended while a savepoint was open",
                "What was done in it is undone.", "Await every savepoint.");
  }
  if (!frame.cursors.empty()) CloseCursors(frame);
}

}  // namespace plts
