// Module: compiling, linking and evaluating the modules of a realm.
#pragma once

#include "js/realm.h"

namespace plts {

struct FunctionBody;

// The function that a call of `body` runs. The module is evaluated at the first call in
// the realm and kept; one whose evaluation did not complete is not. Needs a CallFrame.
// Throws Error or Thrown.
v8::Local<v8::Function> HandlerFor(Realm& realm, const FunctionBody& body);

}  // namespace plts
