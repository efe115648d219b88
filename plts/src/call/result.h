// Result: from what JavaScript returned to what PostgreSQL gets.
#pragma once

#include "call/function.h"
#include "convert/converter.h"
#include "js/realm.h"

namespace plts {

// The result of a call, in `memory`. null and undefined are NULL. Throws Error or
// Thrown.
NullableDatum ConvertResult(Realm& realm, const Converter& converter,
                            MemoryContext memory, v8::Local<v8::Value> value);

// The output parameters of a procedure as the row that PostgreSQL wants, in the same
// way.
NullableDatum ConvertOutputs(Realm& realm, const FunctionBody& body,
                             MemoryContext memory, v8::Local<v8::Value> value);

}  // namespace plts
