// JavaScript values into jsonb, written in its stored form from the first byte to the
// last, so that a document which nobody changed is copied and not built again.

#include <algorithm>
#include <cmath>

#include "convert/document.h"
#include "convert/families.h"
#include "convert/json_value.h"
#include "convert/number.h"

namespace plts {
namespace {

// A member of an object, while its keys are sorted.
struct Property {
  char* key;
  int length;
  v8::Local<v8::Value> value;
};

// The order of keys in jsonb: the shorter first.
bool ComesBefore(const Property& a, const Property& b) {
  if (a.length != b.length) return a.length < b.length;
  return std::memcmp(a.key, b.key, static_cast<size_t>(a.length)) < 0;
}

bool SameKey(const Property& a, const Property& b) {
  return a.length == b.length &&
         std::memcmp(a.key, b.key, static_cast<size_t>(a.length)) == 0;
}

class JsonbWriter {
 public:
  JsonbWriter(const Converter& converter, const Conversion& c)
      : converter_(converter), c_(c) {
    initStringInfo(&out_);
  }

  Datum pg_write(v8::Local<v8::Value> value) {
    Unread unread;
    if (pg_unread(c_, value, &unread) && unread.argument) {
      // A function may return what it was given, as PostgreSQL's own do.
      return PointerGetDatum(reinterpret_cast<char*>(unread.part.data) - VARHDRSZ);
    }
    pg_reserve(VARHDRSZ);
    v8::Local<v8::String> no_key = v8::String::Empty(c_.isolate);
    value = pg_resolve(value, no_key);
    if (IsContainer(value)) {
      pg_value(value);
    } else {
      const int header = pg_reserve(sizeof(uint32) + sizeof(JEntry));
      Put(header, 1 | JB_FSCALAR | JB_FARRAY);
      Put(header + static_cast<int>(sizeof(uint32)), pg_value(value));
    }
    SET_VARSIZE(out_.data, out_.len);
    return PointerGetDatum(out_.data);
  }

 private:
  // The position of `size` bytes at the end.
  int pg_reserve(size_t size) {
    if (size > MaxAllocSize) pg_too_large();
    enlargeStringInfo(&out_, static_cast<int>(size));
    const int at = out_.len;
    out_.len += static_cast<int>(size);
    return at;
  }

  void pg_align() {
    while (out_.len % ALIGNOF_INT != 0) {
      // Reserving may move the data.
      const int at = pg_reserve(1);
      out_.data[at] = '\0';
    }
  }

  void Put(int at, uint32 word) { std::memcpy(out_.data + at, &word, sizeof(word)); }

  [[noreturn]] void pg_too_large() {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("a JavaScript value is too large to become SQL type %s",
                           converter_.sql_name)));
    pg_unreachable();
  }

  static bool IsContainer(v8::Local<v8::Value> value) {
    return value->IsObject() && (IsJsonArray(value) || !HasNoJson(value));
  }

  // What stands for the value in JSON.
  v8::Local<v8::Value> pg_resolve(v8::Local<v8::Value> value,
                                  v8::Local<v8::Value> key) {
    if (!value->IsObject()) return value;
    Unread unread;
    if (value->IsProxy() && pg_unread(c_, value, &unread)) return value;
    return pg_simplify(converter_, c_, value.As<v8::Object>(), key);
  }

  // Writes a value that pg_resolve gave, and returns its entry: the type and the
  // length.
  JEntry pg_value(v8::Local<v8::Value> value) {
    if (value->IsString()) return pg_string(value.As<v8::String>());
    if (value->IsInt32()) return pg_integer(value.As<v8::Int32>()->Value());
    if (value->IsNumber()) {
      if (!std::isfinite(value.As<v8::Number>()->Value())) {
        pg_cannot_convert(converter_, c_, value, "JSON has no form for it.");
      }
      return pg_number(value);
    }
    if (value->IsBigInt()) return pg_number(value);
    if (value->IsBoolean()) {
      return value->IsTrue() ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE;
    }
    if (value->IsNullOrUndefined()) return JENTRY_ISNULL;
    if (!IsContainer(value)) pg_no_json(converter_, c_, value);
    pg_check_depth(converter_);
    const int start = out_.len;
    pg_align();
    Unread unread;
    if (pg_unread(c_, value, &unread)) {
      const int at = pg_reserve(unread.part.size);
      std::memcpy(out_.data + at, unread.part.data, unread.part.size);
    } else {
      value = pg_plain(c_, value);
      const Enclosing here = pg_enclose(converter_, value.As<v8::Object>(), enclosing_);
      enclosing_ = &here;
      if (IsJsonArray(value)) {
        pg_array(here.object);
      } else {
        pg_object(here.object);
      }
      enclosing_ = here.outer;
    }
    return JENTRY_ISCONTAINER | pg_length_since(start);
  }

  uint32 pg_length_since(int start) {
    const auto length = static_cast<uint32>(out_.len - start);
    if (length > JENTRY_OFFLENMASK) pg_too_large();
    return length;
  }

  // Text that is ASCII, which most is, is written where it belongs; false for other.
  bool pg_ascii(v8::Local<v8::String> text) {
    const int length = text->Length();
    if (!text->IsOneByte() || length > 4096) return false;
    enlargeStringInfo(&out_, length);
    auto* at = reinterpret_cast<uint8_t*>(out_.data + out_.len);
    text->WriteOneByte(c_.isolate, at, 0, length, v8::String::NO_NULL_TERMINATION);
    uint8_t any = 0;
    bool nul = false;
    for (int i = 0; i < length; i++) {
      any |= at[i];
      nul |= at[i] == 0;
    }
    if (any >= 0x80 || nul) return false;
    out_.len += length;
    return true;
  }

  JEntry pg_string(v8::Local<v8::String> text) {
    const int start = out_.len;
    if (!pg_ascii(text)) {
      int length;
      char* encoded = pg_js_to_text(c_.isolate, text, &length);
      appendBinaryStringInfo(&out_, encoded, length);
      pfree(encoded);
    }
    return JENTRY_ISSTRING | pg_length_since(start);
  }

  // The stored form of numeric for what needs no more than three digits of four
  // decimals each.
  JEntry pg_integer(int32 value) {
    const int start = out_.len;
    pg_align();
    uint32 rest =
        value < 0 ? 0 - static_cast<uint32>(value) : static_cast<uint32>(value);
    int16 digits[3];
    int first = 3;
    for (; rest > 0; rest /= 10000) digits[--first] = static_cast<int16>(rest % 10000);
    const int weight = first == 3 ? 0 : 2 - first;
    int count = 3 - first;
    while (count > 0 && digits[first + count - 1] == 0) count--;
    const size_t bytes = static_cast<size_t>(count) * sizeof(int16);
    const size_t size = VARHDRSZ + sizeof(uint16) + bytes;
    const int place = pg_reserve(size);
    char* at = out_.data + place;
    SET_VARSIZE(at, size);
    const auto header = static_cast<uint16>(0x8000 | (value < 0 ? 0x2000 : 0) | weight);
    std::memcpy(at + VARHDRSZ, &header, sizeof(header));
    std::memcpy(at + VARHDRSZ + sizeof(header), digits + first, bytes);
    return JENTRY_ISNUMERIC | pg_length_since(start);
  }

  JEntry pg_number(v8::Local<v8::Value> value) {
    const int start = out_.len;
    pg_align();
    const Numeric numeric = pg_number_to_numeric(c_, value);
    appendBinaryStringInfo(&out_, reinterpret_cast<const char*>(numeric),
                           static_cast<int>(VARSIZE_ANY(numeric)));
    pfree(numeric);
    return JENTRY_ISNUMERIC | pg_length_since(start);
  }

  // Writes entry `index` of the container whose entries begin at `entries`; every so
  // often it holds the end of its data, not their length.
  void pg_entry(int entries, uint32 index, JEntry entry, uint32* total) {
    *total += JBE_OFFLENFLD(entry);
    if (*total > JENTRY_OFFLENMASK) pg_too_large();
    if (index % JB_OFFSET_STRIDE == 0) {
      entry = (entry & JENTRY_TYPEMASK) | *total | JENTRY_HAS_OFF;
    }
    Put(entries + static_cast<int>(index * sizeof(JEntry)), entry);
  }

  void pg_array(v8::Local<v8::Object> array) {
    const double length = pg_array_length(c_, array);
    if (length > JB_CMASK) pg_too_large();
    const auto count = length > 0 ? static_cast<uint32>(length) : 0;
    Put(pg_reserve(sizeof(uint32)), count | JB_FARRAY);
    const int entries = pg_reserve(count * sizeof(JEntry));
    uint32 total = 0;
    for (uint32 i = 0; i < count; i++) {
      if (i % 1024 == 1023) CHECK_FOR_INTERRUPTS();
      v8::Local<v8::Value> item = Checked(array->Get(c_.context, i));
      if (item->IsObject()) {
        item = pg_resolve(item, v8::Integer::NewFromUnsigned(c_.isolate, i));
      }
      pg_entry(entries, i, pg_value(item), &total);
    }
  }

  // The properties in the order of jsonb, each key once. Returns how many.
  uint32 pg_properties(v8::Local<v8::Object> object, Property** out) {
    v8::Local<v8::Array> keys = pg_json_keys(converter_, c_, object);
    const uint32 most = keys->Length();
    auto* properties = static_cast<Property*>(
        palloc_extended(most * sizeof(Property) + 1, MCXT_ALLOC_HUGE));
    uint32 count = 0;
    for (uint32 i = 0; i < most; i++) {
      if (i % 1024 == 1023) CHECK_FOR_INTERRUPTS();
      auto key = Checked(keys->Get(c_.context, i)).As<v8::String>();
      v8::Local<v8::Value> value = Checked(object->Get(c_.context, key));
      value = pg_resolve(value, key);
      if (value->IsUndefined()) continue;
      Property* property = new (&properties[count++]) Property{nullptr, 0, value};
      property->key = pg_js_to_text(c_.isolate, key, &property->length);
    }
    std::sort(properties, properties + count, ComesBefore);
    *out = properties;
    return static_cast<uint32>(std::unique(properties, properties + count, SameKey) -
                               properties);
  }

  void pg_object(v8::Local<v8::Object> object) {
    Property* properties;
    const uint32 count = pg_properties(object, &properties);
    if (count > JB_CMASK / 2) pg_too_large();
    Put(pg_reserve(sizeof(uint32)), count | JB_FOBJECT);
    const int entries = pg_reserve(count * 2 * sizeof(JEntry));
    uint32 total = 0;
    for (uint32 i = 0; i < count; i++) {
      const Property& property = properties[i];
      appendBinaryStringInfo(&out_, property.key, property.length);
      pg_entry(entries, i, JENTRY_ISSTRING | static_cast<uint32>(property.length),
               &total);
      pfree(property.key);
    }
    for (uint32 i = 0; i < count; i++) {
      pg_entry(entries, count + i, pg_value(properties[i].value), &total);
    }
    pfree(properties);
  }

  const Converter& converter_;
  const Conversion& c_;
  const Enclosing* enclosing_ = nullptr;
  StringInfoData out_;
};

}  // namespace

Datum JsonbToDatum(const Converter& converter, const Conversion& c,
                   v8::Local<v8::Value> value) {
  return JsonbWriter(converter, c).pg_write(value);
}

}  // namespace plts
