// Members: which of an object's properties are columns, and what the others are taken
// for.

#include "convert/members.h"

#include <algorithm>

#include "convert/json_value.h"

namespace plts {
namespace {

constexpr size_t kMostShown = 30;
// As far as PostgreSQL looks for a column of nearly the same name.
constexpr size_t kMostEdits = 3;

std::string Quoted(const std::string& name) { return '"' + name + '"'; }

// userId, user_id and USERID are alike.
std::string Folded(const std::string& name) {
  std::string folded;
  for (const char c : name) {
    if (c != '_') folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return folded;
}

// How many bytes have to be inserted, removed or replaced.
size_t Edits(const std::string& from, const std::string& to) {
  std::vector<size_t> row(to.size() + 1);
  for (size_t i = 0; i < row.size(); i++) row[i] = i;
  for (size_t i = 1; i <= from.size(); i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= to.size(); j++) {
      const size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[to.size()];
}

[[noreturn]] void Refuse(const Conversion& c, const std::string& property,
                         const ColumnNames& columns, const char* kind,
                         const char* row) {
  std::string all;
  std::vector<std::string> names;
  for (uint32_t i = 0; i < columns.count; i++) {
    const std::string name = JsToDisplay(c.isolate, columns.names[i]);
    if (i < kMostShown) all += (i == 0 ? "" : ", ") + Quoted(name);
    names.push_back(name);
  }
  if (columns.count > kMostShown) all += ", …";
  const std::string meant = NearestName(property, names);
  throw Error(
      ERRCODE_UNDEFINED_COLUMN,
      ForMessage("a JavaScript object has a property " + Quoted(property) + ", but ") +
          kind + " " + row + " has no such column",
      ForMessage(columns.count == 0 ? "It has none." : "Its columns are " + all + "."),
      ForMessage(meant.empty() ? "Leave the property out, or give it the name of a "
                                 "column."
                               : "Did you mean " + Quoted(meant) + "?"));
}

}  // namespace

v8::Local<v8::String> pg_column_name(const Conversion& c, const char* name) {
  const auto length = static_cast<int>(std::strlen(name));
  const char* utf8 = pg_server_to_any(name, length, PG_UTF8);
  return Name(c.isolate, utf8);
}

ColumnNames pg_column_names(int most) {
  const auto size = static_cast<size_t>(most) * sizeof(v8::Local<v8::String>);
  return {static_cast<v8::Local<v8::String>*>(palloc0(size + 1)), 0};
}

std::string NearestName(const std::string& name,
                        const std::vector<std::string>& names) {
  std::string best;
  if (name.size() >= NAMEDATALEN) return best;
  const std::string folded = Folded(name);
  size_t least = std::min(kMostEdits, name.size() / 2) + 1;
  for (const std::string& other : names) {
    const size_t edits = Folded(other) == folded ? 0 : Edits(name, other);
    if (edits >= least) continue;
    least = edits;
    best = other;
  }
  return best;
}

v8::Local<v8::Value> MemberOf(const Conversion& c, v8::Local<v8::Object> object,
                              v8::Local<v8::String> name) {
  v8::Local<v8::Value> value = Checked(object->Get(c.context, name));
  // No column takes a function, and only __proto__ is an object that all have.
  const bool may_be_of_all =
      value->IsFunction() ||
      (value->IsObject() && name->StringEquals(Name(c.isolate, "__proto__")));
  if (may_be_of_all && !object->HasOwnProperty(c.context, name).FromMaybe(true)) {
    return v8::Undefined(c.isolate);
  }
  return value;
}

void RefuseOtherMembers(const Conversion& c, v8::Local<v8::Object> object,
                        const ColumnNames& columns, const char* kind, const char* row) {
  v8::Local<v8::Array> keys = JsonKeys(c, object);
  const uint32_t length = keys->Length();
  // Mostly they are in the columns' order; a column may be left out.
  uint32_t at = 0;
  for (uint32_t i = 0; i < length; i++) {
    auto key = Checked(keys->Get(c.context, i)).As<v8::String>();
    bool known = false;
    for (uint32_t tried = 0; tried < columns.count && !known; tried++) {
      known = key->StringEquals(columns.names[at]);
      at = at + 1 < columns.count ? at + 1 : 0;
    }
    if (known || Checked(object->Get(c.context, key))->IsUndefined()) continue;
    Refuse(c, JsToDisplay(c.isolate, key), columns, kind, row);
  }
}

bool IsPlainObject(const Conversion& c, v8::Local<v8::Object> object) {
  // What a proxy stands for may be anything, too.
  v8::Local<v8::Value> behind = object;
  while (behind->IsProxy()) behind = behind.As<v8::Proxy>()->GetTarget();
  if (!behind->IsObject()) return true;
  v8::Local<v8::Value> prototype = behind.As<v8::Object>()->GetPrototype();
  return prototype->IsNull() ||
         prototype->StrictEquals(v8::Object::New(c.isolate)->GetPrototype());
}

}  // namespace plts
