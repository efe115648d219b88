// MemoryScope: PostgreSQL's current memory context for the extent of a C++ scope.
#pragma once

#include "pg/pg.h"

namespace plts {

// Not for use inside a Guard, where a longjmp would pass over it.
class MemoryScope {
 public:
  explicit MemoryScope(MemoryContext memory) : before_(MemoryContextSwitchTo(memory)) {}
  ~MemoryScope() { MemoryContextSwitchTo(before_); }
  MemoryScope(const MemoryScope&) = delete;
  MemoryScope& operator=(const MemoryScope&) = delete;

 private:
  MemoryContext before_;
};

}  // namespace plts
