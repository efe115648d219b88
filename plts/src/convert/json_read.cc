// json and jsonb into JavaScript values.

#include <cmath>

#include "convert/document.h"
#include "convert/families.h"
#include "convert/number.h"

namespace plts {
namespace {

[[noreturn]] void pg_number_out_of_range() {
  ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                  errmsg("a number in a JSON document is out of range for a "
                         "JavaScript number")));
  pg_unreachable();
}

// Whether decimal text, up to an exponent, has a digit other than 0.
bool HasDigits(const char* text) {
  return text[std::strcspn(text, "123456789eE")] >= '1' &&
         text[std::strcspn(text, "123456789eE")] <= '9';
}

// A JSON number from its decimal text without an exponent: a number, or a bigint where
// it is an integer that a number cannot hold.
v8::Local<v8::Value> pg_number(const Conversion& c, const char* text) {
  const size_t length = std::strlen(text);
  const size_t whole = std::strcspn(text, ".");
  if (whole == length && length <= 9) {
    return v8::Integer::New(c.isolate, std::atoi(text));
  }
  const double number = std::strtod(text, nullptr);
  const bool integer = whole == length || !HasDigits(text + whole);
  if (integer && whole > 15 && std::fabs(number) > kMaxSafeInteger) {
    return pg_decimal_to_bigint(c, pnstrdup(text, whole));
  }
  if (!std::isfinite(number) || (number == 0 && HasDigits(text))) {
    pg_number_out_of_range();
  }
  return v8::Number::New(c.isolate, number);
}

// True where JSON.parse reads every number of the text exactly: it has no run of digits
// that may pass 2^53 and no exponent. Looks into strings too, which only costs time.
bool NumbersAreSafe(const char* text, size_t length) {
  int run = 0;
  for (size_t i = 0; i < length; i++) {
    const char at = text[i];
    if (at >= '0' && at <= '9') {
      if (++run > 15) return false;
    } else if ((at == 'e' || at == 'E') && run > 0) {
      return false;
    } else if (at != '.') {
      run = 0;
    }
  }
  return true;
}

// Reads JSON text with numbers that JSON.parse would round. The text is of type json,
// so it is valid: what is not checked here was checked when it became one.
class TextReader {
 public:
  TextReader(const Conversion& c, const char* text, size_t length)
      : c_(c), at_(text), end_(text + length) {}

  v8::Local<v8::Value> pg_value() {
    if (stack_is_too_deep()) {
      ereport(ERROR, (errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
                      errmsg("a JSON document is nested too deeply")));
    }
    switch (Next()) {
      case '{':
        return pg_object();
      case '[':
        return pg_array();
      case '"':
        return pg_string();
      case 't':
        at_ += 4;
        return v8::True(c_.isolate);
      case 'f':
        at_ += 5;
        return v8::False(c_.isolate);
      case 'n':
        at_ += 4;
        return v8::Null(c_.isolate);
      default:
        return pg_decimal();
    }
  }

 private:
  // The next character that is no white space, which stays where it is.
  char Next() {
    while (at_ < end_ &&
           (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) {
      at_++;
    }
    return at_ < end_ ? *at_ : '\0';
  }

  // Passes what separates members; false at the end of them.
  bool More(char close) {
    if (Next() == ',') at_++;
    if (Next() != close) return true;
    at_++;
    return false;
  }

  v8::Local<v8::Value> pg_object() {
    at_++;
    v8::Local<v8::Object> object = v8::Object::New(c_.isolate);
    while (More('}')) {
      v8::Local<v8::String> key = pg_string();
      Next();
      at_++;  // the colon
      if (!object->CreateDataProperty(c_.context, key, pg_value()).FromMaybe(false)) {
        throw Thrown{};
      }
    }
    return object;
  }

  v8::Local<v8::Value> pg_array() {
    at_++;
    v8::Local<v8::Array> array = v8::Array::New(c_.isolate);
    for (uint32_t i = 0; More(']'); i++) {
      if (!array->CreateDataProperty(c_.context, i, pg_value()).FromMaybe(false)) {
        throw Thrown{};
      }
    }
    return array;
  }

  v8::Local<v8::String> pg_string() {
    const char* start = at_++;
    bool escaped = false;
    for (; *at_ != '"'; at_++) {
      if (*at_ != '\\') continue;
      escaped = true;
      at_++;
    }
    at_++;
    if (!escaped) {
      return pg_text_to_js(c_.isolate, start + 1, static_cast<int>(at_ - start - 2));
    }
    return Checked(v8::JSON::Parse(
                       c_.context,
                       pg_text_to_js(c_.isolate, start, static_cast<int>(at_ - start))))
        .As<v8::String>();
  }

  v8::Local<v8::Value> pg_decimal() {
    const char* start = at_;
    while (at_ < end_ && std::strchr("+-.0123456789eE", *at_) != nullptr) at_++;
    char* text = pnstrdup(start, static_cast<Size>(at_ - start));
    if (std::strpbrk(text, "eE") == nullptr) return pg_number(c_, text);
    // 1e20 is an integer too: numeric writes it out.
    const Datum numeric =
        DirectFunctionCall3(numeric_in, CStringGetDatum(text),
                            ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
    const char* written = DatumGetCString(DirectFunctionCall1(numeric_out, numeric));
    // numeric has an end too, below which it has no more than zeros.
    if (HasDigits(text) && !HasDigits(written)) pg_number_out_of_range();
    return pg_number(c_, written);
  }

  const Conversion& c_;
  const char* at_;
  const char* end_;
};

}  // namespace

v8::Local<v8::Value> pg_item_to_js(const Conversion& c, const JsonbValue& item) {
  double number;
  switch (item.type) {
    case jbvNull:
      return v8::Null(c.isolate);
    case jbvBool:
      return v8::Boolean::New(c.isolate, item.val.boolean);
    case jbvString:
      return pg_text_to_js(c.isolate, item.val.string.val, item.val.string.len);
    case jbvNumeric:
      if (QuickNumber(item.val.numeric, &number)) {
        return v8::Number::New(c.isolate, number);
      }
      return pg_number(c, DatumGetCString(DirectFunctionCall1(
                              numeric_out, NumericGetDatum(item.val.numeric))));
    case jbvBinary:
      return pg_part_to_js(c, PartOf(item));
    default:
      elog(ERROR, "unexpected jsonb value type %d", static_cast<int>(item.type));
  }
}

v8::Local<v8::String> pg_key_to_js(const Conversion& c, const JsonbValue& key) {
  if (GetDatabaseEncoding() != PG_UTF8) {
    return pg_text_to_js(c.isolate, key.val.string.val, key.val.string.len);
  }
  return Checked(v8::String::NewFromUtf8(c.isolate, key.val.string.val,
                                         v8::NewStringType::kInternalized,
                                         key.val.string.len));
}

v8::Local<v8::Value> pg_part_to_js(const Conversion& c, const JsonbPart& part) {
  if (stack_is_too_deep()) {
    ereport(ERROR, (errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
                    errmsg("a JSON document is nested too deeply")));
  }
  JsonbWalk walk(part);
  JsonbValue key;
  JsonbValue item;
  if (part.is_scalar()) {
    walk.Next(&key, &item);
    return pg_item_to_js(c, item);
  }
  if (part.is_array()) {
    const size_t count = part.count();
    if (count == 0) return v8::Array::New(c.isolate);
    auto* items = static_cast<v8::Local<v8::Value>*>(
        palloc_extended(count * sizeof(v8::Local<v8::Value>), MCXT_ALLOC_HUGE));
    for (size_t i = 0; walk.Next(&key, &item); i++) {
      if (i % 1024 == 1023) CHECK_FOR_INTERRUPTS();
      new (&items[i]) v8::Local<v8::Value>(pg_item_to_js(c, item));
    }
    v8::Local<v8::Array> array = v8::Array::New(c.isolate, items, count);
    pfree(items);
    return array;
  }
  v8::Local<v8::Object> object = v8::Object::New(c.isolate);
  while (walk.Next(&key, &item)) {
    v8::Local<v8::String> name = pg_key_to_js(c, key);
    if (!object->CreateDataProperty(c.context, name, pg_item_to_js(c, item))
             .FromMaybe(false)) {
      throw Thrown{};
    }
  }
  return object;
}

v8::Local<v8::Value> JsonbToJs(const Converter&, const Conversion& c, Datum value) {
  Jsonb* document = DatumGetJsonbP(value);
  const bool mine = reinterpret_cast<Pointer>(document) != DatumGetPointer(value);
  const JsonbPart part = WholePart(document);
  const bool lazy = IsLazy(part);
  v8::Local<v8::Value> result =
      lazy ? pg_lazy_document(c, document) : pg_part_to_js(c, part);
  // A document that is lent stays where it is.
  if (mine && !(lazy && c.lease != 0)) pfree(document);
  return result;
}

v8::Local<v8::Value> JsonToJs(const Converter&, const Conversion& c, Datum value) {
  const text* packed = DatumGetTextPP(value);
  const char* data = VARDATA_ANY(packed);
  const size_t length = VARSIZE_ANY_EXHDR(packed);
  if (!NumbersAreSafe(data, length)) {
    return TextReader(c, data, length).pg_value();
  }
  return Checked(v8::JSON::Parse(
      c.context, pg_text_to_js(c.isolate, data, static_cast<int>(length))));
}

}  // namespace plts
