// Arguments: their conversion, and what calls handlers with them.

#include "call/arguments.h"

#include "call/frame.h"
#include "js/generate.h"
#include "pg/guard.h"

namespace plts {

void ConvertArguments(Realm& realm, const FunctionBody& body, FunctionCallInfo fcinfo,
                      v8::Local<v8::Value>* out) {
  const Conversion conversion{realm.v8(), realm.context(), g_frame->lease};
  const size_t count = body.arguments.size();
  if (body.simple_arguments) {
    for (size_t i = 0; i < count; i++) {
      out[i] = pg_to_js(*body.arguments[i], conversion, fcinfo->args[i]);
    }
    return;
  }
  size_t at = 0;
  try {
    Guard(
        [&] {
          for (at = 0; at < count; at++) {
            out[at] = pg_to_js(*body.arguments[at], conversion, fcinfo->args[at]);
          }
        },
        World::kMixed);
  } catch (Error& error) {
    error.AddContext("parameter $" + std::to_string(at + 1) + " of SQL type " +
                     body.arguments[at]->sql_name);
    throw;
  }
}

v8::Local<v8::Function> CallerFor(Realm& realm, const FunctionBody& body,
                                  LoadedHandler* handler) {
  if (!handler->caller.IsEmpty()) return handler->caller.Get(realm.v8());
  std::vector<std::string> parameters = {"handler", "makeCtx", "token",
                                         "fn",      "mode",    "extra"};
  std::string values;
  std::string members = "length: " + std::to_string(body.arguments.size());
  // Names come after positions: a parameter called "length" or "0" wins.
  std::string named;
  for (size_t i = 0; i < body.arguments.size(); i++) {
    const std::string value = "$" + std::to_string(i);
    parameters.push_back(value);
    values += ", " + value;
    members += ", " + std::to_string(i) + ": " + value;
    if (body.argument_names[i].empty()) continue;
    named += ", [" + JsLiteral(body.argument_names[i]) + "]: " + value;
  }
  const std::string args = body.document ? "$0" : "{" + members + named + "}";
  v8::Local<v8::Function> caller =
      GenerateFunction(realm, parameters,
                       "return handler(makeCtx(token, fn, " + args + ", mode, extra)" +
                           (body.plain ? values : std::string()) + ");");
  handler->caller.Reset(realm.v8(), caller);
  return caller;
}

}  // namespace plts
