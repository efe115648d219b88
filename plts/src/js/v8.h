// V8's headers, and the few places where its API differs between the versions we build
// against (V8 10.2 of Debian 12's libnode up to the headers of Node 24).
#pragma once

#include <v8.h>

namespace plts {

inline v8::ScriptOrigin ModuleScriptOrigin(v8::Isolate* isolate,
                                           v8::Local<v8::String> name) {
#if V8_MAJOR_VERSION < 12
  return v8::ScriptOrigin(isolate, name, 0, 0, false, -1, v8::Local<v8::Value>(), false,
                          false, true);
#else
  (void)isolate;
  return v8::ScriptOrigin(name, 0, 0, false, -1, v8::Local<v8::Value>(), false, false,
                          true);
#endif
}

}  // namespace plts
