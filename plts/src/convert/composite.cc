// Composite types and records: objects by column name.

#include "convert/families.h"
#include "convert/json_value.h"
#include "convert/members.h"

namespace plts {
namespace {

// A record that a query made may say two columns of one name.
[[noreturn]] void RefuseTwice(const char* name) {
  throw Error(ERRCODE_DUPLICATE_COLUMN,
              std::string("a record has two columns named \"") + name + "\"",
              "An object has one property for each name.",
              "Give each column of it a name of its own, with AS.");
}

void pg_add_columns(const Converter& converter, const Conversion& c, HeapTuple tuple,
                    TupleDesc row, v8::Local<v8::Object> object) {
  const bool same_type = converter.row != nullptr && converter.base == row->tdtypeid &&
                         converter.row->natts == row->natts;
  for (int i = 0; i < row->natts; i++) {
    Form_pg_attribute attribute = TupleDescAttr(row, i);
    if (attribute->attisdropped) continue;
    // The type may have changed since the call began.
    const Converter* field = same_type ? converter.fields[i].converter : nullptr;
    if (field == nullptr || field->type != attribute->atttypid) {
      field = pg_converter(attribute->atttypid);
    }
    NullableDatum item;
    item.value = heap_getattr(tuple, i + 1, row, &item.isnull);
    v8::Local<v8::String> name = pg_column_name(c, NameStr(attribute->attname));
    if (row->tdtypeid == RECORDOID &&
        object->HasRealNamedProperty(c.context, name).FromMaybe(false)) {
      RefuseTwice(NameStr(attribute->attname));
    }
    if (!object->CreateDataProperty(c.context, name, pg_to_js(*field, c, item))
             .FromMaybe(false)) {
      throw Thrown{};
    }
  }
}

// Refuses to make a row of a type that is another one by now: whoever reads it would
// take it for one of the type as it is.
void pg_check_row(const Converter& converter) {
  if (IsCurrent(&converter) || converter.base == RECORDOID) return;
  TupleDesc now = lookup_rowtype_tupdesc(converter.base, -1);
  const bool same = equalTupleDescs(now, converter.row);
  ReleaseTupleDesc(now);
  if (same) return;
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("type %s has changed while the function was running",
                         converter.sql_name),
                  errhint("Run the statement again.")));
}

}  // namespace

v8::Local<v8::Value> CompositeToJs(const Converter& converter, const Conversion& c,
                                   Datum value) {
  HeapTupleHeader header = DatumGetHeapTupleHeader(value);
  // A record says itself what it is, and a named type's row may be older than the type.
  const Oid type = HeapTupleHeaderGetTypeId(header);
  const int32 typmod = HeapTupleHeaderGetTypMod(header);
  TupleDesc row = lookup_rowtype_tupdesc(type, typmod);
  HeapTupleData tuple = {};
  tuple.t_len = HeapTupleHeaderGetDatumLength(header);
  tuple.t_data = header;
  v8::Local<v8::Object> object = v8::Object::New(c.isolate);
  // Only PostgreSQL's errors release what is left pinned.
  try {
    pg_add_columns(converter, c, &tuple, row, object);
  } catch (...) {
    ReleaseTupleDesc(row);
    throw;
  }
  ReleaseTupleDesc(row);
  return object;
}

Datum CompositeToDatum(const Converter& converter, const Conversion& c,
                       v8::Local<v8::Value> value) {
  // Of an error the message can be a column.
  if (!value->IsObject() || value->IsArray() ||
      (HasNoJson(value) && !value->IsNativeError())) {
    pg_cannot_convert(converter, c, value);
  }
  if (converter.row == nullptr) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("a JavaScript object cannot become a record of unknown "
                           "columns"),
                    errhint("Name the columns: in the function's OUT parameters, in "
                            "RETURNS TABLE, or after the call with AS.")));
  }
  auto object = value.As<v8::Object>();
  TupleDesc row = converter.row;
  const auto count = static_cast<size_t>(row->natts);
  auto* values = static_cast<Datum*>(palloc0(count * sizeof(Datum)));
  auto* nulls = static_cast<bool*>(palloc(count * sizeof(bool)));
  ColumnNames columns = pg_column_names(row->natts);
  for (int i = 0; i < row->natts; i++) {
    const Field& field = converter.fields[i];
    if (field.converter == nullptr) continue;
    new (&columns.names[columns.count++]) v8::Local(pg_column_name(c, field.name));
  }
  RefuseOtherMembers(c, object, columns, "SQL type", converter.sql_name);
  uint32_t column = 0;
  bool any = false;
  for (int i = 0; i < row->natts; i++) {
    const Field& field = converter.fields[i];
    nulls[i] = true;
    if (field.converter == nullptr) continue;
    v8::Local<v8::Value> item = MemberOf(c, object, columns.names[column++]);
    any = any || !item->IsUndefined();
    const NullableDatum converted = pg_to_datum(*field.converter, c, item);
    values[i] = converted.value;
    nulls[i] = converted.isnull;
  }
  if (!any && !IsPlainObject(c, object)) pg_cannot_convert(converter, c, value);
  // Getters that ran above may have changed the type.
  pg_check_row(converter);
  HeapTuple tuple = heap_form_tuple(row, values, nulls);
  return HeapTupleGetDatum(tuple);
}

}  // namespace plts
