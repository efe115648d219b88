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

NullableDatum ConvertOutputs(Realm& realm, const FunctionBody& body,
                             MemoryContext memory, v8::Local<v8::Value> value) {
  if (body.output_row == nullptr) {
    return ConvertResult(realm, *body.result, memory, value);
  }
  if (body.output_row == body.result) {
    if (value->IsNullOrUndefined()) {
      throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED,
                  "the procedure returned nothing for its output parameters", {},
                  "Return an object with a property for each of them.");
    }
    return ConvertResult(realm, *body.result, memory, value);
  }
  NullableDatum output = ConvertResult(realm, *body.result, memory, value);
  Guard([&] {
    MemoryContextSwitchTo(memory);
    HeapTuple row =
        heap_form_tuple(body.output_row->row, &output.value, &output.isnull);
    output.value = HeapTupleGetDatum(row);
  });
  output.isnull = false;
  return output;
}

}  // namespace plts
