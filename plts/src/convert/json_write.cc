// JavaScript values into json and jsonb.
//
// The rules are JSON.stringify's, except that nothing is lost silently: what has no
// JSON form is an error, and a bigint becomes a number.

#include <cmath>

#include "convert/families.h"
#include "convert/number.h"

namespace plts {
namespace {

// Builds a jsonb.
class JsonbSink {
 public:
  void pg_begin_object() { pushJsonbValue(&state_, WJB_BEGIN_OBJECT, nullptr); }
  void pg_begin_array() { pushJsonbValue(&state_, WJB_BEGIN_ARRAY, nullptr); }
  void pg_end_object() { result_ = pushJsonbValue(&state_, WJB_END_OBJECT, nullptr); }
  void pg_end_array() { result_ = pushJsonbValue(&state_, WJB_END_ARRAY, nullptr); }
  void pg_key(char* text, int length) {
    JsonbValue value;
    value.type = jbvString;
    value.val.string.val = text;
    value.val.string.len = length;
    pushJsonbValue(&state_, WJB_KEY, &value);
  }
  void pg_null() { pg_push(JsonbValue{jbvNull, {}}); }
  void pg_bool(bool boolean) {
    JsonbValue value;
    value.type = jbvBool;
    value.val.boolean = boolean;
    pg_push(value);
  }
  void pg_string(char* text, int length) {
    JsonbValue value;
    value.type = jbvString;
    value.val.string.val = text;
    value.val.string.len = length;
    pg_push(value);
  }
  void pg_number(const Conversion& c, v8::Local<v8::Value> number) {
    JsonbValue value;
    value.type = jbvNumeric;
    value.val.numeric = pg_number_to_numeric(c, number);
    pg_push(value);
  }
  Datum pg_finish() { return JsonbPGetDatum(JsonbValueToJsonb(result_)); }
  bool in_array = false;

 private:
  void pg_push(JsonbValue value) {
    if (state_ == nullptr) {
      scalar_ = value;
      result_ = &scalar_;
    } else {
      pushJsonbValue(&state_, in_array ? WJB_ELEM : WJB_VALUE, &value);
    }
  }

  JsonbParseState* state_ = nullptr;
  JsonbValue* result_ = nullptr;
  JsonbValue scalar_;
};

// Writes JSON text, with keys in the order they have.
class TextSink {
 public:
  TextSink() { initStringInfo(&text_); }
  void pg_begin_object() { pg_open('{'); }
  void pg_begin_array() { pg_open('['); }
  void pg_end_object() { pg_close('}'); }
  void pg_end_array() { pg_close(']'); }
  void pg_key(char* text, int) {
    pg_separate();
    escape_json(&text_, text);
    appendStringInfoChar(&text_, ':');
    first_ = true;
  }
  void pg_null() { pg_append("null"); }
  void pg_bool(bool value) { pg_append(value ? "true" : "false"); }
  void pg_string(char* text, int) {
    pg_separate();
    escape_json(&text_, text);
  }
  void pg_number(const Conversion& c, v8::Local<v8::Value> number) {
    int length;
    pg_append(pg_js_to_text(c.isolate, Checked(number->ToString(c.context)), &length));
  }
  Datum pg_finish() {
    return PointerGetDatum(cstring_to_text_with_len(text_.data, text_.len));
  }
  bool in_array = false;

 private:
  void pg_separate() {
    if (!first_) appendStringInfoChar(&text_, ',');
    first_ = false;
  }
  void pg_append(const char* token) {
    pg_separate();
    appendStringInfoString(&text_, token);
  }
  void pg_open(char bracket) {
    pg_separate();
    appendStringInfoChar(&text_, bracket);
    first_ = true;
  }
  void pg_close(char bracket) {
    appendStringInfoChar(&text_, bracket);
    first_ = false;
  }

  StringInfoData text_;
  bool first_ = true;
};

template <class Sink>
class Writer {
 public:
  Writer(const Converter& converter, const Conversion& c)
      : converter_(converter), c_(c) {}

  Datum pg_write(v8::Local<v8::Value> value) {
    pg_value(value, v8::String::Empty(c_.isolate));
    return sink_.pg_finish();
  }

 private:
  void pg_value(v8::Local<v8::Value> value, v8::Local<v8::Value> key) {
    if (value->IsObject()) {
      if (stack_is_too_deep()) {
        ereport(ERROR,
                (errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
                 errmsg("a JavaScript value is nested too deeply, or refers to itself, "
                        "and cannot become SQL type %s",
                        converter_.sql_name)));
      }
      value = pg_simplify(value.As<v8::Object>(), key);
    }
    if (value->IsString()) {
      int length;
      char* text = pg_js_to_text(c_.isolate, value.As<v8::String>(), &length);
      sink_.pg_string(text, length);
    } else if (value->IsNumber()) {
      if (!std::isfinite(value.As<v8::Number>()->Value())) {
        pg_cannot_convert(converter_, c_, value, "JSON has no form for it.");
      }
      sink_.pg_number(c_, value);
    } else if (value->IsBigInt()) {
      sink_.pg_number(c_, value);
    } else if (value->IsBoolean()) {
      sink_.pg_bool(value->IsTrue());
    } else if (value->IsNullOrUndefined()) {
      sink_.pg_null();
    } else if (IsArray(value)) {
      pg_array(value.As<v8::Object>());
    } else if (value->IsObject() && !pg_has_no_json(value)) {
      pg_object(value.As<v8::Object>());
    } else {
      pg_cannot_convert(converter_, c_, value);
    }
  }

  // What JSON.stringify does first: toJSON, and the values inside of wrapper objects.
  v8::Local<v8::Value> pg_simplify(v8::Local<v8::Object> object,
                                   v8::Local<v8::Value> key) {
    if (to_json_.IsEmpty()) to_json_ = Name(c_.isolate, "toJSON");
    v8::Local<v8::Value> method = Checked(object->Get(c_.context, to_json_));
    if (method->IsFunction()) {
      return Checked(method.As<v8::Function>()->Call(c_.context, object, 1, &key));
    }
    if (object->IsNumberObject()) return Checked(object->ToNumber(c_.context));
    if (object->IsStringObject()) return Checked(object->ToString(c_.context));
    if (object->IsBooleanObject()) {
      return v8::Boolean::New(c_.isolate, object.As<v8::BooleanObject>()->ValueOf());
    }
    if (object->IsBigIntObject()) return object.As<v8::BigIntObject>()->ValueOf();
    return object;
  }

  // Objects whose content JSON.stringify would drop.
  static bool pg_has_no_json(v8::Local<v8::Value> value) {
    return value->IsFunction() || value->IsMap() || value->IsSet() ||
           value->IsPromise() || value->IsWeakMap() || value->IsWeakSet() ||
           value->IsArrayBuffer() || value->IsArrayBufferView() || value->IsRegExp() ||
           value->IsSymbolObject();
  }

  // As Array.isArray: a proxy of an array is one.
  static bool IsArray(v8::Local<v8::Value> value) {
    while (value->IsProxy()) value = value.As<v8::Proxy>()->GetTarget();
    return value->IsArray();
  }

  // Its length now: what runs while it is written may change it.
  double pg_length(v8::Local<v8::Object> array) {
    if (array->IsArray()) return array.As<v8::Array>()->Length();
    v8::Local<v8::Value> length =
        Checked(array->Get(c_.context, Name(c_.isolate, "length")));
    return Checked(length->ToInteger(c_.context))->Value();
  }

  void pg_array(v8::Local<v8::Object> array) {
    sink_.pg_begin_array();
    // Longer than an array can be, a proxy's length stops at what PostgreSQL can hold.
    for (uint32_t i = 0; i < pg_length(array); i++) {
      if (i % 1024 == 1023) CHECK_FOR_INTERRUPTS();
      v8::Local<v8::Value> item = Checked(array->Get(c_.context, i));
      sink_.in_array = true;
      pg_value(item, v8::Integer::NewFromUnsigned(c_.isolate, i));
    }
    sink_.pg_end_array();
  }

  void pg_object(v8::Local<v8::Object> object) {
    v8::Local<v8::Array> keys = Checked(object->GetOwnPropertyNames(
        c_.context,
        static_cast<v8::PropertyFilter>(v8::ONLY_ENUMERABLE | v8::SKIP_SYMBOLS),
        v8::KeyConversionMode::kConvertToString));
    sink_.pg_begin_object();
    for (uint32_t i = 0; i < keys->Length(); i++) {
      v8::Local<v8::Value> key = Checked(keys->Get(c_.context, i));
      v8::Local<v8::Value> value = Checked(object->Get(c_.context, key));
      if (value->IsUndefined()) continue;
      int length;
      char* text = pg_js_to_text(c_.isolate, key.As<v8::String>(), &length);
      sink_.pg_key(text, length);
      sink_.in_array = false;
      pg_value(value, key);
    }
    sink_.pg_end_object();
  }

  const Converter& converter_;
  const Conversion& c_;
  Sink sink_;
  v8::Local<v8::String> to_json_;
};

}  // namespace

Datum JsonbToDatum(const Converter& converter, const Conversion& c,
                   v8::Local<v8::Value> value) {
  return Writer<JsonbSink>(converter, c).pg_write(value);
}

Datum JsonToDatum(const Converter& converter, const Conversion& c,
                  v8::Local<v8::Value> value) {
  return Writer<TextSink>(converter, c).pg_write(value);
}

}  // namespace plts
