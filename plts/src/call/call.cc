// Call: from PostgreSQL's arguments through JavaScript to its result.

#include "call/call.h"

#include <optional>

#include "call/driver.h"
#include "call/frame.h"
#include "call/function.h"
#include "call/runtime_limit.h"
#include "js/entry.h"
#include "js/exception.h"
#include "js/generate.h"
#include "js/module.h"
#include "metrics.h"
#include "pg/guard.h"

namespace plts {
namespace {

// What a call site (an FmgrInfo) keeps: the version it first ran. A statement keeps to
// it; a call site that outlives its statement asks again once the function has changed.
struct CallSite {
  FunctionBody* body;
  TimestampTz statement;
  MemoryContextCallback release;
};

void pg_release_site(void* site) {
  ReleaseFunction(static_cast<CallSite*>(site)->body);
}

CallSite* NewSite(FmgrInfo* function) {
  FunctionBody* body = AcquireFunction(function->fn_oid);
  try {
    CallSite* site = nullptr;
    Guard([&] {
      site = static_cast<CallSite*>(
          MemoryContextAllocZero(function->fn_mcxt, sizeof(CallSite)));
      site->release.func = pg_release_site;
      site->release.arg = site;
      MemoryContextRegisterResetCallback(function->fn_mcxt, &site->release);
    });
    site->body = body;
    site->statement = GetCurrentStatementStartTimestamp();
    function->fn_extra = site;
    return site;
  } catch (...) {
    ReleaseFunction(body);
    throw;
  }
}

FunctionBody* BodyOf(FmgrInfo* function) {
  auto* site = static_cast<CallSite*>(function->fn_extra);
  if (site == nullptr) return NewSite(function)->body;
  const bool changed =
      !site->body->current || site->body->type_generation != TypeGeneration();
  if (changed && site->statement != GetCurrentStatementStartTimestamp()) {
    FunctionBody* body = AcquireFunction(function->fn_oid);
    ReleaseFunction(site->body);
    site->body = body;
    site->statement = GetCurrentStatementStartTimestamp();
  }
  return site->body;
}

// Adds the function to the CONTEXT of errors and messages of PostgreSQL's.
void pg_add_context(void* argument) {
  errcontext("PL/TS function \"%s\"",
             static_cast<const FunctionBody*>(argument)->display_name.c_str());
}

// The extent of one call: its frame, its context line, its transaction mode.
class CallScope {
 public:
  CallScope(CallFrame* frame, Realm* realm, FunctionBody* body) : frame_(frame) {
    frame->previous = g_frame;
    frame->realm = realm;
    frame->body = body;
    frame->read_only = body->read_only || (g_frame != nullptr && g_frame->read_only);
    g_frame = frame;
    body->references++;
    contexts_ = error_context_stack;
    callback_.callback = pg_add_context;
    callback_.arg = body;
    callback_.previous = contexts_;
    error_context_stack = &callback_;
    transaction_read_only_ = XactReadOnly;
    if (frame->read_only) XactReadOnly = true;
  }
  ~CallScope() {
    XactReadOnly = transaction_read_only_;
    error_context_stack = contexts_;
    g_frame = frame_->previous;
    ReleaseFunction(const_cast<FunctionBody*>(frame_->body));
  }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  CallFrame* frame_;
  ErrorContextCallback callback_;
  ErrorContextCallback* contexts_;
  bool transaction_read_only_;
};

// Ends the call in its realm, after the entry into V8 was left.
class RealmScope {
 public:
  explicit RealmScope(Realm* realm) : realm_(realm) {}
  ~RealmScope() { Realms::End(realm_); }
  RealmScope(const RealmScope&) = delete;
  RealmScope& operator=(const RealmScope&) = delete;

 private:
  Realm* realm_;
};

uint32_t NextToken() {
  static uint32_t token = 0;
  if (++token == 0) ++token;  // 0 is no token
  return token;
}

// The arguments as JavaScript values, in order.
void ConvertArguments(const Conversion& conversion, const FunctionBody& body,
                      FunctionCallInfo fcinfo, v8::Local<v8::Value>* out) {
  const size_t count = body.arguments.size();
  if (body.simple_arguments) {
    for (size_t i = 0; i < count; i++) {
      out[i] = pg_to_js(*body.arguments[i], conversion, fcinfo->args[i]);
    }
    return;
  }
  size_t at = 0;
  try {
    Guard(
        [&] {
          for (at = 0; at < count; at++) {
            out[at] = pg_to_js(*body.arguments[at], conversion, fcinfo->args[at]);
          }
        },
        World::kMixed);
  } catch (Error& error) {
    error.AddContext("parameter $" + std::to_string(at + 1) + " of SQL type " +
                     body.arguments[at]->sql_name);
    throw;
  }
}

// (arguments) => ctx.args, by name and by position.
v8::Local<v8::Function> ArgsBuilder(Realm& realm, const FunctionBody& body) {
  const auto known = realm.args_builders.find(body.serial);
  if (known != realm.args_builders.end()) return known->second.Get(realm.v8());
  std::vector<std::string> parameters;
  std::string members = "length: " + std::to_string(body.arguments.size());
  // Names come after positions: a parameter called "length" or "0" wins.
  std::string named;
  for (size_t i = 0; i < body.arguments.size(); i++) {
    const std::string value = "$" + std::to_string(i);
    parameters.push_back(value);
    members += ", " + std::to_string(i) + ": " + value;
    if (body.argument_names[i].empty()) continue;
    named += ", [" + JsLiteral(body.argument_names[i]) + "]: " + value;
  }
  v8::Local<v8::Function> builder =
      GenerateFunction(realm, parameters, "return {" + members + named + "};");
  realm.args_builders.emplace(body.serial,
                              v8::Global<v8::Function>(realm.v8(), builder));
  return builder;
}

// ctx.args: the document itself, or an object of the arguments.
v8::Local<v8::Value> ArgsObject(Realm& realm, const FunctionBody& body,
                                v8::Local<v8::Value>* values) {
  if (body.document) return values[0];
  return Checked(ArgsBuilder(realm, body)
                     ->Call(realm.context(), v8::Undefined(realm.v8()),
                            static_cast<int>(body.arguments.size()), values));
}

v8::Local<v8::Value> FnObject(Realm& realm, const FunctionBody& body) {
  const auto known = realm.fn_objects.find(body.serial);
  if (known != realm.fn_objects.end()) return known->second.Get(realm.v8());
  v8::Isolate* isolate = realm.v8();
  v8::Local<v8::Context> context = realm.context();
  v8::Local<v8::Object> fn = v8::Object::New(isolate);
  const auto set = [&](const char* name, v8::Local<v8::Value> value) {
    if (!fn->CreateDataProperty(context, Name(isolate, name), value).FromMaybe(false)) {
      throw Thrown{};
    }
  };
  set("oid", v8::Integer::NewFromUnsigned(isolate, body.oid));
  set("schema", Utf8ToJs(isolate, body.schema));
  set("name", Utf8ToJs(isolate, body.name));
  if (!fn->SetIntegrityLevel(context, v8::IntegrityLevel::kFrozen).FromMaybe(false)) {
    throw Thrown{};
  }
  realm.fn_objects.emplace(body.serial, v8::Global<v8::Object>(isolate, fn));
  return fn;
}

// Runs the handler with what its form asks for.
v8::Local<v8::Value> Invoke(Realm& realm, CallFrame& frame, const FunctionBody& body,
                            FunctionCallInfo fcinfo) {
  v8::Isolate* isolate = realm.v8();
  v8::Local<v8::Context> context = realm.context();
  v8::Local<v8::Value> self = v8::Undefined(isolate);
  const Conversion conversion{isolate, context};
  v8::Local<v8::Function> handler = HandlerFor(realm, body);
  // arguments[0] is ctx.
  v8::Local<v8::Value> arguments[FUNC_MAX_ARGS + 1];
  ConvertArguments(conversion, body, fcinfo, arguments + 1);
  const auto count = static_cast<int>(body.arguments.size());
  if (body.plain && !body.uses_ctx) {
    arguments[0] = self;
    return Checked(handler->Call(context, self, count + 1, arguments));
  }
  frame.token = NextToken();
  v8::Local<v8::Value> parts[] = {
      handler, v8::Integer::NewFromUnsigned(isolate, frame.token),
      FnObject(realm, body), ArgsObject(realm, body, arguments + 1),
      Name(isolate, frame.read_only ? "ro" : "rw")};
  if (!body.plain) return Checked(realm.call_with_ctx()->Call(context, self, 5, parts));
  arguments[0] = Checked(realm.make_ctx()->Call(context, self, 4, parts + 1));
  return Checked(handler->Call(context, self, count + 1, arguments));
}

Datum ConvertResult(Realm& realm, const FunctionBody& body, FunctionCallInfo fcinfo,
                    MemoryContext memory, v8::Local<v8::Value> value) {
  const Converter& converter = *body.result;
  if (converter.quick_to_datum != nullptr) {
    Datum quick;
    if (converter.quick_to_datum(value, &quick)) return quick;
  }
  const Conversion conversion{realm.v8(), realm.context()};
  NullableDatum result;
  try {
    Guard(
        [&] {
          MemoryContextSwitchTo(memory);
          result = pg_to_datum(converter, conversion, value);
        },
        World::kMixed);
  } catch (Error& error) {
    error.AddContext(std::string("return value of SQL type ") + converter.sql_name);
    throw;
  }
  fcinfo->isnull = result.isnull;
  return result.value;
}

// PostgreSQL's own errors have the function in their context already.
Error NameFunction(Error error, const FunctionBody& body) {
  if (!error.complete()) {
    error.AddContext("PL/TS function \"" + body.display_name + "\"");
  }
  return error;
}

Datum Run(Realm& realm, FunctionBody* body, FunctionCallInfo fcinfo) {
  const MemoryContext memory = CurrentMemoryContext;
  v8::Isolate* isolate = realm.v8();
  // The compiler's isolate is current where it is what called us.
  std::optional<v8::Isolate::Scope> isolate_scope;
  if (v8::Isolate::TryGetCurrent() != isolate) isolate_scope.emplace(isolate);
  v8::HandleScope handles(isolate);
  v8::Context::Scope context_scope(realm.context());
  v8::TryCatch try_catch(isolate);
  CallFrame frame;
  const CallScope scope(&frame, &realm, body);
  try {
    if (InterruptPending) {
      Guard([] { CHECK_FOR_INTERRUPTS(); });
    }
    v8::Local<v8::Value> value =
        Settle(realm, frame, Invoke(realm, frame, *body, fcinfo));
    const Datum result = ConvertResult(realm, *body, fcinfo, memory, value);
    // A getter that the conversion ran may have been what was stopped.
    if (realm.isolate().terminated()) throw realm.isolate().TakeTermination();
    return result;
  } catch (const Thrown&) {
    Error error = ExceptionToError(&realm, &realm.isolate(), try_catch);
    DiscardMicrotasks(realm);
    throw NameFunction(std::move(error), *body);
  } catch (Error& error) {
    DiscardMicrotasks(realm);
    throw NameFunction(std::move(error), *body);
  }
}

// Counts an error by where it arose.
void Classify(const Error& error) {
  ExecuteMetrics& metrics = g_execute_metrics;
  metrics.errors++;
  switch (error.origin()) {
    case Origin::kJavaScript:
      metrics.js_exception++;
      return;
    case Origin::kMemory:
      metrics.memory++;
      return;
    case Origin::kTimeout:
      metrics.timeout++;
      return;
    case Origin::kCancel:
      metrics.cancel++;
      return;
    case Origin::kPostgres:
      metrics.sql++;
      return;
    case Origin::kDiagnostics:
    case Origin::kOther:
      metrics.unknown++;
      return;
  }
}

}  // namespace

Datum CallFunction(FunctionCallInfo fcinfo) {
  const Measure measure(&g_execute_metrics);
  try {
    FunctionBody* body = BodyOf(fcinfo->flinfo);
    const RuntimeLimit limit;
    Realm* realm = Realms::For(GetUserId());
    Realms::Begin(realm);
    const RealmScope realm_scope(realm);
    try {
      return EnterV8(&realm->isolate(), [&] { return Run(*realm, body, fcinfo); });
    } catch (Error& error) {
      limit.Explain(&error);
      throw;
    }
  } catch (const Error& error) {
    Classify(error);
    throw;
  }
}

}  // namespace plts
