// FunctionBody: loading from pg_proc, and the cache that follows its changes.

#include "call/function.h"

#include <unordered_map>

#include "call/imports.h"
#include "call/pointer.h"
#include "call/signature.h"
#include "call/source.h"
#include "compiler/compiler.h"
#include "js/realm.h"
#include "pg/document.h"
#include "pg/guard.h"

namespace plts {
namespace {

constexpr size_t kMostOrigins = 4096;

struct Entry {
  FunctionBody* body;
  uint32 hash;  // of the pg_proc row in the system cache, by which changes are told
};

struct Cache {
  std::unordered_map<Oid, Entry> current;
  std::unordered_map<std::string, ModuleOrigin> origins;
  // Serial numbers of bodies that are gone: what realms keep of them may go.
  std::vector<uint64_t> forgotten;
  uint64_t next_serial = 0;
  uint64_t changes = 0;  // how often pg_proc was seen to change
};

Cache& TheCache() {
  static Cache* cache = new Cache();
  return *cache;
}

void Retire(Cache& cache, FunctionBody* body) {
  body->current = false;
  if (body->references == 0) {
    cache.forgotten.push_back(body->serial);
    delete body;
  }
}

void FunctionsChanged(Datum, int, uint32 hash) {
  Cache& cache = TheCache();
  cache.changes++;
  for (auto at = cache.current.begin(); at != cache.current.end();) {
    if (hash != 0 && at->second.hash != hash) {
      ++at;
      continue;
    }
    Retire(cache, at->second.body);
    at = cache.current.erase(at);
  }
}

// Schemas are part of the names that errors and ctx.fn have.
void SchemasChanged(Datum argument, int cache, uint32) {
  FunctionsChanged(argument, cache, 0);
}

void ReadPointer(const Pointer& pointer, FunctionBody* body, Artifact* artifact) {
  if (!ReadArtifact(pointer.artifact_hash, artifact)) {
    throw Error(ERRCODE_UNDEFINED_OBJECT,
                "artifact " + pointer.artifact_hash + " does not exist",
                "Function " + body->display_name + " points to it.",
                "Deploy the function again, or restore the data of plts.artifact.");
  }
  body->export_name = pointer.export_name;
}

// What the name of a module has in addition where it imports something else than its
// artifact says: it is another module.
std::string Variant(const ImportMap& overrides) {
  if (overrides.empty()) return {};
  std::string text;
  for (const auto& [specifier, target] : overrides) {
    text += specifier + '\n' + target + '\n';
  }
  return "+" + Sha256(text);
}

// Takes from the artifact what a call needs.
void Adopt(const Artifact& artifact, const ImportMap& overrides, bool in_memory,
           FunctionBody* body) {
  const std::optional<Document> exports = Document::Parse(artifact.exports);
  const std::optional<Document> entry =
      exports ? exports->Object(body->export_name.c_str()) : std::nullopt;
  if (!entry) {
    throw Error(ERRCODE_UNDEFINED_FUNCTION,
                "the module of function " + body->display_name + " has no export \"" +
                    body->export_name + "\"");
  }
  body->plain = entry->Bool("plain").value_or(false);
  body->uses_ctx = entry->Bool("uses_ctx").value_or(true);
  body->read_only = entry->Text("kind").value_or("mutation") == "query";
  body->compiled_js = artifact.compiled_js;
  body->module_name = in_memory ? "plts:memory:" + std::to_string(body->serial)
                                : "plts:" + artifact.hash + Variant(overrides);
  body->imports = ImportsOf(artifact, overrides);
  RememberModuleOrigin(body->module_name,
                       {body->name, body->plain ? 1 : 0, artifact.source_map});
}

FunctionBody* Load(Cache& cache, Oid oid) {
  HeapTuple tuple = nullptr;
  Guard([&] {
    tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
    if (!HeapTupleIsValid(tuple))
      elog(ERROR, "cache lookup failed for function %u", oid);
  });
  struct Release {
    HeapTuple tuple;
    ~Release() { ReleaseSysCache(tuple); }
  } release{tuple};
  Signature signature = ReadSignature(tuple);
  auto body = std::make_unique<FunctionBody>();
  body->serial = ++cache.next_serial;
  body->oid = oid;
  body->schema = signature.schema;
  body->name = signature.name;
  body->kind = signature.kind;
  body->display_name = signature.display_name;
  body->read_only_spi = signature.read_only;
  body->result = signature.result;
  body->memory = signature.result_memory;
  body->type_generation = TypeGeneration();
  for (const Parameter& parameter : signature.inputs) {
    body->arguments.push_back(parameter.type);
    if (!parameter.type->simple_to_js) body->simple_arguments = false;
    body->argument_names.push_back(parameter.name);
  }
  body->document = body->arguments.size() == 1 &&
                   body->arguments[0]->base == JSONBOID &&
                   body->argument_names[0] == "args";

  Artifact artifact;
  ImportMap overrides;
  bool in_memory = false;
  if (const std::optional<Pointer> pointer = ParsePointer(signature.source)) {
    ReadPointer(*pointer, body.get(), &artifact);
    overrides = PointerOverrides(*pointer, artifact, signature.owner);
  } else {
    const std::vector<std::string> headers = PlainHeaders(signature);
    bool plain = false;
    if (FindStored(signature, headers, &artifact, &plain)) {
      CheckMayImport(artifact, signature.owner);
    } else {
      const Compilation compiled =
          Compile({{signature.source, headers}}, "{}", true, signature.owner);
      ThrowDiagnostics(compiled);
      artifact = compiled.artifacts.at(0);
      in_memory = true;
    }
  }
  Adopt(artifact, overrides, in_memory, body.get());
  return body.release();
}

}  // namespace

FunctionBody::~FunctionBody() {
  if (memory != nullptr) MemoryContextDelete(memory);
}

const ModuleOrigin* FindModuleOrigin(const std::string& resource_name) {
  const auto& origins = TheCache().origins;
  const auto found = origins.find(resource_name);
  return found == origins.end() ? nullptr : &found->second;
}

void RememberModuleOrigin(const std::string& resource_name, ModuleOrigin origin) {
  auto& origins = TheCache().origins;
  // Only stacks need them: losing some makes an old stack less precise.
  if (origins.size() >= kMostOrigins) origins.clear();
  origins[resource_name] = std::move(origin);
}

FunctionBody* AcquireFunction(Oid oid) {
  Cache& cache = TheCache();
  for (const uint64_t serial : cache.forgotten) Realms::Forget(serial);
  cache.forgotten.clear();
  auto found = cache.current.find(oid);
  if (found != cache.current.end() &&
      found->second.body->type_generation != TypeGeneration()) {
    Retire(cache, found->second.body);
    cache.current.erase(found);
    found = cache.current.end();
  }
  if (found == cache.current.end()) {
    uint32 hash = 0;
    Guard([&] { hash = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(oid)); });
    FunctionBody* body = nullptr;
    uint64_t seen;
    do {
      // Loading may take in changes, of this function too: then what was read is old.
      delete body;
      seen = cache.changes;
      body = Load(cache, oid);
    } while (seen != cache.changes);
    found = cache.current.insert_or_assign(oid, Entry{body, hash}).first;
  }
  found->second.body->references++;
  return found->second.body;
}

void ReleaseFunction(FunctionBody* body) {
  if (--body->references > 0 || body->current) return;
  TheCache().forgotten.push_back(body->serial);
  delete body;
}

void pg_watch_functions() {
  CacheRegisterSyscacheCallback(PROCOID, FunctionsChanged, 0);
  CacheRegisterSyscacheCallback(NAMESPACEOID, SchemasChanged, 0);
}

}  // namespace plts
