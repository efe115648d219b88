// Lazy documents: jsonb that JavaScript reads where it lies.
//
// A document that is not small becomes a proxy of an empty object or array. Reading a
// member asks the stored form; whatever else is done with it first fills the object
// behind it, one level deep, and takes the traps away, so that it is from then on what
// it always looked like. One that nobody can have changed goes back into jsonb as a
// copy of its bytes.
//
// Whose bytes: those of a call's argument lie in PostgreSQL's memory and are *borrowed*
// until the call ends; reading them later is an error. All others are *owned*: a copy
// that lives as long as a proxy that needs it, and counts for plts.max_heap_mb.
#pragma once

#include "convert/converter.h"
#include "convert/jsonb.h"

namespace plts {

// Documents, and parts of them, up to this size are converted whole.
inline constexpr uint32 kEagerBytes = 512;

inline bool IsLazy(const JsonbPart& part) {
  return part.size > kEagerBytes && !part.is_scalar();
}

// A proxy of the document, which IsLazy. Borrows it where `c` has a lease on the memory
// that it lies in. May ereport.
v8::Local<v8::Value> pg_lazy_document(const Conversion& c, Jsonb* document);

// A document that is as it was.
struct Unread {
  JsonbPart part;
  bool argument;  // the whole of an argument of the innermost call
};

// False for every other value. Raises where the document's call has ended.
bool pg_unread(const Conversion& c, v8::Local<v8::Value> value, Unread* out);

// The object or array behind a lazy document, filled; every other value as it is.
// Raises where the document's call has ended.
v8::Local<v8::Value> pg_plain(const Conversion& c, v8::Local<v8::Value> value);

// From json_read.cc: a part, or a value in one, converted whole. May ereport.
v8::Local<v8::Value> pg_part_to_js(const Conversion& c, const JsonbPart& part);
v8::Local<v8::Value> pg_item_to_js(const Conversion& c, const JsonbValue& item);
v8::Local<v8::String> pg_key_to_js(const Conversion& c, const JsonbValue& key);

}  // namespace plts
