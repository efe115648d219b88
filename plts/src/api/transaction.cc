// Transaction: ending one in the middle of a call.
//
// A call holds nothing of its transaction: what it has of PostgreSQL's lives in the
// memory of the portal or of the backend, and every statement's snapshot and resources
// end with that statement.

#include "api/transaction.h"

#include "api/read_only.h"
#include "pg/guard.h"

namespace plts {
namespace {

void CheckAllowed(const CallFrame& frame, bool commit) {
  const std::string name = commit ? "ctx.db.commit" : "ctx.db.rollback";
  if (!frame.ends_transactions) {
    throw Error(ERRCODE_INVALID_TRANSACTION_TERMINATION,
                "invalid transaction termination",
                name +
                    " works in a procedure or DO block that no transaction block, "
                    "function or statement of ctx.db is around.",
                "Run CALL or DO by itself, outside of BEGIN, and without SECURITY "
                "DEFINER and SET clauses.");
  }
  if (IsSubTransaction()) {
    throw Error(ERRCODE_INVALID_TRANSACTION_TERMINATION,
                std::string("cannot ") + (commit ? "commit" : "roll back") +
                    " while a subtransaction is active",
                {}, "Leave the savepoint, or the statement that runs, first.");
  }
  if (!frame.requests.empty()) {
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                name + " is called while statements are pending", {},
                "Await the statements first.");
  }
}

}  // namespace

void EndTransaction(CallFrame& frame, bool commit) {
  CheckAllowed(frame, commit);
  FinishReadOnly(frame);
  volatile bool connected = false;
  const auto next = [&] {
    // The mode of the transaction is its own; that of the call goes on.
    frame.transaction_read_only = XactReadOnly;
    if (frame.read_only) XactReadOnly = true;
  };
  try {
    Guard([&] {
      SPI_connect_ext(SPI_OPT_NONATOMIC);
      connected = true;
      commit ? SPI_commit() : SPI_rollback();
      SPI_finish();
    });
  } catch (const Error&) {
    if (connected) {
      Guard([] { SPI_finish(); });
      next();
    }
    throw;
  }
  next();
}

}  // namespace plts
