// FunctionBody: loading from pg_proc, and the cache that follows its changes.

#include "call/function.h"

#include <unordered_map>

#include "call/compilation_context.h"
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
  // One, but of a polymorphic function one for each combination of types.
  std::vector<FunctionBody*> bodies;
  bool polymorphic;
  uint64_t type_generation;
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
    for (FunctionBody* body : at->second.bodies) Retire(cache, body);
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

// What the signature says of a call.
std::unique_ptr<FunctionBody> MakeBody(Cache& cache, Signature& signature) {
  auto body = std::make_unique<FunctionBody>();
  body->serial = ++cache.next_serial;
  body->oid = signature.oid;
  body->schema = signature.schema;
  body->name = signature.name;
  body->display_name = signature.display_name;
  body->title = "PL/TS function \"" + signature.display_name + "\"";
  body->read_only_spi = signature.read_only;
  body->document = signature.document;
  body->kind = signature.kind;
  body->result = signature.result;
  body->output_row = signature.output_row;
  body->memory = std::move(signature.memory);
  body->resolved = signature.resolved;
  body->type_generation = TypeGeneration();
  for (const Parameter& parameter : signature.inputs) {
    body->arguments.push_back(parameter.type);
    if (!parameter.type->simple_to_js) body->simple_arguments = false;
    body->argument_names.push_back(parameter.name);
  }
  return body;
}

FunctionBody* Load(Cache& cache, FmgrInfo* call, bool* polymorphic) {
  const Oid oid = call->fn_oid;
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
  Signature signature = ReadSignature(tuple, call);
  *polymorphic = signature.polymorphic;
  std::unique_ptr<FunctionBody> body = MakeBody(cache, signature);
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
      Compiling(body->title, [&] {
        const Compilation compiled =
            Compile({{signature.source, headers}}, "{}", true, signature.owner);
        ThrowDiagnostics(compiled);
        artifact = compiled.artifacts.at(0);
      });
      in_memory = true;
    }
  }
  Adopt(artifact, overrides, in_memory, body.get());
  return body.release();
}

// Drops what realms keep of bodies that are gone.
void ForgetOld(Cache& cache) {
  for (const uint64_t serial : cache.forgotten) Realms::Forget(serial);
  cache.forgotten.clear();
}

// The types that a call gives to a polymorphic function.
std::vector<Oid> ResolvedTypes(FmgrInfo* call) {
  HeapTuple tuple = nullptr;
  Guard([&] {
    tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(call->fn_oid));
    if (!HeapTupleIsValid(tuple)) {
      elog(ERROR, "cache lookup failed for function %u", call->fn_oid);
    }
  });
  struct Release {
    HeapTuple tuple;
    ~Release() { ReleaseSysCache(tuple); }
  } release{tuple};
  return ReadSignature(tuple, call).resolved;
}

FunctionBody* Find(const Entry& entry, FmgrInfo* call) {
  if (!entry.polymorphic) return entry.bodies.front();
  const std::vector<Oid> types = ResolvedTypes(call);
  for (FunctionBody* body : entry.bodies) {
    if (body->resolved == types) return body;
  }
  return nullptr;
}

}  // namespace

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

FunctionBody* AcquireFunction(FmgrInfo* call) {
  Cache& cache = TheCache();
  ForgetOld(cache);
  const Oid oid = call->fn_oid;
  auto found = cache.current.find(oid);
  if (found != cache.current.end() &&
      found->second.type_generation != TypeGeneration()) {
    for (FunctionBody* body : found->second.bodies) Retire(cache, body);
    cache.current.erase(found);
    found = cache.current.end();
  }
  FunctionBody* body =
      found != cache.current.end() ? Find(found->second, call) : nullptr;
  if (body == nullptr) {
    uint32 hash = 0;
    Guard([&] { hash = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(oid)); });
    bool polymorphic = false;
    uint64_t seen;
    do {
      // Loading may take in changes, of this function too: then what was read is old.
      delete body;
      seen = cache.changes;
      body = Load(cache, call, &polymorphic);
    } while (seen != cache.changes);
    Entry& entry = cache.current[oid];
    // Of several bodies the oldest says when all of them are old.
    if (entry.bodies.empty()) entry.type_generation = body->type_generation;
    entry.polymorphic = polymorphic;
    entry.hash = hash;
    entry.bodies.push_back(body);
  }
  body->references++;
  return body;
}

FunctionBody* CompileBlock(const char* source) {
  Cache& cache = TheCache();
  ForgetOld(cache);
  Signature signature = BlockSignature(source);
  std::unique_ptr<FunctionBody> body = MakeBody(cache, signature);
  body->title = "PL/TS anonymous code block";
  body->current = false;
  body->references = 1;
  const Compilation compiled = Compiling(body->title, [&] {
    Compilation block = Compile({{signature.source, PlainHeaders(signature)}}, "{}",
                                true, signature.owner);
    if (!block.diagnostics.empty()) ThrowAtPosition(block);
    CheckForm(block.artifacts.at(0), signature);
    return block;
  });
  Adopt(compiled.artifacts.at(0), {}, true, body.get());
  return body.release();
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
