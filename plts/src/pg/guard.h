// Guard and Border: the two places where PostgreSQL's longjmp and C++ meet.
//
// Guard runs PostgreSQL code from C++ and turns its errors into plts::Error. Border
// runs C++ for PostgreSQL and turns plts::Error into PostgreSQL's errors, after every
// C++ object is gone. Nothing else in this extension uses PG_TRY or lets an ereport
// pass.
#pragma once

#include <csetjmp>

#include "pg/error.h"
#include "pg/followed_zone.h"
#include "pg/world.h"

namespace plts {

// Goes back to the world that a Guard was in.
inline void LeaveGuard(World world) noexcept {
  g_world = world;
  if (world != World::kPostgres) CompareZones();
  if (InterruptPending && world != World::kPostgres && g_on_interrupt_left != nullptr) {
    g_on_interrupt_left();
  }
}

// Runs `body`, which may ereport, and throws Error where it does. What `body` declares
// must be trivially destructible: a longjmp passes over it. With World::kMixed it may
// call V8's API too, but none of the scope classes. Whatever it ends with but a return,
// Thrown too, the memory context and the error contexts are the caller's again.
template <class Body>
auto Guard(Body&& body, World world = World::kPostgres) -> decltype(body()) {
  sigjmp_buf* const saved_stack = PG_exception_stack;
  ErrorContextCallback* const saved_contexts = error_context_stack;
  const MemoryContext saved_memory = CurrentMemoryContext;
  const World saved_world = g_world;
  sigjmp_buf jump;
  if (sigsetjmp(jump, 0) == 0) {
    struct Restore {
      sigjmp_buf* stack;
      World world;
      ~Restore() {
        PG_exception_stack = stack;
        LeaveGuard(world);
      }
    } restore{saved_stack, saved_world};
    PG_exception_stack = &jump;
    g_world = world;
    try {
      return body();
    } catch (...) {
      error_context_stack = saved_contexts;
      MemoryContextSwitchTo(saved_memory);
      throw;
    }
  }
  PG_exception_stack = saved_stack;
  error_context_stack = saved_contexts;
  MemoryContextSwitchTo(ErrorMemory());
  ErrorData* data = CopyErrorData();
  FlushErrorState();
  MemoryContextSwitchTo(saved_memory);
  LeaveGuard(saved_world);
  throw Error(data, true);
}

// Raises `data`, a copy in the caller's memory. With `complete` its context lines are
// not collected a second time; whoever catches it restores the stack of callbacks.
[[noreturn]] inline void pg_raise(ErrorData* data, bool complete) {
  if (complete) error_context_stack = nullptr;
  ThrowErrorData(data);
  pg_unreachable();
}

// The outermost frame of every function that PostgreSQL calls. Runs `body`; an Error
// becomes an ereport only after every C++ object of `body` is destroyed. `callback`
// sees the error as PostgreSQL's error context callbacks do.
template <class Body>
auto Border(Body&& body, ErrorContextCallback* callback = nullptr) -> decltype(body()) {
  const MemoryContext memory = CurrentMemoryContext;
  ErrorData* data = nullptr;
  bool complete = false;
  try {
    return body();
  } catch (const Error& error) {
    MemoryContextSwitchTo(memory);
    data = error.pg_copy();
    complete = error.complete();
  } catch (const std::exception&) {
    MemoryContextSwitchTo(memory);
  }
  if (data == nullptr) {
    ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
  }
  if (callback != nullptr) {
    callback->previous = error_context_stack;
    error_context_stack = callback;
  }
  pg_raise(data, complete);
}

}  // namespace plts
