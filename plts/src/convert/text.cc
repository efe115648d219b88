// Text, and every type that JavaScript sees in PostgreSQL's own text form.

#include "convert/families.h"
#include "pg/guard.h"

extern "C" {
#include <utils/float.h>
}

namespace plts {
namespace {

// While it lasts, text forms do not depend on the settings of the session: other styles
// of dates name time zones by abbreviations that mean another zone when they are read,
// and fewer digits are other numbers.
class PortableForms {
 public:
  PortableForms() {
    DateStyle = USE_ISO_DATES;
    IntervalStyle = INTSTYLE_POSTGRES;
    extra_float_digits = 1;
  }
  ~PortableForms() {
    DateStyle = date_style_;
    IntervalStyle = interval_style_;
    extra_float_digits = digits_;
  }
  PortableForms(const PortableForms&) = delete;
  PortableForms& operator=(const PortableForms&) = delete;

 private:
  const int date_style_ = DateStyle;
  const int interval_style_ = IntervalStyle;
  const int digits_ = extra_float_digits;
};

// Conversions run in a Guard, whose longjmp must not pass over PortableForms: what may
// raise runs in a Guard of its own, and comes out of that as a C++ exception.
template <class Body>
auto WithPortableForms(Body&& body) -> decltype(body()) {
  const PortableForms forms;
  return Guard(body);
}

[[noreturn]] void pg_too_long(const Converter& converter, const char* detail) {
  ereport(ERROR, (errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
                  errmsg("value too long for type %s", converter.sql_name),
                  errdetail("%s", detail)));
  pg_unreachable();
}

// A parameter may say by a method toPostgres what text it is, as node-postgres has it:
// json(value) does, and a Decimal.
v8::Local<v8::Value> pg_text_of(const Conversion& c, v8::Local<v8::Value> value) {
  if (!c.parameter || !value->IsObject()) return value;
  auto object = value.As<v8::Object>();
  v8::Local<v8::Value> method =
      Checked(object->Get(c.context, Name(c.isolate, "toPostgres")));
  if (!method->IsFunction()) return value;
  return Checked(method.As<v8::Function>()->Call(c.context, object, 0, nullptr));
}

}  // namespace

v8::Local<v8::Value> TextToJs(const Converter&, const Conversion& c, Datum value) {
  const text* packed = DatumGetTextPP(value);
  return pg_text_to_js(c.isolate, VARDATA_ANY(packed),
                       static_cast<int>(VARSIZE_ANY_EXHDR(packed)));
}

Datum TextToDatum(const Converter& converter, const Conversion& c,
                  v8::Local<v8::Value> value) {
  // varchar(n) has to count and cut as its input function does.
  if (converter.typmod != -1) return OtherToDatum(converter, c, value);
  value = pg_text_of(c, value);
  if (!value->IsString()) pg_cannot_convert(converter, c, value);
  int length;
  const char* utf8 = pg_js_to_text(c.isolate, value.As<v8::String>(), &length);
  return PointerGetDatum(cstring_to_text_with_len(utf8, length));
}

v8::Local<v8::Value> OtherToJs(const Converter& converter, const Conversion& c,
                               Datum value) {
  char* text = WithPortableForms([&] {
    return OutputFunctionCall(const_cast<FmgrInfo*>(&converter.output), value);
  });
  return pg_text_to_js(c.isolate, text, static_cast<int>(std::strlen(text)));
}

Datum OtherToDatum(const Converter& converter, const Conversion& c,
                   v8::Local<v8::Value> value) {
  if (!value->IsString()) pg_cannot_convert(converter, c, value);
  int length;
  return pg_text_to_datum(converter,
                          pg_js_to_text(c.isolate, value.As<v8::String>(), &length));
}

Datum pg_text_to_datum(const Converter& converter, const char* text) {
  return WithPortableForms([&] {
    return InputFunctionCall(const_cast<FmgrInfo*>(&converter.input),
                             const_cast<char*>(text), converter.io_parameter,
                             converter.typmod);
  });
}

// The input function of name cuts what is too long, and that of "char" takes the first
// byte of anything.
Datum NameToDatum(const Converter& converter, const Conversion& c,
                  v8::Local<v8::Value> value) {
  if (!value->IsString()) pg_cannot_convert(converter, c, value);
  int length;
  char* text = pg_js_to_text(c.isolate, value.As<v8::String>(), &length);
  if (length >= NAMEDATALEN) pg_too_long(converter, "A name has at most 63 bytes.");
  return DirectFunctionCall1(namein, CStringGetDatum(text));
}

// A byte that is no ASCII is an escape, as PostgreSQL writes it since version 16.
v8::Local<v8::Value> CharToJs(const Converter&, const Conversion& c, Datum value) {
  const auto byte = static_cast<unsigned char>(DatumGetChar(value));
  char text[5] = {static_cast<char>(byte), '\0'};
  if (byte >= 0x80) snprintf(text, sizeof(text), "\\%03o", byte);
  return Utf8ToJs(c.isolate, text);
}

Datum CharToDatum(const Converter& converter, const Conversion& c,
                  v8::Local<v8::Value> value) {
  if (!value->IsString()) pg_cannot_convert(converter, c, value);
  int length;
  const char* text = pg_js_to_text(c.isolate, value.As<v8::String>(), &length);
  if (length == 4 && text[0] == '\\' && std::strspn(text + 1, "01234567") == 3) {
    return CharGetDatum(static_cast<char>(std::strtol(text + 1, nullptr, 8)));
  }
  if (length > 1) pg_too_long(converter, "A value of this type is one byte.");
  return CharGetDatum(text[0]);
}

v8::Local<v8::Value> VoidToJs(const Converter&, const Conversion& c, Datum) {
  return v8::Undefined(c.isolate);
}

bool VoidQuick(v8::Local<v8::Value>, Datum* out) {
  *out = Datum{0};
  return true;
}

Datum VoidToDatum(const Converter&, const Conversion&, v8::Local<v8::Value>) {
  return Datum{0};
}

}  // namespace plts
