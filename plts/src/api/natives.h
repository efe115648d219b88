// Natives: the C++ functions that the realm's script calls on behalf of user code.
#pragma once

#include "js/v8.h"

namespace plts {

// The object of them for a new context; the contract is in plts/ts/realm.
v8::Local<v8::Value> MakeNatives(v8::Local<v8::Context> context);

}  // namespace plts
