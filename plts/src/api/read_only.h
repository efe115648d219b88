// ReadOnly: what holds a query handler, and all that it calls, to reading.
//
// XactReadOnly refuses the statements that PostgreSQL calls writes (call/invocation.cc
// sets it). What remains is here: writes of which a transaction id tells, commands and
// functions that others notice although nothing is written, and cursors, whose query
// would run when the handler no longer does.
#pragma once

#include "call/frame.h"

namespace plts {

// Registers for commands and functions that a read-only call may not use, once a
// process. May ereport.
void pg_watch_read_only();

// The outermost read-only call begins.
void BeginReadOnly();

// Raises where a statement of a read-only call has written, and remembers the cursors
// that it has left open. Called in the subtransaction of the statement. May ereport.
void pg_check_read_only(const CallFrame& frame);

// A read-only call is about to end, or its transaction. Throws Error where the
// outermost one has left a cursor open.
void FinishReadOnly(const CallFrame& frame);

}  // namespace plts
