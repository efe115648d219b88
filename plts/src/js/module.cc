// Module: the modules of function bodies, and import().

#include "js/module.h"

#include "call/driver.h"
#include "call/function.h"
#include "js/exception.h"
#include "js/module_graph.h"

namespace plts {
namespace {

[[noreturn]] void ThrowUnsettled(ModuleGraph& graph, const FunctionBody& body) {
  const ModuleOrigin* origin = FindModuleOrigin(graph.Unsettled());
  throw Error(
      ERRCODE_EXTERNAL_ROUTINE_EXCEPTION,
      "the top-level await of module " +
          (origin != nullptr ? origin->display_name : body.display_name) +
          " never settles",
      "While modules are evaluated there is nothing that could settle it later.");
}

// Evaluates a module to its end.
void Complete(Realm& realm, ModuleGraph& graph, LoadedModule& module,
              const FunctionBody& body) {
  if (module.ready) return;
  v8::Local<v8::Promise> promise = graph.Evaluate(module);
  Drain(realm, *g_frame);
  if (promise->State() == v8::Promise::kPending) ThrowUnsettled(graph, body);
  Settle(realm, *g_frame, promise);
  module.ready = true;
}

// (…) => the value that it was made with.
void GiveBack(const v8::FunctionCallbackInfo<v8::Value>& arguments) {
  arguments.GetReturnValue().Set(arguments.Data());
}

// The promise of a module's namespace.
v8::Local<v8::Promise> ImportBy(Realm& realm, v8::Local<v8::Value> resource,
                                v8::Local<v8::String> specifier) {
  v8::Isolate* isolate = realm.v8();
  v8::Local<v8::Context> context = realm.context();
  const std::shared_ptr<LoadedModule> importer =
      FindModule(realm, JsToDisplay(isolate, resource));
  if (importer == nullptr) {
    isolate->ThrowException(v8::Exception::TypeError(
        Name(isolate, "import() works in modules that are still in use only")));
    throw Thrown{};
  }
  ModuleGraph graph(realm);
  const std::shared_ptr<LoadedModule> module =
      graph.Import(importer, JsToUtf8(isolate, specifier, true));
  v8::Local<v8::Promise> evaluated = graph.Evaluate(*module);
  v8::Local<v8::Value> exports = module->module.Get(isolate)->GetModuleNamespace();
  return Checked(
      evaluated->Then(context, Checked(v8::Function::New(context, GiveBack, exports))));
}

v8::MaybeLocal<v8::Promise> Rejected(v8::Local<v8::Context> context,
                                     v8::Local<v8::Value> reason) {
  v8::Local<v8::Promise::Resolver> resolver;
  if (!v8::Promise::Resolver::New(context).ToLocal(&resolver)) return {};
  if (!resolver->Reject(context, reason).FromMaybe(false)) return {};
  return resolver->GetPromise();
}

}  // namespace

LoadedHandler& HandlerFor(Realm& realm, const FunctionBody& body) {
  if (body.handler_realm == realm.id) return *body.handler;
  const auto known = realm.handlers.find(body.serial);
  if (known != realm.handlers.end()) {
    body.handler_realm = realm.id;
    body.handler = &known->second;
    return known->second;
  }

  v8::Isolate* isolate = realm.v8();
  ModuleGraph graph(realm);
  const std::shared_ptr<LoadedModule> module =
      graph.Load({body.module_name, body.compiled_js, body.imports});
  Complete(realm, graph, *module, body);
  v8::Local<v8::Object> exports =
      module->module.Get(isolate)->GetModuleNamespace().As<v8::Object>();
  v8::Local<v8::Value> exported =
      Checked(exports->Get(realm.context(), Utf8ToJs(isolate, body.export_name)));
  if (!exported->IsFunction()) {
    throw Error(ERRCODE_INVALID_FUNCTION_DEFINITION,
                "export \"" + body.export_name + "\" of function " + body.display_name +
                    " is not a function");
  }
  LoadedHandler& handler = realm.handlers[body.serial];
  handler.function.Reset(isolate, exported.As<v8::Function>());
  handler.module = module;
  return handler;
}

v8::MaybeLocal<v8::Promise> ImportDynamically(v8::Local<v8::Context> context,
                                              v8::Local<v8::Data>,
                                              v8::Local<v8::Value> resource,
                                              v8::Local<v8::String> specifier,
                                              v8::Local<v8::FixedArray>) {
  if (g_frame == nullptr) return {};
  Realm& realm = *g_frame->realm;
  v8::Isolate* isolate = realm.v8();
  v8::EscapableHandleScope handles(isolate);
  v8::TryCatch try_catch(isolate);
  v8::Local<v8::Value> reason;
  try {
    try {
      return handles.Escape(ImportBy(realm, resource, specifier));
    } catch (Error& error) {
      if (error.Uncatchable() || realm.isolate().doomed()) {
        realm.isolate().TerminateWith(std::move(error));
        return {};
      }
      reason = ErrorToJs(&realm, error);
    }
  } catch (const Thrown&) {
    if (try_catch.HasTerminated()) {
      try_catch.ReThrow();
      return {};
    }
    reason = try_catch.Exception();
  } catch (Error& worse) {
    realm.isolate().TerminateWith(std::move(worse));
    return {};
  }
  try_catch.Reset();
  v8::Local<v8::Promise> promise;
  if (!Rejected(context, reason).ToLocal(&promise)) return {};
  return handles.Escape(promise);
}

}  // namespace plts
