// Module: V8's module records for our artifacts.

#include "js/module.h"

#include "call/driver.h"
#include "call/frame.h"
#include "call/function.h"
#include "pg/guard.h"

namespace plts {
namespace {

constexpr char kRuntimeSpecifier[] = "@stopgap/runtime";

v8::MaybeLocal<v8::Value> FillRuntimeModule(v8::Local<v8::Context> context,
                                            v8::Local<v8::Module> module) {
  v8::Isolate* isolate = context->GetIsolate();
  try {
    v8::Local<v8::Object> runtime = g_frame->realm->runtime();
    v8::Local<v8::Array> names = Checked(runtime->GetOwnPropertyNames(context));
    for (uint32_t i = 0; i < names->Length(); i++) {
      auto name = Checked(names->Get(context, i)).As<v8::String>();
      v8::Local<v8::Value> value = Checked(runtime->Get(context, name));
      if (!module->SetSyntheticModuleExport(isolate, name, value).FromMaybe(false)) {
        return {};
      }
    }
    v8::Local<v8::Promise::Resolver> done =
        Checked(v8::Promise::Resolver::New(context));
    if (!done->Resolve(context, v8::Undefined(isolate)).FromMaybe(false)) return {};
    return done->GetPromise();
  } catch (const Thrown&) {
    return {};
  }
}

v8::Local<v8::Module> RuntimeModule(Realm& realm) {
  v8::Isolate* isolate = realm.v8();
  LoadedModule& known = realm.modules[kRuntimeSpecifier];
  if (!known.module.IsEmpty()) return known.module.Get(isolate);
  v8::Local<v8::Context> context = realm.context();
  v8::Local<v8::Array> names = Checked(realm.runtime()->GetOwnPropertyNames(context));
  std::vector<v8::Local<v8::String>> exports;
  for (uint32_t i = 0; i < names->Length(); i++) {
    exports.push_back(Checked(names->Get(context, i)).As<v8::String>());
  }
#if V8_MAJOR_VERSION < 12
  const std::vector<v8::Local<v8::String>>& list = exports;
#else
  const v8::MemorySpan<const v8::Local<v8::String>> list(exports.data(),
                                                         exports.size());
#endif
  v8::Local<v8::Module> module = v8::Module::CreateSyntheticModule(
      isolate, Name(isolate, kRuntimeSpecifier), list, FillRuntimeModule);
  known.module.Reset(isolate, module);
  return module;
}

v8::MaybeLocal<v8::Module> Resolve(v8::Local<v8::Context> context,
                                   v8::Local<v8::String> specifier,
                                   v8::Local<v8::FixedArray>, v8::Local<v8::Module>) {
  v8::Isolate* isolate = context->GetIsolate();
  try {
    const std::string name = JsToDisplay(isolate, specifier);
    if (name == kRuntimeSpecifier) return RuntimeModule(*g_frame->realm);
    isolate->ThrowException(v8::Exception::TypeError(
        Utf8ToJs(isolate, "cannot find module \"" + name + "\"")));
  } catch (const Thrown&) {
    // Pending in V8.
  }
  return {};
}

v8::Local<v8::Module> Evaluate(Realm& realm, const FunctionBody& body) {
  v8::Isolate* isolate = realm.v8();
  v8::Local<v8::Context> context = realm.context();
  v8::ScriptCompiler::Source source(
      Utf8ToJs(isolate, body.compiled_js),
      ModuleScriptOrigin(isolate, Utf8ToJs(isolate, body.module_name)));
  v8::Local<v8::Module> module =
      Checked(v8::ScriptCompiler::CompileModule(isolate, &source));
  if (!module->InstantiateModule(context, Resolve).FromMaybe(false)) throw Thrown{};
  Settle(realm, *g_frame, Checked(module->Evaluate(context)));
  if (module->GetStatus() == v8::Module::kErrored) {
    isolate->ThrowException(module->GetException());
    throw Thrown{};
  }
  return module;
}

}  // namespace

v8::Local<v8::Function> HandlerFor(Realm& realm, const FunctionBody& body) {
  v8::Isolate* isolate = realm.v8();
  if (body.handler_realm == realm.id) return body.handler->Get(isolate);
  const auto known = realm.handlers.find(body.serial);
  if (known != realm.handlers.end()) {
    body.handler_realm = realm.id;
    body.handler = &known->second;
    return known->second.Get(isolate);
  }

  v8::Local<v8::Context> context = realm.context();
  v8::Local<v8::Module> module;
  const auto loaded = realm.modules.find(body.module_name);
  if (loaded != realm.modules.end()) {
    module = loaded->second.module.Get(isolate);
  } else {
    module = Evaluate(realm, body);
    realm.modules[body.module_name].module.Reset(isolate, module);
  }
  v8::Local<v8::Value> exported =
      Checked(module->GetModuleNamespace().As<v8::Object>()->Get(
          context, Utf8ToJs(isolate, body.export_name)));
  if (!exported->IsFunction()) {
    throw Error(ERRCODE_INVALID_FUNCTION_DEFINITION,
                "export \"" + body.export_name + "\" of function " + body.display_name +
                    " is not a function");
  }
  auto handler = exported.As<v8::Function>();
  realm.handlers.emplace(body.serial, v8::Global<v8::Function>(isolate, handler));
  return handler;
}

}  // namespace plts
