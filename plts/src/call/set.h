// Set: functions that return rows.
#pragma once

#include "call/call_site.h"

namespace plts {

// Runs a set-returning function and gives its rows to PostgreSQL, one by one, as a
// tuplestore that goes to disk past work_mem. Throws Error.
void CallForSet(CallSite& site, FunctionCallInfo fcinfo);

}  // namespace plts
