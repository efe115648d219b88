// Cursor: the rows of a query a batch at a time.
#pragma once

#include "api/statement.h"

namespace plts {

// Opens a portal for the query and returns its number in the call. It is pinned, as
// those of PL/pgSQL's loops are: it outlives a commit, and nobody else can close it.
// Throws Error or Thrown after everything it did is undone.
uint32_t OpenCursor(Realm& realm, CallFrame& frame, const StatementText& text);

// At most so many of its next rows. Throws Error or Thrown.
v8::Local<v8::Value> FetchRows(Realm& realm, CallFrame& frame, uint32_t cursor,
                               uint32_t count);

// Nothing where it is closed already, or of another call. Throws Error.
void CloseCursor(CallFrame& frame, uint32_t cursor);
void CloseCursors(CallFrame& frame);

}  // namespace plts
