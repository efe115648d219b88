// Subtransaction: when one may be opened.

#include "pg/subtransaction.h"

namespace plts {

bool SubtransactionsAllowed() {
#if PG_VERSION_NUM >= 170000
  return true;
#else
  return !IsInParallelMode();
#endif
}

}  // namespace plts
