// Numbers: integers, floating point, numeric and money.

#include <climits>
#include <cmath>

#include "convert/families.h"
#include "convert/number.h"
#include "pg/compat.h"

extern "C" {
#include <utils/cash.h>
#include <utils/float.h>
}

namespace plts {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;

// The integer that `value` is; raises where it is none, or out of [least, most].
int64 pg_integer(const Converter& converter, const Conversion& conversion,
                 v8::Local<v8::Value> value, int64 least, int64 most) {
  if (value->IsInt32()) {
    const int64 number = value.As<v8::Int32>()->Value();
    if (number >= least && number <= most) return number;
    pg_cannot_convert(converter, conversion, value, "It is out of range.");
  }
  if (value->IsBigInt()) {
    bool lossless = false;
    const int64 number = value.As<v8::BigInt>()->Int64Value(&lossless);
    if (lossless && number >= least && number <= most) return number;
    pg_cannot_convert(converter, conversion, value, "It is out of range.");
  }
  if (!value->IsNumber()) pg_cannot_convert(converter, conversion, value);
  const double number = value.As<v8::Number>()->Value();
  if (std::isnan(number) || std::trunc(number) != number) {
    pg_cannot_convert(converter, conversion, value, "It is not an integer.");
  }
  if (number < -kTwo63 || number >= kTwo63 || static_cast<int64>(number) < least ||
      static_cast<int64>(number) > most) {
    pg_cannot_convert(converter, conversion, value, "It is out of range.");
  }
  // Beyond 2^53 a number may stand for several integers: which was meant is lost.
  if (std::fabs(number) > kMaxSafeInteger) {
    pg_cannot_convert(converter, conversion, value,
                      "A number beyond 2^53 is not exact: use a bigint.");
  }
  return static_cast<int64>(number);
}

double pg_double(const Converter& converter, const Conversion& conversion,
                 v8::Local<v8::Value> value) {
  if (value->IsNumber()) return value.As<v8::Number>()->Value();
  if (value->IsBigInt()) {
    v8::Local<v8::String> text = Checked(value->ToString(conversion.context));
    int length;
    return pg_float8_from_text(pg_js_to_text(conversion.isolate, text, &length),
                               "bigint");
  }
  pg_cannot_convert(converter, conversion, value);
}

// The numeric that `value` is, by its exact text. An object says it with a method
// toPostgres, as a Decimal does.
Datum pg_decimal(const Converter& converter, const Conversion& c,
                 v8::Local<v8::Value> value, int32 typmod) {
  v8::Local<v8::Value> exact = value;
  if (value->IsObject()) {
    auto object = value.As<v8::Object>();
    v8::Local<v8::Value> method =
        Checked(object->Get(c.context, Name(c.isolate, "toPostgres")));
    if (!method->IsFunction()) pg_cannot_convert(converter, c, value);
    exact = Checked(method.As<v8::Function>()->Call(c.context, object, 0, nullptr));
    if (!exact->IsString()) pg_cannot_convert(converter, c, value);
  } else if (!value->IsString() && !value->IsNumber() && !value->IsBigInt()) {
    pg_cannot_convert(converter, c, value);
  }
  int length;
  char* text = pg_js_to_text(c.isolate, Checked(exact->ToString(c.context)), &length);
  return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
                             ObjectIdGetDatum(InvalidOid), Int32GetDatum(typmod));
}

}  // namespace

v8::Local<v8::Value> pg_decimal_to_bigint(const Conversion& conversion,
                                          const char* digits) {
  const bool negative = *digits == '-';
  if (negative) digits++;
  const size_t length = std::strlen(digits);
  // 64 bits hold 19 decimal digits; each step multiplies what is there and adds them.
  const size_t most = length / 19 + 2;
  auto* words = static_cast<uint64_t*>(palloc0(most * sizeof(uint64_t)));
  size_t used = 0;
  for (size_t at = 0; at < length;) {
    uint64_t chunk = 0;
    uint64_t scale = 1;
    for (int i = 0; i < 18 && at < length; i++, at++) {
      chunk = chunk * 10 + static_cast<uint64_t>(digits[at] - '0');
      scale *= 10;
    }
    unsigned __int128 carry = chunk;
    for (size_t w = 0; w < used; w++) {
      carry += static_cast<unsigned __int128>(words[w]) * scale;
      words[w] = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
    if (carry != 0) words[used++] = static_cast<uint64_t>(carry);
  }
  v8::Local<v8::Value> result = Checked(v8::BigInt::NewFromWords(
      conversion.context, negative ? 1 : 0, static_cast<int>(used), words));
  pfree(words);
  return result;
}

Numeric pg_number_to_numeric(const Conversion& conversion, v8::Local<v8::Value> value) {
  if (value->IsInt32()) return int64_to_numeric(value.As<v8::Int32>()->Value());
  int length;
  char* text = pg_js_to_text(conversion.isolate,
                             Checked(value->ToString(conversion.context)), &length);
  return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
                                             ObjectIdGetDatum(InvalidOid),
                                             Int32GetDatum(-1)));
}

bool BoolQuick(v8::Local<v8::Value> value, Datum* out) {
  if (!value->IsBoolean()) return false;
  *out = BoolGetDatum(value->IsTrue());
  return true;
}

bool Int4Quick(v8::Local<v8::Value> value, Datum* out) {
  if (!value->IsInt32()) return false;
  *out = Int32GetDatum(value.As<v8::Int32>()->Value());
  return true;
}

bool Float8Quick(v8::Local<v8::Value> value, Datum* out) {
  // By reference where a Datum is too small for it.
  if (!FLOAT8PASSBYVAL || !value->IsNumber()) return false;
  *out = Float8GetDatum(value.As<v8::Number>()->Value());
  return true;
}

v8::Local<v8::Value> BoolToJs(const Converter&, const Conversion& c, Datum value) {
  return v8::Boolean::New(c.isolate, DatumGetBool(value));
}

Datum BoolToDatum(const Converter& converter, const Conversion& c,
                  v8::Local<v8::Value> value) {
  if (!value->IsBoolean()) pg_cannot_convert(converter, c, value);
  return BoolGetDatum(value->IsTrue());
}

v8::Local<v8::Value> Int2ToJs(const Converter&, const Conversion& c, Datum value) {
  return v8::Integer::New(c.isolate, DatumGetInt16(value));
}

Datum Int2ToDatum(const Converter& converter, const Conversion& c,
                  v8::Local<v8::Value> value) {
  return Int16GetDatum(
      static_cast<int16>(pg_integer(converter, c, value, SHRT_MIN, SHRT_MAX)));
}

v8::Local<v8::Value> Int4ToJs(const Converter&, const Conversion& c, Datum value) {
  return v8::Integer::New(c.isolate, DatumGetInt32(value));
}

Datum Int4ToDatum(const Converter& converter, const Conversion& c,
                  v8::Local<v8::Value> value) {
  if (value->IsInt32()) return Int32GetDatum(value.As<v8::Int32>()->Value());
  return Int32GetDatum(
      static_cast<int32>(pg_integer(converter, c, value, INT_MIN, INT_MAX)));
}

v8::Local<v8::Value> Int8ToJs(const Converter&, const Conversion& c, Datum value) {
  return v8::BigInt::New(c.isolate, DatumGetInt64(value));
}

Datum Int8ToDatum(const Converter& converter, const Conversion& c,
                  v8::Local<v8::Value> value) {
  return Int64GetDatum(pg_integer(converter, c, value, PG_INT64_MIN, PG_INT64_MAX));
}

v8::Local<v8::Value> OidToJs(const Converter&, const Conversion& c, Datum value) {
  return v8::Integer::NewFromUnsigned(c.isolate, DatumGetObjectId(value));
}

Datum OidToDatum(const Converter& converter, const Conversion& c,
                 v8::Local<v8::Value> value) {
  return ObjectIdGetDatum(
      static_cast<Oid>(pg_integer(converter, c, value, 0, UINT_MAX)));
}

v8::Local<v8::Value> Float4ToJs(const Converter&, const Conversion& c, Datum value) {
  return v8::Number::New(c.isolate, static_cast<double>(DatumGetFloat4(value)));
}

Datum Float4ToDatum(const Converter& converter, const Conversion& c,
                    v8::Local<v8::Value> value) {
  const double number = pg_double(converter, c, value);
  const auto narrow = static_cast<float>(number);
  if ((std::isinf(narrow) && !std::isinf(number)) || (narrow == 0 && number != 0)) {
    pg_cannot_convert(converter, c, value, "It is out of range.");
  }
  return Float4GetDatum(narrow);
}

v8::Local<v8::Value> Float8ToJs(const Converter&, const Conversion& c, Datum value) {
  return v8::Number::New(c.isolate, DatumGetFloat8(value));
}

Datum Float8ToDatum(const Converter& converter, const Conversion& c,
                    v8::Local<v8::Value> value) {
  return Float8GetDatum(pg_double(converter, c, value));
}

v8::Local<v8::Value> NumericToJs(const Converter&, const Conversion& c, Datum value) {
  const char* text = DatumGetCString(DirectFunctionCall1(numeric_out, value));
  return Utf8ToJs(c.isolate, text);
}

Datum NumericToDatum(const Converter& converter, const Conversion& c,
                     v8::Local<v8::Value> value) {
  return pg_decimal(converter, c, value, converter.typmod);
}

v8::Local<v8::Value> MoneyToJs(const Converter& converter, const Conversion& c,
                               Datum value) {
  return NumericToJs(converter, c, DirectFunctionCall1(cash_numeric, value));
}

Datum MoneyToDatum(const Converter& converter, const Conversion& c,
                   v8::Local<v8::Value> value) {
  return DirectFunctionCall1(numeric_cash, pg_decimal(converter, c, value, -1));
}

}  // namespace plts
