// Event trigger: what it is called with. What the command did, ctx.event asks for.

#include "call/event_trigger.h"

#include "call/call_site.h"
#include "call/invocation.h"

namespace plts {

Datum CallEventTrigger(FunctionCallInfo fcinfo) {
  return Measured([&] {
    const CallSite& site = SiteOf(fcinfo->flinfo);
    const auto* data = reinterpret_cast<EventTriggerData*>(fcinfo->context);
    return RunCall(site.body, [&](const Invocation& call) {
      v8::Isolate* isolate = call.realm.v8();
      v8::Local<v8::Context> context = call.realm.context();
      v8::Local<v8::Object> info = v8::Object::New(isolate);
      const auto set = [&](const char* name, const char* value) {
        if (!info->CreateDataProperty(context, Name(isolate, name),
                                      Name(isolate, value))
                 .FromMaybe(false)) {
          throw Thrown{};
        }
      };
      set("event", data->event);
      set("tag", GetCommandTagName(data->tag));
      v8::Local<v8::Value> values[kBeforeArguments];
      CallHandler(call, values, info);
      return Datum{0};
    });
  });
}

}  // namespace plts
