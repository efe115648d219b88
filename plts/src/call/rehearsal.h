// Rehearsal: a call in the postmaster, so that what only the first call of a process
// pays is paid there, once for all sessions.
#pragma once

#include "js/realm.h"

namespace plts {

// Runs a function of no effect in the realm, which is as it was afterwards. Throws
// Error.
void Rehearse(Realm& realm);

}  // namespace plts
