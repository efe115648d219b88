// Result: the quick way for numbers, and the guarded one for the rest.

#include "call/result.h"

#include "pg/guard.h"

namespace plts {

NullableDatum ConvertResult(Realm& realm, const Converter& converter,
                            MemoryContext memory, v8::Local<v8::Value> value) {
  NullableDatum result{0, false};
  if (converter.quick_to_datum != nullptr &&
      converter.quick_to_datum(value, &result.value)) {
    return result;
  }
  const Conversion conversion{realm.v8(), realm.context()};
  try {
    Guard(
        [&] {
          MemoryContextSwitchTo(memory);
          result = pg_to_datum(converter, conversion, value);
        },
        World::kMixed);
  } catch (Error& error) {
    error.AddContext(std::string("return value of SQL type ") + converter.sql_name);
    throw;
  }
  return result;
}

}  // namespace plts
