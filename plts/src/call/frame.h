// CallFrame: one call of a plts function that is running.
#pragma once

#include <vector>

#include "js/realm.h"

namespace plts {

struct FunctionBody;
struct TriggerCall;
struct WindowCall;

// What JavaScript has asked for and waits for with a promise.
enum class Task : int {
  kQuery,
  kExec,
  kOpenCursor,
  kFetch,
  kSavepoint,
  kRelease,
  kRollback,
};

struct Request {
  Task task = Task::kQuery;
  uint32_t token = 0;  // of the call, or of the savepoint that it is to run in
  uint32_t cursor = 0;
  uint32_t count = 0;  // rows to fetch
  v8::Global<v8::String> sql;
  v8::Global<v8::Value> params;  // an array, or undefined
  v8::Global<v8::Promise::Resolver> resolver;
};

// Names a call to what its arguments are lent to; never used twice, never 0.
inline uint64_t NextLease() {
  static uint64_t lease = 0;
  return ++lease;
}

// A subtransaction that JavaScript has opened.
struct Savepoint {
  uint32_t token;  // what its db is known by
  MemoryContext memory;
  ResourceOwner owner;  // both as they were before it
  bool failed = false;  // a statement failed: its subtransaction is gone
  std::string failure;  // the message of that error
};

// Lives on the C++ stack of the call. `g_frame` is the innermost.
struct CallFrame {
  CallFrame* previous = nullptr;
  Realm* realm = nullptr;
  const FunctionBody* body = nullptr;
  const uint64_t lease = NextLease();
  uint32_t token = 0;                  // what its ctx is known by
  bool read_only = false;              // ctx.db.mode is "ro"
  bool ends_transactions = false;      // ctx.db.commit and rollback are allowed
  bool transaction_read_only = false;  // what XactReadOnly is without this call
  std::vector<Request> requests;       // in the order asked for
  size_t next_request = 0;
  std::vector<v8::Global<v8::Promise>> rejections;  // that nothing handles so far
  TriggerCall* trigger = nullptr;                   // while a trigger's handler runs
  WindowCall* window = nullptr;       // while a window function's handler runs
  std::vector<Savepoint> savepoints;  // open ones, innermost last
  std::vector<uint32_t> cursors;      // open ones
};

inline CallFrame* g_frame = nullptr;

// A number that no call and no savepoint has had lately; never 0.
inline uint32_t NextToken() {
  static uint32_t token = 0;
  if (++token == 0) ++token;
  return token;
}

}  // namespace plts
