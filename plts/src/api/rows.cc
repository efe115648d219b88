// Rows: values are converted in C++, and a function made for the columns turns them
// into objects in JavaScript, which makes all objects of one shape and crosses the
// border once for many rows.

#include "api/rows.h"

#include <unordered_set>

#include "js/generate.h"
#include "pg/guard.h"

namespace plts {
namespace {

constexpr uint64_t kRowsAtOnce = 512;
constexpr size_t kMostBuilders = 512;
// More columns than this are not worth a function with as many parameters.
constexpr int kMostForOne = 32;

bool Fits(const RowShape& shape, TupleDesc row) {
  if (shape.columns.size() != static_cast<size_t>(row->natts)) return false;
  for (int i = 0; i < row->natts; i++) {
    const RowShape::Column& column = shape.columns[static_cast<size_t>(i)];
    const Form_pg_attribute attribute = TupleDescAttr(row, i);
    if (!IsCurrent(column.converter) || column.type != attribute->atttypid ||
        column.typmod != attribute->atttypmod ||
        std::strcmp(NameStr(column.name), NameStr(attribute->attname)) != 0) {
      return false;
    }
  }
  return true;
}

std::string ColumnName(TupleDesc row, int i) {
  const char* name = NameStr(TupleDescAttr(row, i)->attname);
  std::string utf8;
  Guard([&] {
    utf8.assign(pg_server_to_any(name, static_cast<int>(std::strlen(name)), PG_UTF8));
  });
  return utf8;
}

// Of columns of one name the object of a row would keep the last.
void RefuseTwice(TupleDesc row) {
  std::unordered_set<std::string_view> names;
  for (int i = 0; i < row->natts; i++) {
    const char* name = NameStr(TupleDescAttr(row, i)->attname);
    if (names.insert(name).second) continue;
    throw Error(ERRCODE_DUPLICATE_COLUMN,
                std::string("the statement returns two columns named \"") + name + "\"",
                "A row is an object, which has one property for each name.",
                "Give each a name of its own, as in SELECT a.id, b.id AS b_id.");
  }
}

// The functions for columns of these names, which the realm keeps: rows of all
// statements that have the same columns are of one shape.
void FindBuilders(Realm& realm, TupleDesc row, RowShape* shape) {
  std::string key;
  for (int i = 0; i < row->natts; i++) {
    key += NameStr(TupleDescAttr(row, i)->attname);
    key += '\0';
  }
  auto known = realm.row_builders.find(key);
  if (known == realm.row_builders.end()) {
    RefuseTwice(row);
    if (realm.row_builders.size() >= kMostBuilders) realm.row_builders.clear();
    std::vector<std::string> parameters;
    std::string one;
    std::string many;
    for (int i = 0; i < row->natts; i++) {
      const std::string number = std::to_string(i);
      // Computed, so that a column named __proto__ is a column.
      const std::string name = "[" + JsLiteral(ColumnName(row, i)) + "]: ";
      parameters.push_back("$" + number);
      one += name + "$" + number + ", ";
      many += name + "values[i + " + number + "], ";
    }
    // push, not rows[n]: where the prototypes are frozen, V8 leaves that to its
    // runtime.
    const std::string loop =
        "for (let i = 0; i < values.length; i += " + std::to_string(row->natts) +
        ") rows.push({" + many + "});";
    RowBuilders made;
    made.add_many.Reset(realm.v8(), GenerateFunction(realm, {"rows", "values"}, loop));
    if (row->natts <= kMostForOne) {
      made.make_one.Reset(
          realm.v8(), GenerateFunction(realm, parameters, "return [{" + one + "}];"));
    }
    known = realm.row_builders.emplace(key, std::move(made)).first;
  }
  shape->add_many.Reset(realm.v8(), known->second.add_many);
  shape->make_one.Reset(realm.v8(), known->second.make_one);
}

void Update(Realm& realm, TupleDesc row, RowShape* shape) {
  shape->columns.clear();
  SweepConverters();
  std::vector<RowShape::Column> columns;
  for (int i = 0; i < row->natts; i++) {
    const Form_pg_attribute attribute = TupleDescAttr(row, i);
    columns.push_back(
        {attribute->attname, attribute->atttypid, attribute->atttypmod, Guard([&] {
           return pg_converter(attribute->atttypid, attribute->atttypmod);
         })});
  }
  FindBuilders(realm, row, shape);
  shape->columns = std::move(columns);
}

// Converts the rows [start, end) into `out`.
void Convert(const RowShape& shape, const Conversion& conversion, SPITupleTable* table,
             uint64_t start, uint64_t end, v8::Local<v8::Value>* out) {
  const auto width = static_cast<int>(shape.columns.size());
  const RowShape::Column* columns = shape.columns.data();
  TupleDesc row = table->tupdesc;
  Guard(
      [&] {
        CHECK_FOR_INTERRUPTS();
        v8::Local<v8::Value>* at = out;
        for (uint64_t r = start; r < end; r++) {
          for (int i = 0; i < width; i++) {
            NullableDatum value;
            value.value = heap_getattr(table->vals[r], i + 1, row, &value.isnull);
            *at++ = pg_to_js(*columns[i].converter, conversion, value);
          }
        }
      },
      World::kMixed);
}

v8::Local<v8::Array> EmptyRows(Realm& realm, uint64_t count) {
  v8::Local<v8::Array> rows = v8::Array::New(realm.v8());
  for (uint64_t i = 0; i < count; i++) {
    if (!rows->CreateDataProperty(realm.context(), static_cast<uint32_t>(i),
                                  v8::Object::New(realm.v8()))
             .FromMaybe(false)) {
      throw Thrown{};
    }
  }
  return rows;
}

}  // namespace

v8::Local<v8::Array> RowsToJs(Realm& realm, RowShape* shape, SPITupleTable* table,
                              uint64_t count) {
  v8::Isolate* isolate = realm.v8();
  v8::EscapableHandleScope outer(isolate);
  v8::Local<v8::Context> context = realm.context();
  if (table == nullptr) return outer.Escape(v8::Array::New(isolate));
  TupleDesc row = table->tupdesc;
  if (row->natts == 0) return outer.Escape(EmptyRows(realm, count));
  // Whether the columns can be told apart does not depend on how many rows there are.
  if (!Fits(*shape, row)) Update(realm, row, shape);
  if (count == 0) return outer.Escape(EmptyRows(realm, 0));
  const Conversion conversion{isolate, context};
  if (count == 1 && !shape->make_one.IsEmpty()) {
    v8::Local<v8::Value> values[kMostForOne];
    Convert(*shape, conversion, table, 0, 1, values);
    return outer.Escape(
        Checked(shape->make_one.Get(isolate)->Call(context, v8::Undefined(isolate),
                                                   row->natts, values))
            .As<v8::Array>());
  }
  v8::Local<v8::Array> rows = v8::Array::New(isolate);
  v8::Local<v8::Function> add_many = shape->add_many.Get(isolate);
  const auto width = static_cast<size_t>(row->natts);
  std::vector<v8::Local<v8::Value>> values;
  for (uint64_t start = 0; start < count; start += kRowsAtOnce) {
    v8::HandleScope handles(isolate);
    const uint64_t end = std::min(start + kRowsAtOnce, count);
    values.resize(width * (end - start));
    Convert(*shape, conversion, table, start, end, values.data());
    v8::Local<v8::Value> arguments[] = {
        rows, v8::Array::New(isolate, values.data(), values.size())};
    Checked(add_many->Call(context, v8::Undefined(isolate), 2, arguments));
  }
  return outer.Escape(rows);
}

}  // namespace plts
