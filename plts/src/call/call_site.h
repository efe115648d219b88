// CallSite: what a place that calls a function (an FmgrInfo) keeps between its calls.
#pragma once

#include "call/function.h"
#include "pg/pg.h"

namespace plts {

// Lives in the memory of its FmgrInfo. Keeps the version it first ran: a statement
// keeps to it; a call site that outlives its statement asks again once the function has
// changed.
struct CallSite {
  FunctionBody* body;
  const Converter* row;  // of a record whose columns are named after the call; kept
  TimestampTz statement;
  MemoryContextCallback release;
};

// The call site of an FmgrInfo, its body the one that this call is to run. Throws
// Error.
CallSite& SiteOf(FmgrInfo* function);

// What the result of this call is converted with; of a set, one row. Throws Error.
ConverterRef ResultOf(CallSite& site, FunctionCallInfo fcinfo);

}  // namespace plts
