// RelationShape: made from a relation's descriptor, and the cache that follows DDL.

#include "convert/relation.h"

#include <unordered_map>

#include "pg/guard.h"

namespace plts {
namespace {

constexpr size_t kMostShapes = 512;
constexpr size_t kMostLayouts = 4096;

struct Entry {
  std::shared_ptr<const RelationShape> shape;
  bool current;
};

struct Cache {
  std::unordered_map<Oid, Entry> entries;
  std::unordered_map<std::string, uint64_t> layouts;
  uint64_t next_serial = 0;
  uint64_t next_layout = 0;
};

Cache& TheCache() {
  static Cache* cache = new Cache();
  return *cache;
}

// Allocates nothing and frees nothing: invalidations arrive anywhere.
void RelationChanged(Datum, Oid relation) {
  for (auto& [oid, entry] : TheCache().entries) {
    if (!OidIsValid(relation) || oid == relation) entry.current = false;
  }
}

void SchemasChanged(Datum argument, int, uint32) {
  RelationChanged(argument, InvalidOid);
}

// From the database's encoding.
std::string Utf8(const char* text) {
  const char* utf8 = "";
  Guard([&] {
    if (text != nullptr) {
      utf8 = pg_server_to_any(text, static_cast<int>(std::strlen(text)), PG_UTF8);
    }
  });
  return utf8;
}

bool IsCurrent(const Entry& entry) {
  if (!entry.current) return false;
  for (const RelationShape::Column& column : entry.shape->columns) {
    if (!IsCurrent(column.converter)) return false;
  }
  return true;
}

std::shared_ptr<const RelationShape> MakeShape(Cache& cache, Relation relation) {
  auto shape = std::make_shared<RelationShape>();
  shape->serial = ++cache.next_serial;
  shape->relid = RelationGetRelid(relation);
  shape->table = Utf8(RelationGetRelationName(relation));
  const char* schema = nullptr;
  Guard([&] { schema = get_namespace_name(RelationGetNamespace(relation)); });
  shape->schema = Utf8(schema);
  TupleDesc row = RelationGetDescr(relation);
  std::string key;
  for (int i = 0; i < row->natts; i++) {
    Form_pg_attribute attribute = TupleDescAttr(row, i);
    RelationShape::Column column = {{}, {}, attribute->attgenerated != '\0'};
    if (!attribute->attisdropped) {
      column.name = Utf8(NameStr(attribute->attname));
      column.converter = Guard(
          [&] { return pg_converter(attribute->atttypid, attribute->atttypmod); });
      key += column.name;
      shape->by_name.emplace(column.name, i);
    }
    key += '\0';
    shape->columns.push_back(std::move(column));
  }
  if (cache.layouts.size() >= kMostLayouts) cache.layouts.clear();
  const auto [layout, fresh] = cache.layouts.emplace(key, 0);
  if (fresh) layout->second = ++cache.next_layout;
  shape->layout = layout->second;
  return shape;
}

}  // namespace

std::shared_ptr<const RelationShape> ShapeOf(Relation relation) {
  Cache& cache = TheCache();
  const Oid relid = RelationGetRelid(relation);
  const auto known = cache.entries.find(relid);
  if (known != cache.entries.end() && IsCurrent(known->second)) {
    return known->second.shape;
  }
  // Of tables that have changed or are gone.
  std::erase_if(cache.entries,
                [](const auto& item) { return !IsCurrent(item.second); });
  if (cache.entries.size() >= kMostShapes) cache.entries.clear();
  SweepConverters();
  // Filed before it is made, so that a change that arrives meanwhile is not missed.
  Entry& entry = cache.entries[relid];
  entry.current = true;
  try {
    return entry.shape = MakeShape(cache, relation);
  } catch (...) {
    cache.entries.erase(relid);
    throw;
  }
}

void pg_watch_shapes() {
  CacheRegisterRelcacheCallback(RelationChanged, 0);
  CacheRegisterSyscacheCallback(NAMESPACEOID, SchemasChanged, 0);
}

}  // namespace plts
