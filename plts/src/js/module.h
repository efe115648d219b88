// Module: compiling, linking and evaluating the modules of a realm.
#pragma once

#include "js/realm.h"

namespace plts {

struct FunctionBody;

// What a call of `body` runs. Its module, and what that imports, is
// evaluated at the first call in the realm that needs it, and kept for as long as
// somebody uses it; one whose evaluation did not complete is not kept. Needs a
// CallFrame. Throws Error or Thrown.
LoadedHandler& HandlerFor(Realm& realm, const FunctionBody& body);

// V8's callback for import(…). What may be imported is what the compiler found.
v8::MaybeLocal<v8::Promise> ImportDynamically(v8::Local<v8::Context> context,
                                              v8::Local<v8::Data> options,
                                              v8::Local<v8::Value> resource,
                                              v8::Local<v8::String> specifier,
                                              v8::Local<v8::FixedArray> attributes);

}  // namespace plts
