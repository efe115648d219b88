// StatementContext: tells whose text an error is about. Without it a position in a
// statement of ours would be taken for one in the statement that has called us, by the
// callbacks of whoever runs that.
#pragma once

#include "pg/pg.h"

namespace plts {

// Runs `body` inside of a Guard, which takes the callback away where it raises; its
// errors are of the statement `sql`, in the server's encoding, which outlives them.
// What SPI runs by itself says so by itself.
template <class Body>
void pg_in_statement(const char* sql, Body&& body) {
  ErrorContextCallback context = {};
  context.previous = error_context_stack;
  context.arg = const_cast<char*>(sql);
  context.callback = [](void* text) {
    const int position = geterrposition();
    if (position > 0) {
      errposition(0);
      internalerrposition(position);
      internalerrquery(static_cast<const char*>(text));
    } else {
      errcontext("SQL statement \"%s\"", static_cast<const char*>(text));
    }
  };
  error_context_stack = &context;
  body();
  error_context_stack = context.previous;
}

}  // namespace plts
