// Exceptions, both ways.

#include "js/exception.h"

#include "call/frame.h"
#include "call/function.h"
#include "pg/guard.h"

namespace plts {
namespace {

struct ErrorField {
  const char* name;
  char* ErrorData::*member;
};

// The fields of an SqlError that are text, by their names in JavaScript.
const ErrorField kTextFields[] = {
    {"detail", &ErrorData::detail},
    {"hint", &ErrorData::hint},
    {"schema", &ErrorData::schema_name},
    {"table", &ErrorData::table_name},
    {"column", &ErrorData::column_name},
    {"datatype", &ErrorData::datatype_name},
    {"constraint", &ErrorData::constraint_name},
};

// V8's message for 1n + 1. SQL's bigint is a JavaScript bigint, which people forget.
constexpr char kMixedBigInt[] = "Cannot mix BigInt and other types";

// What an SqlError carries that JavaScript does not see, so that an uncaught one goes
// on as it was: its context, and the statement it arose in.
v8::Local<v8::Private> OriginKey(v8::Isolate* isolate) {
  return v8::Private::ForApi(isolate, Name(isolate, "plts.origin"));
}

std::string TextOf(v8::Isolate* isolate, v8::Local<v8::Context> context,
                   v8::Local<v8::Object> object, const char* name) {
  v8::Local<v8::Value> value;
  if (!object->Get(context, Name(isolate, name)).ToLocal(&value)) return {};
  if (value->IsNumber()) {
    v8::Local<v8::String> text;
    if (!value->ToString(context).ToLocal(&text)) return {};
    return JsToDisplay(isolate, text);
  }
  return JsToDisplay(isolate, value);
}

bool ValidSqlState(const std::string& code) {
  if (code.size() != 5) return false;
  for (const char c : code) {
    if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'))) return false;
  }
  // Class 00 is success: no error can have it.
  return code.compare(0, 2, "00") != 0;
}

int ParseSqlState(const std::string& code) {
  return MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4]);
}

void RestoreOrigin(v8::Isolate* isolate, v8::Local<v8::Context> context,
                   v8::Local<v8::Value> thrown, Error* error) {
  v8::Local<v8::Value> origin;
  if (!thrown->IsObject() ||
      !thrown.As<v8::Object>()
           ->GetPrivate(context, OriginKey(isolate))
           .ToLocal(&origin) ||
      !origin->IsObject()) {
    return;
  }
  auto fields = origin.As<v8::Object>();
  const std::string inner = TextOf(isolate, context, fields, "context");
  const std::string query = TextOf(isolate, context, fields, "query");
  const std::string position = TextOf(isolate, context, fields, "position");
  ErrorData& data = error->data();
  if (!inner.empty()) {
    // It has the context of every frame below, collected when the error was raised.
    error->AddContext(ForMessage(inner));
    error->MarkComplete();
  }
  if (!query.empty() && data.internalquery == nullptr) {
    data.internalquery = ErrorString(ForMessage(query));
    data.internalpos = std::atoi(position.c_str());
  }
}

// The lines of this call come after those of what it has called, and before its title
// where the context has that already.
void InsertStack(const std::string& stack, Error* error) {
  const CallFrame* frame = g_frame;
  if (!error->complete() || frame == nullptr || frame->body == nullptr) {
    error->AddContext(stack);
    return;
  }
  const std::string& title = frame->body->title;
  int alike = 0;
  for (const CallFrame* outer = frame->previous; outer != nullptr;
       outer = outer->previous) {
    if (outer->body != nullptr && outer->body->title == title) alike++;
  }
  error->InsertContext(stack, title, alike);
}

}  // namespace

Error ValueToError(Realm* realm, v8::Local<v8::Value> thrown) {
  v8::Isolate* isolate = realm->v8();
  v8::HandleScope handles(isolate);
  v8::Local<v8::Context> context = realm->context();
  v8::TryCatch try_catch(isolate);
  v8::Local<v8::Value> described;
  if (!realm->describe_error()
           ->Call(context, v8::Undefined(isolate), 1, &thrown)
           .ToLocal(&described) ||
      !described->IsObject()) {
    if (try_catch.HasTerminated()) return realm->isolate().TakeTermination();
    return Error(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION,
                 "a JavaScript exception that cannot be described");
  }
  auto fields = described.As<v8::Object>();
  const std::string message = ForMessage(TextOf(isolate, context, fields, "message"));
  v8::Local<v8::Value> is_sql;
  int sqlstate = ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
  const bool sql = fields->Get(context, Name(isolate, "isSqlError")).ToLocal(&is_sql) &&
                   is_sql->BooleanValue(isolate);
  if (sql) {
    const std::string code = TextOf(isolate, context, fields, "code");
    if (ValidSqlState(code)) sqlstate = ParseSqlState(code);
  }
  Error error(sqlstate, message.empty() ? "JavaScript exception" : message);
  if (!sql && message.find(kMixedBigInt) != std::string::npos) {
    error.data().hint = ErrorString(
        "Convert it with Number(x), or cast the parameter or column to int in SQL.");
  }
  error.SetOrigin(sql ? Origin::kPostgres : Origin::kJavaScript);
  for (const ErrorField& field : kTextFields) {
    const std::string text = TextOf(isolate, context, fields, field.name);
    if (!text.empty()) error.data().*field.member = ErrorString(ForMessage(text));
  }
  if (sql) RestoreOrigin(isolate, context, thrown, &error);
  const std::string stack = TextOf(isolate, context, fields, "stack");
  if (!stack.empty()) InsertStack(ForMessage(stack), &error);
  return error;
}

Error ExceptionToError(Realm* realm, Isolate* isolate, v8::TryCatch& try_catch) {
  if (try_catch.HasTerminated() || isolate->terminated()) {
    try_catch.Reset();
    return isolate->TakeTermination();
  }
  v8::HandleScope handles(isolate->v8());
  v8::Local<v8::Value> thrown = try_catch.Exception();
  try_catch.Reset();
  if (thrown.IsEmpty()) {
    return Error(ERRCODE_INTERNAL_ERROR, "JavaScript stopped without an exception");
  }
  if (realm == nullptr) {
    v8::Local<v8::String> text;
    v8::TryCatch inner(isolate->v8());
    std::string message = "exception";
    if (thrown->ToString(isolate->v8()->GetCurrentContext()).ToLocal(&text)) {
      message = JsToDisplay(isolate->v8(), text);
    }
    return Error(ERRCODE_INTERNAL_ERROR, "JavaScript could not start: " + message);
  }
  return ValueToError(realm, thrown);
}

namespace {

// What an SqlError is made of, with its origin.
v8::Local<v8::Object> FieldsOf(Realm* realm, const Error& error) {
  v8::Isolate* isolate = realm->v8();
  v8::EscapableHandleScope handles(isolate);
  v8::Local<v8::Context> context = realm->context();
  const ErrorData& data = error.data();
  v8::Local<v8::Object> fields = v8::Object::New(isolate);
  v8::Local<v8::Object> origin = v8::Object::New(isolate);
  const auto set = [&](v8::Local<v8::Object> object, const char* name,
                       v8::Local<v8::Value> value) {
    if (!object->CreateDataProperty(context, Name(isolate, name), value)
             .FromMaybe(false)) {
      throw Thrown{};
    }
  };
  const auto text = [&](const char* value) {
    v8::Local<v8::String> converted;
    Guard(
        [&] {
          converted = pg_text_to_js(isolate, value, static_cast<int>(strlen(value)));
        },
        World::kMixed);
    return converted;
  };
  set(fields, "code", text(unpack_sql_state(data.sqlerrcode)));
  set(fields, "message", text(data.message != nullptr ? data.message : ""));
  for (const ErrorField& field : kTextFields) {
    const char* value = data.*field.member;
    if (value != nullptr) set(fields, field.name, text(value));
  }
  if (data.context != nullptr) set(fields, "where", text(data.context));
  const int position = data.internalpos > 0 ? data.internalpos : data.cursorpos;
  if (position > 0) set(fields, "position", v8::Integer::New(isolate, position));
  if (data.context != nullptr) set(origin, "context", text(data.context));
  if (data.internalquery != nullptr) {
    set(origin, "query", text(data.internalquery));
    set(origin, "position", v8::Integer::New(isolate, data.internalpos));
  }
  if (!fields->SetPrivate(context, OriginKey(isolate), origin).FromMaybe(false)) {
    throw Thrown{};
  }
  return handles.Escape(fields);
}

// Its stack is the one of where this is called.
v8::Local<v8::Value> MakeSqlError(Realm* realm, v8::Local<v8::Object> fields) {
  v8::Isolate* isolate = realm->v8();
  v8::Local<v8::Context> context = realm->context();
  v8::Local<v8::Private> key = OriginKey(isolate);
  v8::Local<v8::Value> argument = fields;
  v8::Local<v8::Value> made = Checked(
      realm->make_sql_error()->Call(context, v8::Undefined(isolate), 1, &argument));
  if (made->IsObject()) {
    v8::Local<v8::Value> origin = Checked(fields->GetPrivate(context, key));
    if (!made.As<v8::Object>()->SetPrivate(context, key, origin).FromMaybe(false)) {
      throw Thrown{};
    }
  }
  return made;
}

// A step of a promise that throws the SqlError of the fields that it is called with.
void ThrowFields(const v8::FunctionCallbackInfo<v8::Value>& arguments) {
  if (g_frame == nullptr || !arguments[0]->IsObject()) return;
  Realm* realm = g_frame->realm;
  try {
    realm->v8()->ThrowException(MakeSqlError(realm, arguments[0].As<v8::Object>()));
  } catch (const Thrown&) {
    // Its own exception is pending and says why.
  }
}

}  // namespace

v8::Local<v8::Value> ErrorToJs(Realm* realm, const Error& error) {
  v8::EscapableHandleScope handles(realm->v8());
  return handles.Escape(MakeSqlError(realm, FieldsOf(realm, error)));
}

void RejectWithError(Realm* realm, v8::Local<v8::Promise::Resolver> resolver,
                     const Error& error) {
  v8::Isolate* isolate = realm->v8();
  v8::HandleScope handles(isolate);
  v8::Local<v8::Context> context = realm->context();
  v8::Local<v8::Object> fields = FieldsOf(realm, error);
  v8::Local<v8::Function> thrower =
      Checked(v8::Function::New(context, ThrowFields, v8::Local<v8::Value>(), 1,
                                v8::ConstructorBehavior::kThrow));
  v8::Local<v8::Promise::Resolver> source =
      Checked(v8::Promise::Resolver::New(context));
  v8::Local<v8::Promise> failing =
      Checked(source->GetPromise()->Then(context, thrower));
  // In this order: the promise is tied to the one that fails before that does.
  if (!resolver->Resolve(context, failing).FromMaybe(false) ||
      !source->Resolve(context, fields).FromMaybe(false)) {
    throw Thrown{};
  }
}

void ThrowToJs(Realm* realm, Error error) {
  if (error.Uncatchable() || realm->isolate().doomed()) {
    realm->isolate().TerminateWith(std::move(error));
    return;
  }
  try {
    realm->v8()->ThrowException(ErrorToJs(realm, error));
  } catch (const Thrown&) {
    // Making the SqlError failed: its own exception is pending and says why.
  } catch (Error& worse) {
    realm->isolate().TerminateWith(std::move(worse));
  }
}

void OnPromiseReject(v8::PromiseRejectMessage message) {
  CallFrame* frame = g_frame;
  if (frame == nullptr) return;
  v8::Isolate* isolate = frame->realm->v8();
  v8::HandleScope handles(isolate);
  v8::Local<v8::Promise> promise = message.GetPromise();
  if (message.GetEvent() == v8::kPromiseRejectWithNoHandler) {
    frame->rejections.push_back({v8::Global<v8::Promise>(isolate, promise)});
  } else if (message.GetEvent() == v8::kPromiseHandlerAddedAfterReject) {
    std::erase_if(frame->rejections,
                  [&](const auto& known) { return known == promise; });
  }
}

}  // namespace plts
