// Transaction: ctx.db.commit and rollback.
#pragma once

#include "call/frame.h"

namespace plts {

// Ends the transaction and begins the next one, in a procedure or a DO block that runs
// outside of a transaction block. Throws Error: 2D000 elsewhere; what COMMIT itself
// fails with, after which the next transaction has begun all the same.
void EndTransaction(CallFrame& frame, bool commit);

}  // namespace plts
