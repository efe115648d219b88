// Subtransaction: when one may be opened.

#include "pg/subtransaction.h"

#include "pg/compat.h"

namespace plts {

bool SubtransactionsAllowed() {
  return kSubtransactionsInParallelMode || !IsInParallelMode();
}

}  // namespace plts
