// Trigger: what it is called with, and what becomes of its result.

#include "call/trigger.h"

#include "api/trigger_row.h"
#include "call/call_site.h"
#include "call/invocation.h"
#include "convert/json_value.h"
#include "convert/members.h"

namespace plts {
namespace {

constexpr size_t kMostInfos = 512;
// What V8 says of `ctx.trigger.new.nmae = 1`: rows take no properties but columns.
constexpr std::string_view kNoProperty = "Cannot add property ";
constexpr std::string_view kNotExtensible = ", object is not extensible";

// The frame's trigger, for as long as its handler and the conversion of its rows run.
class TriggerScope {
 public:
  TriggerScope(CallFrame* frame, TriggerCall* trigger) : frame_(frame) {
    frame->trigger = trigger;
  }
  ~TriggerScope() { frame_->trigger = nullptr; }
  TriggerScope(const TriggerScope&) = delete;
  TriggerScope& operator=(const TriggerScope&) = delete;

 private:
  CallFrame* frame_;
};

const char* When(TriggerEvent event) {
  if (TRIGGER_FIRED_BEFORE(event)) return "BEFORE";
  return TRIGGER_FIRED_AFTER(event) ? "AFTER" : "INSTEAD OF";
}

const char* Operation(TriggerEvent event) {
  if (TRIGGER_FIRED_BY_INSERT(event)) return "INSERT";
  if (TRIGGER_FIRED_BY_UPDATE(event)) return "UPDATE";
  return TRIGGER_FIRED_BY_DELETE(event) ? "DELETE" : "TRUNCATE";
}

v8::Local<v8::Value> Text(v8::Isolate* isolate, const char* text) {
  v8::Local<v8::Value> made;
  Guard(
      [&] { made = pg_text_to_js(isolate, text, static_cast<int>(std::strlen(text))); },
      World::kMixed);
  return made;
}

v8::Local<v8::Object> Freeze(v8::Local<v8::Context> context,
                             v8::Local<v8::Object> object) {
  if (!object->SetIntegrityLevel(context, v8::IntegrityLevel::kFrozen)
           .FromMaybe(false)) {
    throw Thrown{};
  }
  return object;
}

v8::Local<v8::Object> MakeInfo(Realm& realm, const TriggerCall& call) {
  v8::Isolate* isolate = realm.v8();
  v8::Local<v8::Context> context = realm.context();
  const Trigger& trigger = *call.data->tg_trigger;
  const TriggerEvent event = call.data->tg_event;
  v8::Local<v8::Array> arguments = v8::Array::New(isolate, trigger.tgnargs);
  for (int i = 0; i < trigger.tgnargs; i++) {
    if (!arguments
             ->CreateDataProperty(context, static_cast<uint32_t>(i),
                                  Text(isolate, trigger.tgargs[i]))
             .FromMaybe(false)) {
      throw Thrown{};
    }
  }
  v8::Local<v8::Object> info = v8::Object::New(isolate);
  const auto set = [&](const char* name, v8::Local<v8::Value> value) {
    if (!info->CreateDataProperty(context, Name(isolate, name), value)
             .FromMaybe(false)) {
      throw Thrown{};
    }
  };
  set("name", Text(isolate, trigger.tgname));
  set("when", Name(isolate, When(event)));
  set("level", Name(isolate, TRIGGER_FIRED_FOR_ROW(event) ? "ROW" : "STATEMENT"));
  set("operation", Name(isolate, Operation(event)));
  set("table", Utf8ToJs(isolate, call.shape->table));
  set("schema", Utf8ToJs(isolate, call.shape->schema));
  set("relid", v8::Integer::NewFromUnsigned(isolate, call.shape->relid));
  set("args", Freeze(context, arguments));
  return Freeze(context, info);
}

// What is the same in each call of the trigger for this event.
v8::Local<v8::Object> InfoFor(Realm& realm, const TriggerCall& call) {
  const auto key = std::make_tuple(call.shape->serial, call.data->tg_trigger->tgoid,
                                   call.data->tg_event);
  const auto known = realm.trigger_infos.find(key);
  if (known != realm.trigger_infos.end()) return known->second.Get(realm.v8());
  if (realm.trigger_infos.size() >= kMostInfos) realm.trigger_infos.clear();
  v8::Local<v8::Object> info = MakeInfo(realm, call);
  realm.trigger_infos.emplace(key, v8::Global<v8::Object>(realm.v8(), info));
  return info;
}

// The rows of the event. In BEFORE UPDATE, generated columns of the new row still have
// the values of the old one.
void TakeRows(TriggerCall* call) {
  TriggerData* data = call->data;
  const TriggerEvent event = data->tg_event;
  if (!TRIGGER_FIRED_FOR_ROW(event)) return;
  if (TRIGGER_FIRED_BY_INSERT(event)) {
    call->new_row.tuple = data->tg_trigtuple;
  } else {
    call->old_row.tuple = data->tg_trigtuple;
    if (TRIGGER_FIRED_BY_UPDATE(event)) call->new_row.tuple = data->tg_newtuple;
  }
  call->new_row.hides_generated = TRIGGER_FIRED_BEFORE(event);
}

[[noreturn]] void RefuseResult(const char* what) {
  throw Error(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
              std::string("a trigger cannot return ") + what, {},
              "Return nothing to go on with the row as it stands, null to skip it, or "
              "an object to replace it.");
}

// The row that the operation goes on with; null skips it.
HeapTuple RowOf(Realm& realm, TriggerCall& call, v8::Local<v8::Value> result) {
  if (result->IsNull()) return nullptr;
  if (!result->IsUndefined() && !result->IsObject()) RefuseResult("a plain value");
  if (IsJsonArray(result)) RefuseResult("an array");
  if (result->IsFunction()) RefuseResult("a function");
  if (result->IsGeneratorObject()) RefuseResult("a generator");
  // Which row is deleted is not the trigger's to say.
  if (TRIGGER_FIRED_BY_DELETE(call.data->tg_event)) return call.old_row.tuple;
  v8::Isolate* isolate = realm.v8();
  if (result->IsUndefined()) {
    if (call.replacement.IsEmpty()) return ChangedTuple(realm, call, call.new_row);
    result = call.replacement.Get(isolate);
  }
  if (TriggerRow* row = RowBehind(result)) return ChangedTuple(realm, call, *row);
  return ReplacedTuple(realm, call, result.As<v8::Object>());
}

// Names the column that was meant, where V8 has refused a property of nearly its name.
void HintAtColumn(const RelationShape& shape, Error* error) {
  const std::string_view message = error->data().message;
  if (error->origin() != Origin::kJavaScript || error->data().hint != nullptr) return;
  const size_t end = message.rfind(kNotExtensible);
  if (message.rfind(kNoProperty, 0) != 0 || end == std::string_view::npos) return;
  std::vector<std::string> names;
  for (const RelationShape::Column& column : shape.columns) {
    if (column.converter != nullptr) names.push_back(column.name);
  }
  const std::string meant = NearestName(
      std::string(message.substr(kNoProperty.size(), end - kNoProperty.size())), names);
  if (meant.empty()) return;
  error->data().hint = ErrorString(ForMessage("Did you mean column \"" + meant +
                                              "\" of table \"" + shape.table + "\"?"));
}

}  // namespace

Datum CallTrigger(FunctionCallInfo fcinfo) {
  return Measured([&] {
    const CallSite& site = SiteOf(fcinfo->flinfo);
    auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
    fcinfo->isnull = false;
    const std::shared_ptr<const RelationShape> shape = ShapeOf(data->tg_relation);
    try {
      return RunCall(site.body, [&](const Invocation& call) {
        TriggerCall trigger;
        trigger.data = data;
        trigger.shape = shape;
        trigger.memory = call.memory;
        TakeRows(&trigger);
        const TriggerScope scope(&call.frame, &trigger);
        v8::Local<v8::Value> info;
        if (call.body.uses_ctx) info = InfoFor(call.realm, trigger);
        v8::Local<v8::Value> values[kBeforeArguments];
        v8::Local<v8::Value> result = CallHandler(call, values, info);
        const TriggerEvent event = data->tg_event;
        if (TRIGGER_FIRED_AFTER(event) || !TRIGGER_FIRED_FOR_ROW(event)) {
          return Datum{0};
        }
        return PointerGetDatum(RowOf(call.realm, trigger, result));
      });
    } catch (Error& error) {
      HintAtColumn(*shape, &error);
      throw;
    }
  });
}

}  // namespace plts
