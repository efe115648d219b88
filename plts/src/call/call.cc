// Call: functions that return one value.

#include "call/call.h"

#include "call/arguments.h"
#include "call/call_site.h"
#include "call/invocation.h"
#include "call/result.h"

namespace plts {

Datum CallFunction(FunctionCallInfo fcinfo) {
  return Measured([&] {
    const CallSite& site = SiteOf(fcinfo->flinfo);
    const NullableDatum result = RunCall(site.body, [&](const Invocation& call) {
      // values[0] is left for ctx.
      v8::Local<v8::Value> values[FUNC_MAX_ARGS + 1];
      ConvertArguments(call.realm, call.body, fcinfo, values + 1);
      return ConvertResult(call.realm, *call.body.result, call.memory,
                           CallHandler(call, values));
    });
    fcinfo->isnull = result.isnull;
    return result.value;
  });
}

}  // namespace plts
