// Subtransaction: runs PostgreSQL code so that an error leaves the transaction usable.
#pragma once

#include "pg/guard.h"

namespace plts {

// True where this backend can open a subtransaction: before PostgreSQL 17, not in
// parallel mode.
bool SubtransactionsAllowed();

// Runs `body` under an internal subtransaction and a Guard. On error everything it did
// is rolled back and Error is thrown; on success it is kept. The memory context and the
// resource owner are the caller's again either way. `body` may throw too, which rolls
// back just the same.
template <class Body>
void InSubtransaction(Body&& body) {
  const MemoryContext memory = CurrentMemoryContext;
  const ResourceOwner owner = CurrentResourceOwner;
  Guard([&] {
    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(memory);
  });
  try {
    body();
    Guard([&] { ReleaseCurrentSubTransaction(); });
  } catch (...) {
    Guard([&] { RollbackAndReleaseCurrentSubTransaction(); });
    MemoryContextSwitchTo(memory);
    CurrentResourceOwner = owner;
    throw;
  }
  MemoryContextSwitchTo(memory);
  CurrentResourceOwner = owner;
}

}  // namespace plts
