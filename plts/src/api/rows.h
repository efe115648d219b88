// Rows: a result of SPI as an array of objects.
#pragma once

#include "js/realm.h"

namespace plts {

// Throws Error or Thrown. The caller frees `table`.
v8::Local<v8::Array> RowsToJs(Realm& realm, SPITupleTable* table, uint64_t count);

}  // namespace plts
