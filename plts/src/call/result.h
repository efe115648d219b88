// Result: from what JavaScript returned to what PostgreSQL gets.
#pragma once

#include "convert/converter.h"
#include "js/realm.h"

namespace plts {

// The result of a call, in `memory`. null and undefined are NULL. Throws Error or
// Thrown.
NullableDatum ConvertResult(Realm& realm, const Converter& converter,
                            MemoryContext memory, v8::Local<v8::Value> value);

}  // namespace plts
