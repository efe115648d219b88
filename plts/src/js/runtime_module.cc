// RuntimeModule: a synthetic module over the realm's object.

#include "js/runtime_module.h"

#include "call/frame.h"

namespace plts {
namespace {

v8::MaybeLocal<v8::Value> Fill(v8::Local<v8::Context> context,
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

}  // namespace

std::shared_ptr<LoadedModule> RuntimeModule(Realm& realm) {
  if (realm.runtime_module != nullptr) return realm.runtime_module;
  v8::Isolate* isolate = realm.v8();
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
  auto made = std::make_shared<LoadedModule>();
  made->module.Reset(isolate,
                     v8::Module::CreateSyntheticModule(
                         isolate, Name(isolate, kRuntimeSpecifier), list, Fill));
  realm.runtime_module = made;
  return made;
}

}  // namespace plts
