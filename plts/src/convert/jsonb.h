// The stored form of jsonb, read where it lies. Nothing here raises or allocates.
#pragma once

#include "pg/pg.h"

namespace plts {

// One array or object of a document: a piece of the memory that the document is in.
struct JsonbPart {
  JsonbContainer* data = nullptr;
  uint32 size = 0;  // in bytes

  uint32 count() const { return JsonContainerSize(data); }
  bool is_array() const { return JsonContainerIsArray(data); }
  bool is_scalar() const { return JsonContainerIsScalar(data); }
};

// The outermost part. A scalar document is an array of one element.
inline JsonbPart WholePart(Jsonb* document) {
  return {&document->root, static_cast<uint32>(VARSIZE(document) - VARHDRSZ)};
}

// The part that a value of type jbvBinary is.
inline JsonbPart PartOf(const JsonbValue& value) {
  return {value.val.binary.data, static_cast<uint32>(value.val.binary.len)};
}

// The member of an object by its key, which is in the encoding of the database. False
// where there is none.
bool FindMember(const JsonbPart& part, const char* key, int length, JsonbValue* out);

// The element of an array. `index` is less than its count.
void GetElement(const JsonbPart& part, uint32 index, JsonbValue* out);

// Walks the elements of an array or the members of an object, in their order.
class JsonbWalk {
 public:
  explicit JsonbWalk(const JsonbPart& part);

  // False at the end. `key` is left alone for an array.
  bool Next(JsonbValue* key, JsonbValue* value);

 private:
  JsonbContainer* data_;
  char* base_;
  uint32 count_;
  uint32 first_value_;  // the number of keys that come before the values
  uint32 at_ = 0;
  uint32 key_offset_ = 0;
  uint32 value_offset_ = 0;
};

// The number that a numeric is, where that takes no rounding but the one to the nearest
// double that JSON.parse makes too: an integer up to 2^53 - 1, or a short fraction.
// False for all others.
bool QuickNumber(Numeric value, double* out);

}  // namespace plts
