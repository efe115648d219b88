// Statement: SQL that JavaScript runs.
#pragma once

#include "call/frame.h"

namespace plts {

struct StatementText {
  v8::Local<v8::String> sql;
  v8::Local<v8::Value> params;  // an array, or undefined
};

// Runs one statement in the caller's transaction, so that an error leaves that usable,
// and returns what JavaScript gets: the rows, or { ok: true, rowCount }. Throws Error
// or Thrown after everything it did is undone.
v8::Local<v8::Value> RunStatement(Realm& realm, CallFrame& frame,
                                  const StatementText& text, bool rows);

}  // namespace plts
