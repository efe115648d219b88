// Rows: values are converted in C++, and a function made for the columns turns them
// into objects in JavaScript, which makes all objects of one shape and crosses the
// border once for many rows.

#include "api/rows.h"

#include "convert/converter.h"
#include "js/generate.h"
#include "pg/guard.h"

namespace plts {
namespace {

constexpr uint64_t kRowsAtOnce = 512;
constexpr size_t kMostBuilders = 512;

// The names of the columns, which is also the key of the builder's cache.
std::string ColumnKey(TupleDesc row) {
  std::string key;
  for (int i = 0; i < row->natts; i++) {
    key += NameStr(TupleDescAttr(row, i)->attname);
    key += '\0';
  }
  return key;
}

std::string ColumnName(TupleDesc row, int i) {
  const char* name = NameStr(TupleDescAttr(row, i)->attname);
  std::string utf8;
  Guard([&] {
    utf8.assign(pg_server_to_any(name, static_cast<int>(std::strlen(name)), PG_UTF8));
  });
  return utf8;
}

// (rows, values) => appends one object for each `natts` values.
v8::Local<v8::Function> MakeBuilder(Realm& realm, TupleDesc row) {
  std::string body = "let n = rows.length; for (let i = 0; i < values.length; i += " +
                     std::to_string(row->natts) + ") rows[n++] = {";
  for (int i = 0; i < row->natts; i++) {
    // Computed, so that a column named __proto__ is a column.
    body += "[" + JsLiteral(ColumnName(row, i)) + "]: values[i + " + std::to_string(i) +
            "], ";
  }
  return GenerateFunction(realm, {"rows", "values"}, body + "};");
}

v8::Local<v8::Function> BuilderFor(Realm& realm, TupleDesc row) {
  const std::string key = ColumnKey(row);
  const auto known = realm.row_builders.find(key);
  if (known != realm.row_builders.end()) return known->second.Get(realm.v8());
  if (realm.row_builders.size() >= kMostBuilders) realm.row_builders.clear();
  v8::Local<v8::Function> builder = MakeBuilder(realm, row);
  realm.row_builders.emplace(key, v8::Global<v8::Function>(realm.v8(), builder));
  return builder;
}

}  // namespace

v8::Local<v8::Array> RowsToJs(Realm& realm, SPITupleTable* table, uint64_t count) {
  v8::Isolate* isolate = realm.v8();
  v8::EscapableHandleScope outer(isolate);
  v8::Local<v8::Context> context = realm.context();
  v8::Local<v8::Array> rows = v8::Array::New(isolate);
  if (table == nullptr || count == 0) return outer.Escape(rows);
  TupleDesc row = table->tupdesc;
  if (row->natts == 0) {
    for (uint64_t i = 0; i < count; i++) {
      if (!rows->CreateDataProperty(context, static_cast<uint32_t>(i),
                                    v8::Object::New(isolate))
               .FromMaybe(false)) {
        throw Thrown{};
      }
    }
    return outer.Escape(rows);
  }
  v8::Local<v8::Function> builder = BuilderFor(realm, row);
  std::vector<const Converter*> converters(static_cast<size_t>(row->natts));
  Guard([&] {
    for (int i = 0; i < row->natts; i++) {
      converters[static_cast<size_t>(i)] = pg_converter(
          TupleDescAttr(row, i)->atttypid, TupleDescAttr(row, i)->atttypmod);
    }
  });
  const Conversion conversion{isolate, context};
  const auto width = static_cast<size_t>(row->natts);
  std::vector<v8::Local<v8::Value>> values;
  for (uint64_t start = 0; start < count; start += kRowsAtOnce) {
    v8::HandleScope handles(isolate);
    const uint64_t end = std::min(start + kRowsAtOnce, count);
    values.resize(width * (end - start));
    Guard(
        [&] {
          CHECK_FOR_INTERRUPTS();
          size_t at = 0;
          for (uint64_t r = start; r < end; r++) {
            for (int i = 0; i < row->natts; i++) {
              NullableDatum value;
              value.value = SPI_getbinval(table->vals[r], row, i + 1, &value.isnull);
              values[at++] =
                  pg_to_js(*converters[static_cast<size_t>(i)], conversion, value);
            }
          }
        },
        World::kMixed);
    v8::Local<v8::Value> arguments[] = {
        rows, v8::Array::New(isolate, values.data(), values.size())};
    Checked(builder->Call(context, v8::Undefined(isolate), 2, arguments));
  }
  return outer.Escape(rows);
}

}  // namespace plts
