// The conversion functions of each family of types, which converter.cc puts in a table.
#pragma once

#include "convert/converter.h"

namespace plts {

#define PLTS_FAMILY(name)                                                      \
  v8::Local<v8::Value> name##ToJs(const Converter&, const Conversion&, Datum); \
  Datum name##ToDatum(const Converter&, const Conversion&, v8::Local<v8::Value>)

PLTS_FAMILY(Bool);
PLTS_FAMILY(Int2);
PLTS_FAMILY(Int4);
PLTS_FAMILY(Int8);
PLTS_FAMILY(Oid);
PLTS_FAMILY(Float4);
PLTS_FAMILY(Float8);
PLTS_FAMILY(Numeric);
PLTS_FAMILY(Money);
PLTS_FAMILY(Text);   // text and varchar: stored as they are
PLTS_FAMILY(Char);   // "char", one byte
PLTS_FAMILY(Other);  // through the type's own text form
PLTS_FAMILY(Time);   // date and time types, as ISO 8601
PLTS_FAMILY(Bytea);
PLTS_FAMILY(Json);
PLTS_FAMILY(Jsonb);
PLTS_FAMILY(Array);
PLTS_FAMILY(Composite);
PLTS_FAMILY(Void);

#undef PLTS_FAMILY

// What the type's input function makes of the text, in the server's encoding.
Datum pg_text_to_datum(const Converter& converter, const char* text);
Datum NameToDatum(const Converter&, const Conversion&, v8::Local<v8::Value>);

bool BoolQuick(v8::Local<v8::Value> value, Datum* out);
bool Int4Quick(v8::Local<v8::Value> value, Datum* out);
bool Float8Quick(v8::Local<v8::Value> value, Datum* out);
bool VoidQuick(v8::Local<v8::Value> value, Datum* out);  // never NULL, as in PL/pgSQL

}  // namespace plts
