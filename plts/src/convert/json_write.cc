// JavaScript values into json, as text.

#include <cmath>

#include "convert/document.h"
#include "convert/families.h"
#include "convert/json_value.h"
#include "convert/number.h"

namespace plts {
namespace {

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
      pg_check_depth(converter_);
      value = pg_simplify(converter_, c_, pg_plain(c_, value).As<v8::Object>(), key);
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
    } else if (IsJsonArray(value)) {
      pg_inside(value.As<v8::Object>(), true);
    } else if (value->IsObject() && !HasNoJson(value)) {
      pg_inside(value.As<v8::Object>(), false);
    } else {
      pg_no_json(converter_, c_, value);
    }
  }

  void pg_inside(v8::Local<v8::Object> object, bool is_array) {
    const Enclosing here = pg_enclose(converter_, object, enclosing_);
    enclosing_ = &here;
    if (is_array) {
      pg_array(object);
    } else {
      pg_object(object);
    }
    enclosing_ = here.outer;
  }

  void pg_array(v8::Local<v8::Object> array) {
    sink_.pg_begin_array();
    // Longer than an array can be, a proxy's length stops at what PostgreSQL can hold.
    for (uint32_t i = 0; i < pg_array_length(c_, array); i++) {
      if (i % 1024 == 1023) CHECK_FOR_INTERRUPTS();
      v8::Local<v8::Value> item = Checked(array->Get(c_.context, i));
      pg_value(item, v8::Integer::NewFromUnsigned(c_.isolate, i));
    }
    sink_.pg_end_array();
  }

  void pg_object(v8::Local<v8::Object> object) {
    v8::Local<v8::Array> keys = pg_json_keys(converter_, c_, object);
    sink_.pg_begin_object();
    for (uint32_t i = 0; i < keys->Length(); i++) {
      v8::Local<v8::Value> key = Checked(keys->Get(c_.context, i));
      v8::Local<v8::Value> value = Checked(object->Get(c_.context, key));
      if (value->IsUndefined()) continue;
      int length;
      char* text = pg_js_to_text(c_.isolate, key.As<v8::String>(), &length);
      sink_.pg_key(text, length);
      pg_value(value, key);
    }
    sink_.pg_end_object();
  }

  const Converter& converter_;
  const Conversion& c_;
  TextSink sink_;
  const Enclosing* enclosing_ = nullptr;
};

}  // namespace

Datum JsonToDatum(const Converter& converter, const Conversion& c,
                  v8::Local<v8::Value> value) {
  return Writer(converter, c).pg_write(value);
}

}  // namespace plts
