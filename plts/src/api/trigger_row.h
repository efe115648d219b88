// TriggerRow: NEW and OLD of a trigger, objects whose columns are converted when they
// are read, and converted back only where they may have changed.
#pragma once

#include <memory>

#include "convert/relation.h"
#include "js/realm.h"
#include "pg/trigger.h"

namespace plts {

// A column as JavaScript knows it.
struct TriggerCell {
  v8::Global<v8::Value> value;  // empty while nobody has asked for it
  bool written = false;
};

struct TriggerRow {
  HeapTuple tuple = nullptr;     // PostgreSQL's; null where the trigger has no such row
  bool hides_generated = false;  // they show the row before, until they are computed
  Datum* values = nullptr;       // in the call's memory, once a column was asked for
  bool* nulls = nullptr;
  std::vector<TriggerCell> cells;  // where JavaScript has its object
};

// What a frame has while a trigger runs. JavaScript never holds more of it than the
// frame's token, so nothing of it is reached after the call.
struct TriggerCall {
  TupleDesc descriptor() const { return RelationGetDescr(data->tg_relation); }

  TriggerData* data = nullptr;
  std::shared_ptr<const RelationShape> shape;
  MemoryContext memory = nullptr;
  TriggerRow old_row;
  TriggerRow new_row;
  v8::Global<v8::Value> replacement;  // what ctx.trigger.new was set to, if it was
};

// The row of the innermost call that a value is the object of, or null.
TriggerRow* RowBehind(v8::Local<v8::Value> value);

// The tuple that `row` has become: `row.tuple` itself where no column has changed.
// In the call's memory. Throws Error or Thrown.
HeapTuple ChangedTuple(Realm& realm, TriggerCall& call, TriggerRow& row);

// The tuple that an object makes in place of the new row. Throws Error or Thrown.
HeapTuple ReplacedTuple(Realm& realm, TriggerCall& call,
                        v8::Local<v8::Object> replacement);

// Natives.
void TriggerNew(const v8::FunctionCallbackInfo<v8::Value>& arguments);
void TriggerOld(const v8::FunctionCallbackInfo<v8::Value>& arguments);
void SetTriggerNew(const v8::FunctionCallbackInfo<v8::Value>& arguments);

}  // namespace plts
