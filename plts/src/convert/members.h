// Members: what an object has for the columns of a row, and that it has nothing else.
#pragma once

#include <string>
#include <vector>

#include "convert/converter.h"

namespace plts {

// The columns that an object is asked for, as JavaScript names them.
struct ColumnNames {
  v8::Local<v8::String>* names;
  uint32_t count;
};

// The name of a column, from the database's encoding, interned. May ereport.
v8::Local<v8::String> pg_column_name(const Conversion& c, const char* name);

// Names for `most` columns in the current memory context. May ereport.
ColumnNames pg_column_names(int most);

// The member of this name, which an object may inherit, but not from all objects alike:
// every one has a `constructor`. Undefined where it lacks one.
v8::Local<v8::Value> MemberOf(const Conversion& c, v8::Local<v8::Object> object,
                              v8::Local<v8::String> name);

// Throws Error 42703 where the object has an enumerable property of its own, other than
// undefined, that is none of the columns. `kind` and `row` say what these are of, in
// the database's encoding.
void RefuseOtherMembers(const Conversion& c, v8::Local<v8::Object> object,
                        const ColumnNames& columns, const char* kind, const char* row);

// Which of the names was probably meant by one that is none of them; empty for none.
std::string NearestName(const std::string& name, const std::vector<std::string>& names);

// Whether an object is made of its properties alone, as literals are. A Map, a Date or
// an instance of a class may hold more than shows.
bool IsPlainObject(const Conversion& c, v8::Local<v8::Object> object);

}  // namespace plts
