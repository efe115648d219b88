// Converter: the table of types, and what all families share.

#include "convert/converter.h"

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "convert/document.h"
#include "convert/families.h"
#include "convert/json_value.h"
#include "pg/guard.h"

namespace plts {
namespace {

struct Family {
  Oid type;
  ToJsFunction to_js;
  ToDatumFunction to_datum;
  const char* ts_type;
  const char* ts_result;
  bool simple_to_js = false;
  QuickToDatumFunction quick_to_datum = nullptr;
};

// The types that have more than their text form. What is not here goes by its kind
// (array, composite, domain), and else as text.
const Family kFamilies[] = {
    {BOOLOID, BoolToJs, BoolToDatum, "boolean", "boolean", true, BoolQuick},
    {INT2OID, Int2ToJs, Int2ToDatum, "number", "number", true, nullptr},
    {INT4OID, Int4ToJs, Int4ToDatum, "number", "number", true, Int4Quick},
    {INT8OID, Int8ToJs, Int8ToDatum, "bigint", "BigIntInput"},
    {OIDOID, OidToJs, OidToDatum, "number", "number", true, nullptr},
    {FLOAT4OID, Float4ToJs, Float4ToDatum, "number", "number", true, nullptr},
    {FLOAT8OID, Float8ToJs, Float8ToDatum, "number", "number", true, Float8Quick},
    {NUMERICOID, NumericToJs, NumericToDatum, "Numeric", "NumericInput"},
    {CASHOID, MoneyToJs, MoneyToDatum, "Numeric", "NumericInput"},
    {TEXTOID, TextToJs, TextToDatum, "string", "string"},
    {VARCHAROID, TextToJs, TextToDatum, "string", "string"},
    {NAMEOID, OtherToJs, NameToDatum, "string", "string"},
    {CHAROID, CharToJs, CharToDatum, "string", "string"},
    {DATEOID, TimeToJs, TimeToDatum, "SqlDate", "TimestampInput"},
    {TIMEOID, TimeToJs, TimeToDatum, "SqlTime", "TimestampInput"},
    {TIMETZOID, TimeToJs, TimeToDatum, "SqlTime", "TimestampInput"},
    {TIMESTAMPOID, TimeToJs, TimeToDatum, "Timestamp", "TimestampInput"},
    {TIMESTAMPTZOID, TimeToJs, TimeToDatum, "TimestampTz", "TimestampInput"},
    {BYTEAOID, ByteaToJs, ByteaToDatum, "Uint8Array", "ArrayBufferView | ArrayBuffer"},
    {JSONOID, JsonToJs, JsonToDatum, "any", "unknown"},
    {JSONBOID, JsonbToJs, JsonbToDatum, "any", "unknown"},
    {VOIDOID, VoidToJs, VoidToDatum, "void", "void", false, VoidQuick},
};

struct Key {
  Oid type;
  int32 typmod;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  size_t operator()(const Key& key) const noexcept {
    return (static_cast<size_t>(key.type) << 32) ^ static_cast<uint32>(key.typmod);
  }
};

// So many are kept that nobody uses; there are as many as types and lengths of them.
constexpr size_t kMostConverters = 2048;

struct Table {
  std::unordered_map<Key, Converter*, KeyHash> by_type;
  std::unordered_set<Converter*> all;
  // What makes them old: rows of pg_type, by their hash in the system cache, and the
  // relations whose columns they have.
  std::unordered_multimap<uint32, Converter*> types;
  std::unordered_multimap<Oid, Converter*> relations;
  bool unswept = false;  // some of them may be free to go
};

Table& TheTable() {
  static Table* table = new Table();
  return *table;
}

MemoryContext ConverterMemory() {
  static MemoryContext context = nullptr;
  if (context == nullptr) {
    context = AllocSetContextCreate(TopMemoryContext, "plts converters",
                                    ALLOCSET_DEFAULT_SIZES);
  }
  return context;
}

// Invalidations arrive anywhere, in the middle of a conversion too: they mark, and
// change nothing else.
void MarkOld(Converter* converter) {
  if (!converter->current) return;
  converter->current = false;
  g_type_generation++;
  TheTable().unswept = true;
}

void MarkAllOld() {
  for (Converter* converter : TheTable().all) MarkOld(converter);
}

void TypesChanged(Datum, int, uint32 hash) {
  if (hash == 0) return MarkAllOld();
  const auto [first, last] = TheTable().types.equal_range(hash);
  for (auto at = first; at != last; ++at) MarkOld(at->second);
}

// ALTER … ADD COLUMN and the like leave the row of the type itself alone.
void RelationChanged(Datum, Oid relation) {
  if (!OidIsValid(relation)) return MarkAllOld();
  const auto [first, last] = TheTable().relations.equal_range(relation);
  for (auto at = first; at != last; ++at) MarkOld(at->second);
}

// The converter is told of changes from here on: what is read of the type comes after.
void pg_follow_type(Converter* converter, Oid type) {
  const uint32 hash = GetSysCacheHashValue1(TYPEOID, ObjectIdGetDatum(type));
  TheTable().types.emplace(hash, converter);
}

// An empty one, with memory of its own.
Converter* pg_new_converter() {
  const MemoryContext memory =
      AllocSetContextCreate(ConverterMemory(), "plts converter", ALLOCSET_SMALL_SIZES);
  auto* converter = new (MemoryContextAllocZero(memory, sizeof(Converter))) Converter();
  converter->memory = memory;
  converter->generation = g_type_generation;
  Table& table = TheTable();
  table.all.insert(converter);
  // Until it is kept, and for good where making it fails.
  table.unswept = true;
  return converter;
}

// The converter of a part, which the whole keeps.
const Converter* pg_part(Oid type, int32 typmod = -1) {
  const Converter* part = pg_converter(type, typmod);
  KeepConverter(part);
  return part;
}

bool MayGo(const Table& table, const Converter& converter) {
  if (converter.references > 0) return false;
  return !converter.complete || !converter.cached || !IsCurrent(&converter) ||
         table.all.size() > kMostConverters;
}

template <class Index>
void Unfollow(Index* index, const Converter* converter) {
  std::erase_if(*index, [&](const auto& item) { return item.second == converter; });
}

void Free(Table& table, Converter* converter) {
  ReleaseConverter(converter->element);
  for (int i = 0; converter->fields != nullptr && i < converter->row->natts; i++) {
    ReleaseConverter(converter->fields[i].converter);
  }
  table.all.erase(converter);
  Unfollow(&table.types, converter);
  Unfollow(&table.relations, converter);
  Unfollow(&table.by_type, converter);
  MemoryContextDelete(converter->memory);
}

const Family* FindFamily(Oid type) {
  for (const Family& family : kFamilies) {
    if (family.type == type) return &family;
  }
  return nullptr;
}

char* pg_array_type(const char* element) {
  return psprintf("Array<%s | null>", element);
}

void pg_describe_row(Converter* converter) {
  TupleDesc row = converter->row;
  converter->fields =
      static_cast<Field*>(palloc0(sizeof(Field) * static_cast<size_t>(row->natts)));
  StringInfoData type;
  StringInfoData result;
  initStringInfo(&type);
  initStringInfo(&result);
  appendStringInfoString(&type, "{ ");
  appendStringInfoString(&result, "{ ");
  for (int i = 0; i < row->natts; i++) {
    Form_pg_attribute attribute = TupleDescAttr(row, i);
    if (attribute->attisdropped) continue;
    Field& field = converter->fields[i];
    field.name = pstrdup(NameStr(attribute->attname));
    const char* utf8 = pg_server_to_any(
        field.name, static_cast<int>(std::strlen(field.name)), PG_UTF8);
    field.converter = pg_part(attribute->atttypid, attribute->atttypmod);
    escape_json(&type, utf8);
    appendStringInfo(&type, ": %s | null; ", field.converter->ts_type);
    escape_json(&result, utf8);
    appendStringInfo(&result, ": %s | null; ", field.converter->ts_result);
  }
  appendStringInfoChar(&type, '}');
  appendStringInfoChar(&result, '}');
  converter->ts_type = type.data;
  converter->ts_result = result.data;
}

// Fills in what depends on the kind of the base type.
void pg_choose_family(Converter* converter) {
  const Oid base = converter->base;
  if (const Family* family = FindFamily(base)) {
    converter->to_js = family->to_js;
    converter->to_datum = family->to_datum;
    converter->ts_type = pstrdup(family->ts_type);
    converter->ts_result = pstrdup(family->ts_result);
    converter->simple_to_js = family->simple_to_js;
    if (!converter->domain) converter->quick_to_datum = family->quick_to_datum;
    return;
  }
  const Oid element = get_element_type(base);
  if (OidIsValid(element)) {
    // The modifier of an array is that of its elements.
    converter->element = pg_part(element, converter->typmod);
    converter->to_js = ArrayToJs;
    converter->to_datum = ArrayToDatum;
    converter->ts_type = pg_array_type(converter->element->ts_type);
    converter->ts_result = pg_array_type(converter->element->ts_result);
    return;
  }
  if (get_typtype(base) == TYPTYPE_COMPOSITE) {
    TheTable().relations.emplace(get_typ_typrelid(base), converter);
    TupleDesc shared = lookup_rowtype_tupdesc(base, -1);
    converter->row = CreateTupleDescCopy(shared);
    ReleaseTupleDesc(shared);
    converter->to_js = CompositeToJs;
    converter->to_datum = CompositeToDatum;
    pg_describe_row(converter);
    return;
  }
  if (base == RECORDOID) {
    converter->to_js = CompositeToJs;
    converter->to_datum = CompositeToDatum;
    converter->ts_type = pstrdup("Record<string, unknown>");
    converter->ts_result = converter->ts_type;
    return;
  }
  converter->to_js = OtherToJs;
  converter->to_datum = OtherToDatum;
  converter->ts_type = pstrdup("string");
  converter->ts_result = converter->ts_type;
}

Converter* pg_make_converter(Oid type, int32 typmod) {
  Converter* converter = pg_new_converter();
  const MemoryContext before = MemoryContextSwitchTo(converter->memory);
  pg_follow_type(converter, type);
  converter->type = type;
  converter->typmod = typmod;
  converter->base = getBaseTypeAndTypmod(type, &converter->typmod);
  converter->domain = converter->base != type;
  if (converter->domain) pg_follow_type(converter, converter->base);
  get_typlenbyvalalign(converter->base, &converter->length, &converter->by_value,
                       &converter->align);
  converter->sql_name = format_type_be(type);
  // Pseudo-types have both too, and a column can be of one: unknown in a row, anyarray
  // in pg_stats.
  Oid function;
  bool varlena;
  getTypeOutputInfo(converter->base, &function, &varlena);
  fmgr_info_cxt(function, &converter->output, converter->memory);
  getTypeInputInfo(type, &function, &converter->io_parameter);
  fmgr_info_cxt(function, &converter->input, converter->memory);
  pg_choose_family(converter);
  converter->complete = true;
  MemoryContextSwitchTo(before);
  return converter;
}

}  // namespace

void pg_watch_types() {
  CacheRegisterSyscacheCallback(TYPEOID, TypesChanged, 0);
  CacheRegisterRelcacheCallback(RelationChanged, 0);
}

bool LookWhetherCurrent(const Converter& converter) noexcept {
  bool current = converter.current && IsCurrent(converter.element);
  for (int i = 0; current && converter.fields != nullptr && i < converter.row->natts;
       i++) {
    current = IsCurrent(converter.fields[i].converter);
  }
  converter.current = current;
  converter.generation = g_type_generation;
  return current;
}

void KeepConverter(const Converter* converter) noexcept {
  if (converter != nullptr) converter->references++;
}

void ReleaseConverter(const Converter* converter) noexcept {
  if (converter == nullptr || --converter->references > 0) return;
  if (!converter->cached || !IsCurrent(converter)) TheTable().unswept = true;
}

void SweepConverters() {
  Table& table = TheTable();
  if (!table.unswept && table.all.size() <= kMostConverters) return;
  // Each may have kept others, which then go too.
  do {
    table.unswept = false;
    std::vector<Converter*> gone;
    for (Converter* converter : table.all) {
      if (MayGo(table, *converter)) gone.push_back(converter);
    }
    for (Converter* converter : gone) Free(table, converter);
  } while (table.unswept);
}

const Converter* pg_converter(Oid type, int32 typmod) {
  auto& by_type = TheTable().by_type;
  const Key key{type, typmod};
  const auto known = by_type.find(key);
  if (known != by_type.end() && IsCurrent(known->second)) return known->second;
  // One that a change has made old while it was made serves its caller, and nobody
  // after him.
  Converter* made = pg_make_converter(type, typmod);
  made->cached = true;
  by_type[key] = made;
  return made;
}

const Converter* pg_row_converter(TupleDesc descriptor) {
  Converter* converter = pg_new_converter();
  const MemoryContext before = MemoryContextSwitchTo(converter->memory);
  converter->type = converter->base = descriptor->tdtypeid;
  converter->typmod = descriptor->tdtypmod;
  converter->length = -1;
  converter->align = 'd';
  converter->row = BlessTupleDesc(CreateTupleDescCopy(descriptor));
  converter->to_js = CompositeToJs;
  converter->to_datum = CompositeToDatum;
  converter->sql_name = pstrdup("record");
  pg_describe_row(converter);
  converter->complete = true;
  MemoryContextSwitchTo(before);
  return converter;
}

NullableDatum pg_to_datum(const Converter& converter, const Conversion& conversion,
                          v8::Local<v8::Value> value) {
  NullableDatum result;
  result.isnull = value->IsNullOrUndefined();
  const bool json = converter.base == JSONOID || converter.base == JSONBOID;
  // jsonb may take a lazy document as it is.
  if (value->IsProxy() && converter.base != JSONBOID) {
    value = pg_plain(conversion, value);
  }
  const ToDatumFunction to_datum = conversion.parameter && json && value->IsString()
                                       ? OtherToDatum
                                       : converter.to_datum;
  result.value = result.isnull ? Datum{0} : to_datum(converter, conversion, value);
  if (converter.domain) {
    domain_check(result.value, result.isnull, converter.type, nullptr, nullptr);
  }
  return result;
}

NullableDatum pg_parameter_to_datum(const Converter& converter,
                                    const Conversion& conversion,
                                    v8::Local<v8::Value> value) {
  Conversion parameter = conversion;
  parameter.parameter = true;
  return pg_to_datum(converter, parameter, value);
}

namespace {

// A short word for the kind of a JavaScript value, or the name of its class where that
// is one of the language's, and the value where it is short.
void DescribeValue(const Conversion& conversion, v8::Local<v8::Value> value, char* out,
                   size_t size) {
  v8::Isolate* isolate = conversion.isolate;
  const char* kind = "value";
  if (value->IsString()) {
    kind = "string";
  } else if (value->IsNumber()) {
    kind = "number";
  } else if (value->IsBigInt()) {
    kind = "bigint";
  } else if (value->IsBoolean()) {
    kind = "boolean";
  } else if (value->IsSymbol()) {
    kind = "symbol";
  } else if (value->IsFunction()) {
    kind = "function";
  } else if (value->IsPromise()) {
    kind = "promise";
  } else if (value->IsArray()) {
    kind = "array";
  } else if (value->IsGeneratorObject()) {
    kind = "generator";
  } else if (value->IsObject()) {
    kind = "object";
    if (value->IsDate() || HasNoJson(value)) {
      const std::string name =
          JsToDisplay(isolate, value.As<v8::Object>()->GetConstructorName());
      snprintf(out, size, "%s", name.size() <= 60 ? name.c_str() : kind);
      return;
    }
  }
  v8::Local<v8::String> text;
  if ((value->IsNumber() || value->IsBigInt() || value->IsBoolean() ||
       value->IsString()) &&
      value->ToString(conversion.context).ToLocal(&text)) {
    const std::string shown = JsToDisplay(isolate, text);
    const char* quote = value->IsString() ? "\"" : "";
    if (shown.size() <= 60) {
      snprintf(out, size, "%s %s%s%s", kind, quote, shown.c_str(), quote);
      return;
    }
  }
  snprintf(out, size, "%s", kind);
}

}  // namespace

void pg_cannot_convert(const Converter& converter, const Conversion& conversion,
                       v8::Local<v8::Value> value, const char* why, const char* hint) {
  char shown[128];
  DescribeValue(conversion, value, shown, sizeof(shown));
  ereport(ERROR,
          (errcode(why != nullptr ? ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE
                                  : ERRCODE_DATATYPE_MISMATCH),
           errmsg("JavaScript %s cannot become SQL type %s", shown, converter.sql_name),
           why != nullptr ? errdetail("%s", why) : 0,
           hint != nullptr ? errhint("%s", hint) : 0));
  pg_unreachable();
}

}  // namespace plts
