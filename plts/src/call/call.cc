// Call: functions that return one value.

#include "call/call.h"

#include "call/arguments.h"
#include "call/call_site.h"
#include "call/invocation.h"
#include "call/result.h"
#include "call/window.h"

namespace plts {
namespace {

// Calls a function of a kind that has its own ways to be called.
Datum CallOtherwise(FunctionBody* body, FunctionCallInfo fcinfo) {
  if (body->kind == Kind::kWindow) return CallWindow(body, fcinfo);
  const bool trigger = body->kind == Kind::kTrigger;
  throw Error(
      ERRCODE_FEATURE_NOT_SUPPORTED,
      std::string(trigger ? "trigger" : "event trigger") + " function " +
          body->display_name + " can only be called as a trigger",
      {}, trigger ? "Name it in CREATE TRIGGER." : "Name it in CREATE EVENT TRIGGER.");
}

}  // namespace

Datum CallFunction(FunctionCallInfo fcinfo) {
  return Measured([&] {
    const CallSite& site = SiteOf(fcinfo->flinfo);
    if (site.body->kind != Kind::kFunction) return CallOtherwise(site.body, fcinfo);
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
