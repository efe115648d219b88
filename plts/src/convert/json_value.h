// What JSON.stringify makes of JavaScript values, which json and jsonb share.
#pragma once

#include "convert/converter.h"

namespace plts {

// What JSON.stringify does to an object first: toJSON, and the values inside of wrapper
// objects. An invalid Date is an error, where JSON.stringify has null.
v8::Local<v8::Value> pg_simplify(const Converter& converter, const Conversion& c,
                                 v8::Local<v8::Object> object,
                                 v8::Local<v8::Value> key);

// An object whose content JSON.stringify would drop, as far as its kind tells.
bool HasNoJson(v8::Local<v8::Value> value);

// Raises: the value has no form in JSON, and how to give it one.
[[noreturn]] void pg_no_json(const Converter& converter, const Conversion& c,
                             v8::Local<v8::Value> value);

// As Array.isArray: a proxy of an array is one.
bool IsJsonArray(v8::Local<v8::Value> value);

double pg_array_length(const Conversion& c, v8::Local<v8::Object> array);

// The keys that JSON has: own, enumerable, no symbols.
v8::Local<v8::Array> JsonKeys(const Conversion& c, v8::Local<v8::Object> object);

// The same of an object that becomes one of JSON's. Raises where it has none because
// what it holds is no property: an iterator, URLSearchParams, an instance with private
// fields.
v8::Local<v8::Array> pg_json_keys(const Converter& converter, const Conversion& c,
                                  v8::Local<v8::Object> object);

// Raises 54001 where the stack is short.
void pg_check_depth(const Converter& converter);

// An object that is being written, and those that it is in.
struct Enclosing {
  v8::Local<v8::Object> object;
  const Enclosing* outer;
  int depth;
};

// The same of an object in `outer`. Raises 54001 where that has it already: a value
// that contains itself would be written until the memory is used up, for each of
// thousands of rounds may be as large as the value.
Enclosing pg_enclose(const Converter& converter, v8::Local<v8::Object> object,
                     const Enclosing* outer);

}  // namespace plts
