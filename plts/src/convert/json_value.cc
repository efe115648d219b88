// The rules are JSON.stringify's, except that nothing is lost silently: what has no
// JSON form is an error, and a bigint becomes a number.

#include "convert/json_value.h"

#include <cmath>

#include "convert/members.h"

namespace plts {

v8::Local<v8::Value> pg_simplify(const Converter& converter, const Conversion& c,
                                 v8::Local<v8::Object> object,
                                 v8::Local<v8::Value> key) {
  v8::Local<v8::Value> method =
      Checked(object->Get(c.context, Name(c.isolate, "toJSON")));
  if (method->IsFunction()) {
    v8::Local<v8::Value> simple =
        Checked(method.As<v8::Function>()->Call(c.context, object, 1, &key));
    if (simple->IsNull() && object->IsDate() &&
        std::isnan(object.As<v8::Date>()->ValueOf())) {
      pg_cannot_convert(converter, c, object, "It is an invalid Date.");
    }
    return simple;
  }
  if (object->IsNumberObject()) return Checked(object->ToNumber(c.context));
  if (object->IsStringObject()) return Checked(object->ToString(c.context));
  if (object->IsBooleanObject()) {
    return v8::Boolean::New(c.isolate, object.As<v8::BooleanObject>()->ValueOf());
  }
  if (object->IsBigIntObject()) return object.As<v8::BigIntObject>()->ValueOf();
  return object;
}

bool HasNoJson(v8::Local<v8::Value> value) {
  return value->IsFunction() || value->IsMap() || value->IsSet() ||
         value->IsPromise() || value->IsWeakMap() || value->IsWeakSet() ||
         value->IsArrayBuffer() || value->IsSharedArrayBuffer() ||
         value->IsArrayBufferView() || value->IsRegExp() || value->IsSymbolObject() ||
         value->IsNativeError() || value->IsGeneratorObject() ||
         value->IsMapIterator() || value->IsSetIterator();
}

void pg_no_json(const Converter& converter, const Conversion& c,
                v8::Local<v8::Value> value) {
  const char* hint = "Give it a method toJSON, or an object of what it holds.";
  if (!value->IsObject() || value->IsFunction()) {
    hint = nullptr;
  } else if (value->IsPromise()) {
    hint = "Await it.";
  } else if (value->IsNativeError()) {
    hint = "Say what of it is meant, as in { message: error.message }.";
  } else if (value->IsMap()) {
    hint = "Object.fromEntries(map) is an object, [...map] an array of pairs.";
  } else if (value->IsSet() || value->IsGeneratorObject() || value->IsMapIterator() ||
             value->IsSetIterator() || value->IsTypedArray()) {
    hint = "Spread it into an array, as in [...values].";
  }
  pg_cannot_convert(converter, c, value, nullptr, hint);
}

bool IsJsonArray(v8::Local<v8::Value> value) {
  while (value->IsProxy()) value = value.As<v8::Proxy>()->GetTarget();
  return value->IsArray();
}

double pg_array_length(const Conversion& c, v8::Local<v8::Object> array) {
  if (array->IsArray()) return array.As<v8::Array>()->Length();
  v8::Local<v8::Value> length =
      Checked(array->Get(c.context, Name(c.isolate, "length")));
  return Checked(length->ToInteger(c.context))->Value();
}

v8::Local<v8::Array> JsonKeys(const Conversion& c, v8::Local<v8::Object> object) {
  return Checked(object->GetOwnPropertyNames(
      c.context,
      static_cast<v8::PropertyFilter>(v8::ONLY_ENUMERABLE | v8::SKIP_SYMBOLS),
      v8::KeyConversionMode::kConvertToString));
}

v8::Local<v8::Array> pg_json_keys(const Converter& converter, const Conversion& c,
                                  v8::Local<v8::Object> object) {
  v8::Local<v8::Array> keys = JsonKeys(c, object);
  if (keys->Length() == 0 && !IsPlainObject(c, object))
    pg_no_json(converter, c, object);
  return keys;
}

void pg_check_depth(const Converter& converter) {
  if (!stack_is_too_deep()) return;
  ereport(ERROR,
          (errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
           errmsg("a JavaScript value is nested too deeply, or refers to itself, "
                  "and cannot become SQL type %s",
                  converter.sql_name)));
}

Enclosing pg_enclose(const Converter& converter, v8::Local<v8::Object> object,
                     const Enclosing* outer) {
  // A deep value is compared with all that it is in now and then only, or the time
  // would grow with the square of the depth.
  constexpr int kNear = 64;
  const int depth = outer == nullptr ? 0 : outer->depth + 1;
  const bool all = depth % kNear == 0;
  int near = kNear;
  for (const Enclosing* at = outer; at != nullptr && (all || near > 0);
       at = at->outer, near--) {
    if (at->object != object) continue;
    ereport(ERROR, (errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
                    errmsg("a JavaScript value refers to itself, and cannot become "
                           "SQL type %s",
                           converter.sql_name)));
  }
  return {object, outer, depth};
}

}  // namespace plts
