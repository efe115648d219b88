// Savepoint: the subtransactions of ctx.db, its own and those of single statements.
#pragma once

#include "call/frame.h"
#include "pg/subtransaction.h"

namespace plts {

// Refuses a token that is not of the innermost call, or not of what is innermost in it.
void CheckToken(const CallFrame& frame, uint32_t token);

// Opens one inside of what is open, and returns its token. Throws Error.
uint32_t OpenSavepoint(CallFrame& frame);

// Keeps what was done in the innermost one, whose token this must be; throws Error,
// with nothing of it left, where a statement in it has failed.
void ReleaseSavepoint(CallFrame& frame, uint32_t token);

// Undoes the one of this token and those in it; nothing where it is over.
void RollbackSavepoint(CallFrame& frame, uint32_t token);

// Undoes all of a call that has failed.
void RollbackSavepoints(CallFrame& frame);

// The end of a call that has succeeded: closes its cursors, and refuses an open
// savepoint.
void FinishStatements(CallFrame& frame);

// The innermost savepoint's subtransaction is rolled back at once: nothing else may
// happen in it after an error.
void FailSavepoint(CallFrame& frame, const char* message);

// Runs `body`, which may throw Error and Thrown, so that JavaScript may go on after its
// error: what it did is undone, in a subtransaction of its own or with the savepoint
// that it is in. In parallel mode before PostgreSQL 17 there are none: there an error
// ends every JavaScript.
template <class Body>
void Recoverable(Realm& realm, CallFrame& frame, Body&& body) {
  if (!frame.savepoints.empty()) {
    try {
      body();
    } catch (const Error& error) {
      FailSavepoint(frame, error.data().message);
      throw;
    } catch (...) {
      FailSavepoint(frame, nullptr);
      throw;
    }
    return;
  }
  if (SubtransactionsAllowed()) {
    InSubtransaction(body);
    return;
  }
  try {
    body();
  } catch (Error& error) {
    // Nothing was undone: no JavaScript may go on as if it had been.
    realm.isolate().TerminateWith(std::move(error));
    throw Thrown{};
  }
}

}  // namespace plts
