// Numbers that JSON and SQL share.
#pragma once

#include "convert/converter.h"

namespace plts {

// The largest integer below which every integer is a double of its own (2^53 - 1).
inline constexpr double kMaxSafeInteger = 9007199254740991.0;

// A bigint from decimal digits with an optional sign. May ereport.
v8::Local<v8::Value> pg_decimal_to_bigint(const Conversion& conversion,
                                          const char* digits);

// A number or bigint as numeric; NaN and infinities keep their meaning. May ereport.
Numeric pg_number_to_numeric(const Conversion& conversion, v8::Local<v8::Value> value);

}  // namespace plts
