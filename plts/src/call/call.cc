// Call: what returns one value, or none.

#include "call/call.h"

#include "call/arguments.h"
#include "call/call_site.h"
#include "call/invocation.h"
#include "call/result.h"
#include "call/set.h"
#include "call/window.h"

namespace plts {
namespace {

// Whether a procedure may end its transaction: not where CALL runs inside of one.
bool MayEndTransaction(FunctionCallInfo fcinfo) {
  return fcinfo->context != nullptr && IsA(fcinfo->context, CallContext) &&
         !reinterpret_cast<CallContext*>(fcinfo->context)->atomic;
}

NullableDatum CallProcedure(FunctionBody* body, FunctionCallInfo fcinfo) {
  return RunCall(body, [&](const Invocation& call) {
    call.frame.ends_transactions = MayEndTransaction(fcinfo);
    v8::Local<v8::Value> values[kBeforeArguments + FUNC_MAX_ARGS];
    ConvertArguments(call.realm, call.body, fcinfo, values + kBeforeArguments);
    v8::Local<v8::Value> value = CallHandler(call, values);
    // A new transaction has no snapshot before its first statement, and what a domain
    // checks may need one.
    if (call.frame.ends_transactions && !ActiveSnapshotSet()) {
      Guard([] { EnsurePortalSnapshotExists(); });
    }
    return ConvertOutputs(call.realm, call.body, call.memory, value);
  });
}

NullableDatum CallForValue(CallSite& site, FunctionCallInfo fcinfo) {
  const ConverterRef converter = ResultOf(site, fcinfo);
  return RunCall(site.body, [&](const Invocation& call) {
    v8::Local<v8::Value> values[kBeforeArguments + FUNC_MAX_ARGS];
    ConvertArguments(call.realm, call.body, fcinfo, values + kBeforeArguments);
    return ConvertResult(call.realm, *converter, call.memory,
                         CallHandler(call, values));
  });
}

[[noreturn]] void ThrowNoTrigger(const FunctionBody& body) {
  const bool trigger = body.kind == Kind::kTrigger;
  throw Error(
      ERRCODE_FEATURE_NOT_SUPPORTED,
      std::string(trigger ? "trigger" : "event trigger") + " function " +
          body.display_name + " can only be called as a trigger",
      {}, trigger ? "Name it in CREATE TRIGGER." : "Name it in CREATE EVENT TRIGGER.");
}

}  // namespace

Datum CallFunction(FunctionCallInfo fcinfo) {
  return Measured([&] {
    CallSite& site = SiteOf(fcinfo->flinfo);
    NullableDatum result{0, true};
    switch (site.body->kind) {
      case Kind::kFunction:
        result = CallForValue(site, fcinfo);
        break;
      case Kind::kSet:
        CallForSet(site, fcinfo);
        break;
      case Kind::kProcedure:
        result = CallProcedure(site.body, fcinfo);
        break;
      case Kind::kWindow:
        return CallWindow(site.body, fcinfo);
      case Kind::kTrigger:
      case Kind::kEventTrigger:
        ThrowNoTrigger(*site.body);
    }
    fcinfo->isnull = result.isnull;
    return result.value;
  });
}

void RunBlock(const InlineCodeBlock& block) {
  Measured([&] {
    FunctionBody* body = CompileBlock(block.source_text);
    struct Release {
      FunctionBody* body;
      ~Release() { ReleaseFunction(body); }
    } release{body};
    return RunCall(body, [&](const Invocation& call) {
      call.frame.ends_transactions = !block.atomic;
      v8::Local<v8::Value> values[kBeforeArguments];
      CallHandler(call, values);
      return true;
    });
  });
}

}  // namespace plts
