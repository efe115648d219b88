// ModuleGraph: loads a module and what it imports, as far as the realm lacks them.
#pragma once

#include "js/realm.h"

namespace plts {

// What a module is made of.
struct ModuleCode {
  std::string name;  // its resource name
  std::string javascript;
  ModuleImports imports;
  bool is_data = false;
};

// Lives while one module is loaded and evaluated. What it has loaded goes with it
// unless somebody keeps it, so that nothing is left of what failed.
class ModuleGraph {
 public:
  explicit ModuleGraph(Realm& realm) : realm_(realm) {}
  ModuleGraph(const ModuleGraph&) = delete;
  ModuleGraph& operator=(const ModuleGraph&) = delete;

  // The module, loaded and linked if need be. Throws Error or Thrown.
  std::shared_ptr<LoadedModule> Load(const ModuleCode& code);

  // What `specifier` in `importer` stands for, linked. Throws Error or Thrown.
  std::shared_ptr<LoadedModule> Import(const std::shared_ptr<LoadedModule>& importer,
                                       const std::string& specifier);

  // Begins the evaluation; the promise is settled once it is complete.
  v8::Local<v8::Promise> Evaluate(const LoadedModule& module);

  // The resource name of a loaded module whose own evaluation is not complete, of such
  // as wait for none but themselves.
  std::string Unsettled();

 private:
  std::shared_ptr<LoadedModule> Add(const ModuleCode& code);
  std::shared_ptr<LoadedModule> Link(const std::shared_ptr<LoadedModule>& importer,
                                     const std::string& specifier);
  std::shared_ptr<LoadedModule> AddTarget(const std::string& target,
                                          const std::string& importer);
  void Instantiate(const LoadedModule& module);
  static v8::MaybeLocal<v8::Module> Resolve(v8::Local<v8::Context> context,
                                            v8::Local<v8::String> specifier,
                                            v8::Local<v8::FixedArray> attributes,
                                            v8::Local<v8::Module> importer);

  Realm& realm_;
  // What was loaded, what is imported before what imports it.
  std::vector<std::shared_ptr<LoadedModule>> loaded_;
};

// The module of that resource name, if it is loaded and has not failed.
std::shared_ptr<LoadedModule> FindModule(Realm& realm, const std::string& name);

}  // namespace plts
