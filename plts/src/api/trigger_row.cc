// TriggerRow: the objects, their accessors, and the way back to a tuple.

#include "api/trigger_row.h"

#include "api/callback.h"
#include "convert/json_value.h"
#include "convert/members.h"
#include "pg/guard.h"
#include "pg/memory_scope.h"

namespace plts {
namespace {

// Of the objects: whose call they belong to, and which of its rows they are.
constexpr int kTokenField = 0;
constexpr int kNewField = 1;
constexpr int kFields = 2;

v8::Local<v8::Value> InternalField(v8::Local<v8::Object> object, int index) {
  return object->GetInternalField(index).As<v8::Value>();
}

// The row behind an object. Throws Error where its call is not the innermost.
TriggerRow& RowOf(v8::Local<v8::Object> object) {
  if (!IsToken(InternalField(object, kTokenField)) || g_frame->trigger == nullptr) {
    RefuseOutsideOfCall();
  }
  TriggerCall& call = *g_frame->trigger;
  return InternalField(object, kNewField)->IsTrue() ? call.new_row : call.old_row;
}

// Makes the columns of the tuple readable. May ereport.
void pg_deform(const TriggerCall& call, TriggerRow* row) {
  if (row->values != nullptr) return;
  const auto count = static_cast<size_t>(call.descriptor()->natts);
  auto* values = static_cast<Datum*>(
      MemoryContextAlloc(call.memory, count * (sizeof(Datum) + sizeof(bool))));
  row->nulls = reinterpret_cast<bool*>(values + count);
  heap_deform_tuple(row->tuple, call.descriptor(), values, row->nulls);
  row->values = values;
  if (!row->hides_generated) return;
  for (size_t i = 0; i < count; i++) {
    if (call.shape->columns[i].generated) row->nulls[i] = true;
  }
}

v8::Local<v8::Value> ReadColumn(Realm& realm, const TriggerCall& call, TriggerRow& row,
                                int column) {
  v8::Isolate* isolate = realm.v8();
  const auto at = static_cast<size_t>(column);
  TriggerCell& cell = row.cells[at];
  if (!cell.value.IsEmpty()) return cell.value.Get(isolate);
  const Converter& converter = *call.shape->columns[at].converter;
  const Conversion conversion{isolate, realm.context()};
  v8::Local<v8::Value> value;
  if (row.values != nullptr && (converter.simple_to_js || row.nulls[at])) {
    return pg_to_js(converter, conversion, {row.values[at], row.nulls[at]});
  }
  // JavaScript may run for a conversion whose memory is shorter-lived.
  const MemoryScope memory(call.memory);
  Unrecoverable(realm, [&] {
    Guard(
        [&] {
          pg_deform(call, &row);
          value = pg_to_js(converter, conversion, {row.values[at], row.nulls[at]});
        },
        World::kMixed);
  });
  // An object may be changed in place; text is not worth converting twice.
  if (!converter.simple_to_js) cell.value.Reset(isolate, value);
  return value;
}

void GetColumn(v8::Local<v8::Name>, const v8::PropertyCallbackInfo<v8::Value>& info) {
  Callback([&](Realm& realm) {
    TriggerRow& row = RowOf(info.Holder());
    info.GetReturnValue().Set(ReadColumn(realm, *g_frame->trigger, row,
                                         info.Data().As<v8::Int32>()->Value()));
  });
}

void SetColumn(v8::Local<v8::Name>, v8::Local<v8::Value> value,
               const v8::PropertyCallbackInfo<void>& info) {
  Callback([&](Realm& realm) {
    TriggerRow& row = RowOf(info.Holder());
    TriggerCell& cell =
        row.cells[static_cast<size_t>(info.Data().As<v8::Int32>()->Value())];
    cell.value.Reset(realm.v8(), value);
    cell.written = true;
  });
}

// The template of rows of this layout: own properties that can be neither deleted nor
// redefined, so that every change goes by SetColumn.
v8::Local<v8::ObjectTemplate> TemplateFor(Realm& realm, const RelationShape& shape) {
  v8::Isolate* isolate = realm.v8();
  const auto known = realm.trigger_rows.find(shape.layout);
  if (known != realm.trigger_rows.end()) return known->second.Get(isolate);
  v8::Local<v8::Context> context = realm.context();
  v8::Local<v8::FunctionTemplate> constructor = v8::FunctionTemplate::New(isolate);
  constructor->SetClassName(Name(isolate, "Object"));
  v8::Local<v8::ObjectTemplate> made = constructor->InstanceTemplate();
  made->SetInternalFieldCount(kFields);
  // V8 takes the last one first.
  for (size_t i = shape.columns.size(); i-- > 0;) {
    const RelationShape::Column& column = shape.columns[i];
    if (column.converter == nullptr) continue;
    v8::Local<v8::Name> name = Utf8ToJs(isolate, column.name);
    made->SetNativeDataProperty(name, GetColumn, SetColumn,
                                v8::Integer::New(isolate, static_cast<int>(i)),
                                v8::PropertyAttribute::DontDelete);
  }
  // Like object literals: a prototype of the template's own would be a place where one
  // function could leave something for another.
  v8::Local<v8::Function> function = Checked(constructor->GetFunction(context));
  v8::Local<v8::Value> prototype = v8::Object::New(isolate)->GetPrototype();
  if (!function->Set(context, Name(isolate, "prototype"), prototype).FromMaybe(false)) {
    throw Thrown{};
  }
  realm.trigger_rows.emplace(shape.layout,
                             v8::Global<v8::ObjectTemplate>(isolate, made));
  return made;
}

v8::Local<v8::Value> RowObject(Realm& realm, TriggerCall& call, TriggerRow& row) {
  v8::Isolate* isolate = realm.v8();
  if (row.tuple == nullptr) return v8::Null(isolate);
  v8::Local<v8::Object> object =
      Checked(TemplateFor(realm, *call.shape)->NewInstance(realm.context()));
  object->SetInternalField(kTokenField,
                           v8::Integer::NewFromUnsigned(isolate, g_frame->token));
  object->SetInternalField(kNewField, v8::Boolean::New(isolate, &row == &call.new_row));
  row.cells.resize(call.shape->columns.size());
  return object;
}

void ReturnRow(const Arguments& arguments, TriggerRow TriggerCall::*row) {
  Callback([&](Realm& realm) {
    CheckToken(arguments);
    TriggerCall* call = g_frame->trigger;
    if (call == nullptr) return;
    arguments.GetReturnValue().Set(RowObject(realm, *call, call->*row));
  });
}

// Whether a column is as it was, as far as that can be told; `out` is what it is. What
// the conversion loses, such as the spacing of json, is kept of what is as it was. May
// ereport.
bool pg_unchanged(const Converter& converter, const Conversion& conversion,
                  v8::Local<v8::Value> value, NullableDatum before,
                  NullableDatum* out) {
  *out = before;
  if (converter.quick_to_datum != nullptr && converter.by_value &&
      converter.quick_to_datum(value, &out->value)) {
    out->isnull = false;
    return !before.isnull && out->value == before.value;
  }
  *out = before;
  if (before.isnull) {
    if (value->IsNullOrUndefined()) return true;
    *out = pg_to_datum(converter, conversion, value);
    return false;
  }
  // Of json, null is a value too.
  const bool may_be_value =
      !value->IsNullOrUndefined() ||
      (value->IsNull() && (converter.base == JSONOID || converter.base == JSONBOID));
  v8::Local<v8::Value> original;
  if (may_be_value) {
    original = pg_to_js(converter, conversion, before);
    if (original->SameValue(value)) return true;
  }
  *out = pg_to_datum(converter, conversion, value);
  if (!value->IsObject()) return false;
  // An object that was read and perhaps left alone: what the original becomes tells.
  const Datum again = converter.to_datum(converter, conversion, original);
  if (!datumIsEqual(again, out->value, converter.by_value, converter.length)) {
    return false;
  }
  *out = before;
  return true;
}

// A tuple of `row`'s values, in the place of its tuple. May ereport.
HeapTuple pg_form(const TriggerCall& call, const TriggerRow& row) {
  HeapTuple made = heap_form_tuple(call.descriptor(), row.values, row.nulls);
  made->t_data->t_ctid = row.tuple->t_data->t_ctid;
  made->t_self = row.tuple->t_self;
  made->t_tableOid = row.tuple->t_tableOid;
  return made;
}

// Runs `body(&at)` in a Guard, in the call's memory; an error names column `at`.
template <class Body>
HeapTuple FormTuple(const TriggerCall& call, Body&& body) {
  const MemoryScope memory(call.memory);
  size_t at = call.shape->columns.size();
  try {
    return Guard([&] { return body(&at); }, World::kMixed);
  } catch (Error& error) {
    if (at < call.shape->columns.size()) {
      const Form_pg_attribute attribute = TupleDescAttr(call.descriptor(), at);
      error.AddContext(std::string("column \"") + NameStr(attribute->attname) +
                       "\" of SQL type " + call.shape->columns[at].converter->sql_name +
                       " of table \"" +
                       RelationGetRelationName(call.data->tg_relation) + "\"");
    }
    throw;
  }
}

// What an object gives for the columns of the new row, one for each. Throws Error where
// it has something else. May ereport.
v8::Local<v8::Value>* pg_read_members(const Conversion& conversion,
                                      const TriggerCall& call,
                                      v8::Local<v8::Object> object) {
  const std::vector<RelationShape::Column>& columns = call.shape->columns;
  ColumnNames names = pg_column_names(static_cast<int>(columns.size()));
  for (const RelationShape::Column& column : columns) {
    if (column.converter == nullptr) continue;
    new (&names.names[names.count++])
        v8::Local(Name(conversion.isolate, column.name.c_str()));
  }
  RefuseOtherMembers(
      conversion, object, names, "table",
      psprintf("\"%s\"", RelationGetRelationName(call.data->tg_relation)));
  auto* members = static_cast<v8::Local<v8::Value>*>(
      palloc0(columns.size() * sizeof(v8::Local<v8::Value>) + 1));
  uint32_t at = 0;
  bool any = false;
  for (size_t i = 0; i < columns.size(); i++) {
    if (columns[i].converter == nullptr) continue;
    new (&members[i]) v8::Local(MemberOf(conversion, object, names.names[at++]));
    any = any || !members[i]->IsUndefined();
  }
  if (!any && !IsPlainObject(conversion, object)) {
    throw Error(ERRCODE_DATATYPE_MISMATCH,
                "the row that the trigger returned has no property that is a column");
  }
  return members;
}

// PostgreSQL computes a generated column; what JavaScript gives for it must be nothing,
// or what it was. May ereport.
void pg_check_generated(const Conversion& conversion, TriggerCall& call, size_t at,
                        v8::Local<v8::Value> value) {
  if (value->IsNullOrUndefined()) return;
  if (call.old_row.tuple != nullptr) {
    pg_deform(call, &call.old_row);
    const NullableDatum before = {call.old_row.values[at], call.old_row.nulls[at]};
    NullableDatum now;
    const Converter& converter = *call.shape->columns[at].converter;
    if (pg_unchanged(converter, conversion, value, before, &now)) return;
  }
  throw Error(ERRCODE_GENERATED_ALWAYS, "a generated column cannot be set", {},
              "PostgreSQL computes it after the trigger.");
}

}  // namespace

TriggerRow* RowBehind(v8::Local<v8::Value> value) {
  if (!value->IsObject()) return nullptr;
  auto object = value.As<v8::Object>();
  const bool ours = object->InternalFieldCount() == kFields &&
                    InternalField(object, kNewField)->IsBoolean() &&
                    IsToken(InternalField(object, kTokenField));
  return ours ? &RowOf(object) : nullptr;
}

HeapTuple ChangedTuple(Realm& realm, TriggerCall& call, TriggerRow& row) {
  bool touched = false;
  for (const TriggerCell& cell : row.cells) {
    if (!cell.value.IsEmpty()) touched = true;
  }
  if (!touched) return row.tuple;
  v8::Isolate* isolate = realm.v8();
  const Conversion conversion{isolate, realm.context()};
  return FormTuple(call, [&](size_t* at) {
    bool changed = false;
    pg_deform(call, &row);
    for (*at = 0; *at < row.cells.size(); ++*at) {
      const TriggerCell& cell = row.cells[*at];
      if (cell.value.IsEmpty()) continue;
      v8::Local<v8::Value> value = cell.value.Get(isolate);
      if (!cell.written && !value->IsObject()) continue;
      if (call.shape->columns[*at].generated && cell.written) {
        pg_check_generated(conversion, call, *at, value);
        continue;
      }
      const Converter& converter = *call.shape->columns[*at].converter;
      NullableDatum now;
      if (pg_unchanged(converter, conversion, value, {row.values[*at], row.nulls[*at]},
                       &now)) {
        continue;
      }
      row.values[*at] = now.value;
      row.nulls[*at] = now.isnull;
      changed = true;
    }
    return changed ? pg_form(call, row) : row.tuple;
  });
}

HeapTuple ReplacedTuple(Realm& realm, TriggerCall& call,
                        v8::Local<v8::Object> replacement) {
  TriggerRow& row = call.new_row;
  const Conversion conversion{realm.v8(), realm.context()};
  return FormTuple(call, [&](size_t* at) {
    pg_deform(call, &row);
    v8::Local<v8::Value>* const members =
        pg_read_members(conversion, call, replacement);
    for (*at = 0; *at < call.shape->columns.size(); ++*at) {
      const RelationShape::Column& column = call.shape->columns[*at];
      if (column.converter == nullptr) continue;
      if (column.generated) {
        pg_check_generated(conversion, call, *at, members[*at]);
        continue;
      }
      NullableDatum now;
      pg_unchanged(*column.converter, conversion, members[*at],
                   {row.values[*at], row.nulls[*at]}, &now);
      row.values[*at] = now.value;
      row.nulls[*at] = now.isnull;
    }
    return pg_form(call, row);
  });
}

void TriggerNew(const Arguments& arguments) {
  ReturnRow(arguments, &TriggerCall::new_row);
}

void TriggerOld(const Arguments& arguments) {
  ReturnRow(arguments, &TriggerCall::old_row);
}

void SetTriggerNew(const Arguments& arguments) {
  Callback([&](Realm& realm) {
    CheckToken(arguments);
    TriggerCall* call = g_frame->trigger;
    if (call == nullptr) return;
    v8::Local<v8::Value> row = arguments[1];
    if (!row->IsObject() || IsJsonArray(row) || row->IsFunction()) {
      throw Error(ERRCODE_DATATYPE_MISMATCH, "ctx.trigger.new was set to no object", {},
                  "Return null to skip the row.");
    }
    if (call->new_row.tuple == nullptr) {
      throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                  "ctx.trigger.new does not exist in this trigger");
    }
    call->replacement.Reset(realm.v8(), row);
  });
}

}  // namespace plts
