// Prewarm: an isolate that the postmaster makes and every backend inherits by fork.
#pragma once

#include "js/realm.h"

namespace plts {

// Does so where plts.prewarm is on and the library is being preloaded, and runs
// `rehearse` in its realm. A throwaway child tries first; where it fails, warns, and
// backends make their own. May ereport.
void pg_prewarm(void (*rehearse)(Realm& realm));

}  // namespace plts
