// Invocation: the parts of a call that every front end shares.

#include "call/invocation.h"

#include <algorithm>

#include "api/read_only.h"
#include "api/savepoint.h"
#include "call/arguments.h"
#include "call/driver.h"
#include "js/module.h"

namespace plts {
namespace {

// Adds the function to the CONTEXT of errors and messages of PostgreSQL's.
void pg_add_context(void* argument) {
  errcontext("%s", static_cast<const FunctionBody*>(argument)->title.c_str());
}

v8::Local<v8::Value> FnObject(Realm& realm, const FunctionBody& body,
                              LoadedHandler* handler) {
  v8::Isolate* isolate = realm.v8();
  if (!handler->fn.IsEmpty()) return handler->fn.Get(isolate);
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
  handler->fn.Reset(isolate, fn);
  return fn;
}

}  // namespace

CallScope::CallScope(CallFrame* frame, Realm* realm, FunctionBody* body)
    : frame_(frame) {
  const bool inherited = g_frame != nullptr && g_frame->read_only;
  if (body->read_only && !inherited) BeginReadOnly();
  frame->previous = g_frame;
  frame->realm = realm;
  frame->body = body;
  frame->read_only = body->read_only || inherited;
  frame->transaction_read_only = XactReadOnly;
  g_frame = frame;
  body->references++;
  contexts_ = error_context_stack;
  callback_.callback = pg_add_context;
  callback_.arg = body;
  callback_.previous = contexts_;
  error_context_stack = &callback_;
  if (frame->read_only) XactReadOnly = true;
}

CallScope::~CallScope() {
  XactReadOnly = frame_->transaction_read_only;
  error_context_stack = contexts_;
  g_frame = frame_->previous;
  ReleaseFunction(const_cast<FunctionBody*>(frame_->body));
}

v8::Local<v8::Value> CallHandler(const Invocation& call, v8::Local<v8::Value>* values,
                                 v8::Local<v8::Value> extra) {
  Realm& realm = call.realm;
  const FunctionBody& body = call.body;
  v8::Isolate* isolate = realm.v8();
  v8::Local<v8::Context> context = realm.context();
  v8::Local<v8::Value> self = v8::Undefined(isolate);
  LoadedHandler& loaded = HandlerFor(realm, body);
  v8::Local<v8::Function> handler = loaded.function.Get(isolate);
  v8::Local<v8::Value>* const arguments = values + kBeforeArguments;
  const auto count = static_cast<int>(body.arguments.size());
  if (body.plain && !body.uses_ctx) {
    arguments[-1] = self;
    return Settle(realm, call.frame,
                  Checked(handler->Call(context, self, count + 1, arguments - 1)));
  }
  call.frame.token = NextToken();
  v8::Local<v8::Value> token = v8::Integer::NewFromUnsigned(isolate, call.frame.token);
  v8::Local<v8::Value> fn = FnObject(realm, body, &loaded);
  v8::Local<v8::Value> mode = realm.mode(call.frame.read_only);
  if (extra.IsEmpty()) extra = self;
  // What the snapshot has serves where ctx.args is one value, or none.
  const bool one = body.document && !body.plain;
  if (one || (count == 0 && extra != self)) {
    v8::Local<v8::Value> parts[] = {handler, token, fn, one ? arguments[0] : self,
                                    mode,    extra};
    return Settle(realm, call.frame,
                  Checked(realm.call_with_ctx()->Call(context, self, 6, parts)));
  }
  v8::Local<v8::Value> before[kBeforeArguments] = {
      handler, realm.make_ctx(), token, fn, mode, extra};
  std::copy(before, before + kBeforeArguments, values);
  return Settle(realm, call.frame,
                Checked(CallerFor(realm, body, &loaded)
                            ->Call(context, self, kBeforeArguments + count, values)));
}

void FinishCall(const Invocation& call) {
  FinishStatements(call.frame);
  FinishReadOnly(call.frame);
}

void FailCall(const Invocation& call, Error* error) {
  RollbackSavepoints(call.frame);
  DiscardMicrotasks(call.realm);
  // PostgreSQL's own errors have the function in their context already.
  if (error->complete()) return;
  error->AddContext(call.body.title);
}

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

}  // namespace plts
