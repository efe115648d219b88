// Rows: a result of SPI as an array of objects.
#pragma once

#include "convert/converter.h"
#include "js/realm.h"

namespace plts {

// What is known of rows of certain columns: how to convert them, and the realm's
// functions that make objects of them.
struct RowShape {
  struct Column {
    NameData name;
    Oid type;
    int32 typmod;
    ConverterRef converter;
  };
  std::vector<Column> columns;
  v8::Global<v8::Function> make_one;  // (value, …) => [row]
  v8::Global<v8::Function> add_many;  // (rows, values) => appends one for each width
};

// Throws Error or Thrown. Brings `shape` up to date; the caller frees `table`.
v8::Local<v8::Array> RowsToJs(Realm& realm, RowShape* shape, SPITupleTable* table,
                              uint64_t count);

}  // namespace plts
