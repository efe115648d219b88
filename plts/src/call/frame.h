// CallFrame: one call of a plts function that is running.
#pragma once

#include <deque>
#include <vector>

#include "js/realm.h"

namespace plts {

struct FunctionBody;
struct TriggerCall;
struct WindowCall;

// A statement that JavaScript has asked for and whose promise is pending.
struct Request {
  bool rows;  // query, not exec
  v8::Global<v8::String> sql;
  v8::Global<v8::Value> params;  // an array, or undefined
  v8::Global<v8::Promise::Resolver> resolver;
};

// Names a call to what its arguments are lent to; never used twice, never 0.
inline uint64_t NextLease() {
  static uint64_t lease = 0;
  return ++lease;
}

// Lives on the C++ stack of the call. `g_frame` is the innermost.
struct CallFrame {
  CallFrame* previous = nullptr;
  Realm* realm = nullptr;
  const FunctionBody* body = nullptr;
  const uint64_t lease = NextLease();
  uint32_t token = 0;                  // what its ctx is known by
  bool read_only = false;              // ctx.db.mode is "ro"
  bool transaction_read_only = false;  // what XactReadOnly is without this call
  std::vector<Request> requests;       // in the order asked for
  size_t next_request = 0;
  std::vector<v8::Global<v8::Promise>> rejections;  // that nothing handles so far
  TriggerCall* trigger = nullptr;                   // while a trigger's handler runs
  WindowCall* window = nullptr;  // while a window function's handler runs
};

inline CallFrame* g_frame = nullptr;

}  // namespace plts
