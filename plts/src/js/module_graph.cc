// ModuleGraph: resolving, compiling and linking.

#include "js/module_graph.h"

#include "call/function.h"
#include "call/imports.h"
#include "js/runtime_module.h"
#include "pg/document.h"

namespace plts {
namespace {

constexpr size_t kShownHash = 12;
constexpr size_t kShownUrl = 48;

// While V8 links, the graph that it asks.
ModuleGraph* g_linking = nullptr;

// A data: URL as stacks show it: cut, and without what would end a name there.
std::string ShownUrl(const std::string& url) {
  std::string shown;
  for (const char c : url.substr(0, kShownUrl)) {
    const bool breaks = c == '(' || c == ')' || c == '\n' || c == '\r';
    shown += breaks ? ' ' : c;
  }
  // Not in the middle of a character.
  while (!shown.empty() && shown.size() < url.size() &&
         (static_cast<unsigned char>(url[shown.size()]) & 0xC0) == 0x80) {
    shown.pop_back();
  }
  return shown.size() < url.size() ? shown + "…" : shown;
}

ModuleCode ArtifactCode(const std::string& name, const std::string& hash,
                        const std::string& importer) {
  Artifact artifact;
  if (!ReadArtifact(hash, &artifact)) {
    const ModuleOrigin* origin = FindModuleOrigin(importer);
    throw Error(ERRCODE_UNDEFINED_OBJECT, "artifact " + hash + " does not exist",
                "It is imported by " +
                    (origin != nullptr ? origin->display_name : importer) + ".",
                "Compile and store it again, or restore the data of plts.artifact.");
  }
  if (FindModuleOrigin(name) == nullptr) {
    const std::optional<Document> exports = Document::Parse(artifact.exports);
    const std::optional<Document> entry =
        exports ? exports->Object("default") : std::nullopt;
    const bool plain = entry && entry->Bool("plain").value_or(false);
    const size_t digits = hash.find(':') + 1;
    RememberModuleOrigin(name, {hash.substr(0, digits + kShownHash), plain ? 1 : 0,
                                artifact.source_map});
  }
  return {name, artifact.compiled_js, ImportsOf(artifact, {}), false};
}

ModuleCode DataCode(Realm& realm, const std::string& name, const std::string& url) {
  v8::Isolate* isolate = realm.v8();
  v8::Local<v8::Context> context = realm.context();
  v8::Local<v8::Value> text = Utf8ToJs(isolate, url);
  v8::Local<v8::Value> code =
      Checked(realm.data_module()->Call(context, v8::Undefined(isolate), 1, &text));
  RememberModuleOrigin(name, {ShownUrl(url), 0, {}});
  return {name, JsToUtf8(isolate, Checked(code->ToString(context)), true), {}, true};
}

}  // namespace

std::shared_ptr<LoadedModule> FindModule(Realm& realm, const std::string& name) {
  const auto found = realm.modules.find(name);
  if (found == realm.modules.end()) return nullptr;
  std::shared_ptr<LoadedModule> module = found->second.lock();
  if (module == nullptr) return nullptr;
  // Others may still hold one that failed after all: it is not used again.
  const bool failed =
      module->module.Get(realm.v8())->GetStatus() == v8::Module::kErrored;
  return failed ? nullptr : module;
}

std::shared_ptr<LoadedModule> ModuleGraph::Load(const ModuleCode& code) {
  std::shared_ptr<LoadedModule> module = FindModule(realm_, code.name);
  if (module == nullptr) module = Add(code);
  Instantiate(*module);
  return module;
}

std::shared_ptr<LoadedModule> ModuleGraph::Import(
    const std::shared_ptr<LoadedModule>& importer, const std::string& specifier) {
  std::shared_ptr<LoadedModule> module = Link(importer, specifier);
  try {
    Instantiate(*module);
  } catch (const Thrown&) {
    importer->links.erase(specifier);
    throw;
  }
  return module;
}

// Compiles a module and loads what it imports.
std::shared_ptr<LoadedModule> ModuleGraph::Add(const ModuleCode& code) {
  if (stack_is_too_deep()) {
    throw Error(ERRCODE_STATEMENT_TOO_COMPLEX, "modules import each other too deeply");
  }
  v8::Isolate* isolate = realm_.v8();
  const v8::HandleScope handles(isolate);
  v8::ScriptCompiler::Source source(
      Utf8ToJs(isolate, code.javascript),
      ModuleScriptOrigin(isolate, Utf8ToJs(isolate, code.name)));
  v8::Local<v8::Module> module =
      Checked(v8::ScriptCompiler::CompileModule(isolate, &source));
  auto added = std::make_shared<LoadedModule>();
  added->name = code.name;
  added->module.Reset(isolate, module);
  added->imports = code.imports;
  added->is_data = code.is_data;
  v8::Local<v8::FixedArray> requests = module->GetModuleRequests();
  for (int i = 0; i < requests->Length(); i++) {
    auto request = requests->Get(realm_.context(), i).As<v8::ModuleRequest>();
    Link(added, JsToUtf8(isolate, request->GetSpecifier(), true));
  }
  realm_.modules[code.name] = added;
  loaded_.push_back(added);
  return added;
}

std::shared_ptr<LoadedModule> ModuleGraph::Link(
    const std::shared_ptr<LoadedModule>& importer, const std::string& specifier) {
  v8::Isolate* isolate = realm_.v8();
  const auto known = importer->links.find(specifier);
  if (known != importer->links.end() &&
      known->second->module.Get(isolate)->GetStatus() != v8::Module::kErrored) {
    return known->second;
  }
  const auto meant = importer->imports.find(specifier);
  if (meant == importer->imports.end() && !importer->is_data) {
    isolate->ThrowException(v8::Exception::TypeError(Utf8ToJs(
        isolate, "cannot find module \"" + specifier +
                     "\": it was not imported when the function was compiled")));
    throw Thrown{};
  }
  const std::string target =
      meant == importer->imports.end() ? specifier : meant->second;
  std::shared_ptr<LoadedModule> module = AddTarget(target, importer->name);
  importer->links[specifier] = module;
  return module;
}

std::shared_ptr<LoadedModule> ModuleGraph::AddTarget(const std::string& target,
                                                     const std::string& importer) {
  if (target == kRuntimeSpecifier) return RuntimeModule(realm_);
  const std::string hash = ArtifactOf(target);
  const bool is_data = hash.empty() && target.rfind("data:", 0) == 0;
  if (hash.empty() && !is_data) {
    v8::Isolate* isolate = realm_.v8();
    isolate->ThrowException(v8::Exception::TypeError(
        Utf8ToJs(isolate, "cannot find module \"" + target + "\"")));
    throw Thrown{};
  }
  const std::string name = is_data ? "plts:data:" + Sha256(target) : "plts:" + hash;
  if (std::shared_ptr<LoadedModule> known = FindModule(realm_, name)) return known;
  return Add(is_data ? DataCode(realm_, name, target)
                     : ArtifactCode(name, hash, importer));
}

void ModuleGraph::Instantiate(const LoadedModule& module) {
  v8::Local<v8::Module> own = module.module.Get(realm_.v8());
  if (own->GetStatus() != v8::Module::kUninstantiated) return;
  ModuleGraph* const outer = std::exchange(g_linking, this);
  const v8::Maybe<bool> linked = own->InstantiateModule(realm_.context(), Resolve);
  g_linking = outer;
  if (!linked.FromMaybe(false)) throw Thrown{};
}

v8::MaybeLocal<v8::Module> ModuleGraph::Resolve(v8::Local<v8::Context> context,
                                                v8::Local<v8::String> specifier,
                                                v8::Local<v8::FixedArray>,
                                                v8::Local<v8::Module> importer) {
  v8::Isolate* isolate = context->GetIsolate();
  try {
    const std::string name = JsToDisplay(isolate, specifier);
    for (const auto& loaded : g_linking->loaded_) {
      if (loaded->module != importer) continue;
      const auto link = loaded->links.find(name);
      if (link != loaded->links.end()) return link->second->module.Get(isolate);
    }
    isolate->ThrowException(v8::Exception::TypeError(
        Utf8ToJs(isolate, "cannot find module \"" + name + "\"")));
  } catch (const Thrown&) {
    // Pending in V8.
  }
  return {};
}

v8::Local<v8::Promise> ModuleGraph::Evaluate(const LoadedModule& module) {
  v8::Local<v8::Value> promise =
      Checked(module.module.Get(realm_.v8())->Evaluate(realm_.context()));
  if (!promise->IsPromise()) {
    throw Error(ERRCODE_INTERNAL_ERROR, "V8 evaluates modules without promises");
  }
  return promise.As<v8::Promise>();
}

std::string ModuleGraph::Unsettled() {
  for (const auto& loaded : loaded_) {
    v8::Local<v8::Module> module = loaded->module.Get(realm_.v8());
    if (module->GetStatus() != v8::Module::kEvaluated) continue;
    // Asked again, V8 gives the promise of what it has begun.
    if (Evaluate(*loaded)->State() == v8::Promise::kPending) return loaded->name;
  }
  return {};
}

}  // namespace plts
