// RelationShape: the columns of one table, for rows that JavaScript sees by reference.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "convert/converter.h"

namespace plts {

// Immutable; whoever runs with one keeps it. Names are UTF-8. A partition has a shape
// of its own: its columns may be in another order than its parent's.
struct RelationShape {
  struct Column {
    std::string name;
    ConverterRef converter;  // none for a dropped column
    bool generated;
  };
  uint64_t serial;  // never used twice in a process
  uint64_t layout;  // the same for the same names in the same places
  Oid relid;
  std::string schema;
  std::string table;
  std::vector<Column> columns;
  std::unordered_map<std::string, int> by_name;  // places of those not dropped
};

// The shape of the relation as it is now. Throws Error.
std::shared_ptr<const RelationShape> ShapeOf(Relation relation);

// Registers for changes of relations and schemas, once a process. May ereport.
void pg_watch_shapes();

}  // namespace plts
