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
// How often a function is read that changes meanwhile.
constexpr int kMostAttempts = 2;

struct Entry {
  // One, but of a polymorphic function one for each combination of types.
  std::vector<FunctionBody*> bodies;
  bool polymorphic;
  // Of the rows of function and schema in the system caches, by which changes are told.
  uint32 hash;
  uint32 schema_hash;
};

// While a function is read: tells whether it has changed since this began.
struct Loading {
  uint32 hash;
  bool changed;
  Loading* previous;
};

struct Cache {
  std::unordered_map<Oid, Entry> entries;
  std::unordered_map<std::string, ModuleOrigin> origins;
  Loading* loading = nullptr;      // innermost
  FunctionBody* unused = nullptr;  // bodies that nobody will use again
  uint64_t next_serial = 0;
  bool marked = false;           // a change has come since the entries were looked at
  uint64_t type_generation = 0;  // when they were
};

Cache& TheCache() {
  static Cache* cache = new Cache();
  return *cache;
}

class LoadingScope {
 public:
  LoadingScope(Cache& cache, uint32 hash)
      : cache_(cache), loading_{hash, false, cache.loading} {
    cache.loading = &loading_;
  }
  ~LoadingScope() { cache_.loading = loading_.previous; }
  LoadingScope(const LoadingScope&) = delete;
  LoadingScope& operator=(const LoadingScope&) = delete;
  bool changed() const noexcept { return loading_.changed; }

 private:
  Cache& cache_;
  Loading loading_;
};

// Invalidations arrive wherever PostgreSQL looks into a catalog, also while somebody
// goes through the entries: they mark, and change nothing else.
void Mark(Cache& cache, uint32 Entry::*key, uint32 hash) {
  for (auto& [oid, entry] : cache.entries) {
    if (hash != 0 && entry.*key != hash) continue;
    for (FunctionBody* body : entry.bodies) body->current = false;
    cache.marked = true;
  }
}

void FunctionsChanged(Datum, int, uint32 hash) {
  Cache& cache = TheCache();
  Mark(cache, &Entry::hash, hash);
  for (Loading* at = cache.loading; at != nullptr; at = at->previous) {
    if (hash == 0 || at->hash == hash) at->changed = true;
  }
}

// Schemas are part of the names that errors and ctx.fn have.
void SchemasChanged(Datum, int, uint32 hash) {
  Cache& cache = TheCache();
  Mark(cache, &Entry::schema_hash, hash);
  for (Loading* at = cache.loading; at != nullptr; at = at->previous) {
    at->changed = true;
  }
}

// A body that is not the cache's, or no longer.
void Retire(Cache& cache, FunctionBody* body) noexcept {
  body->filed = false;
  body->current = false;
  if (body->references > 0) return;
  body->next = std::exchange(cache.unused, body);
}

// Takes out what has changed, and frees what nobody uses any more, with all that realms
// keep of it.
void Tidy(Cache& cache) {
  if (cache.marked || cache.type_generation != TypeGeneration()) {
    cache.marked = false;
    cache.type_generation = TypeGeneration();
    for (auto at = cache.entries.begin(); at != cache.entries.end();) {
      std::vector<FunctionBody*>& bodies = at->second.bodies;
      std::erase_if(bodies, [&](FunctionBody* body) {
        if (IsCurrent(*body)) return false;
        Retire(cache, body);
        return true;
      });
      at = bodies.empty() ? cache.entries.erase(at) : std::next(at);
    }
  }
  while (FunctionBody* body = cache.unused) {
    cache.unused = body->next;
    Realms::Forget(body->serial);
    delete body;
  }
  SweepConverters();
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
  body->resolved = signature.resolved;
  for (const Parameter& parameter : signature.inputs) {
    body->arguments.push_back(parameter.type);
    if (!parameter.type->simple_to_js) body->simple_arguments = false;
    body->argument_names.push_back(parameter.name);
  }
  return body;
}

FunctionBody* Load(Cache& cache, FmgrInfo* call, bool* polymorphic,
                   uint32* schema_hash) {
  const Oid oid = call->fn_oid;
  HeapTuple tuple = nullptr;
  Guard([&] {
    tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
    if (!HeapTupleIsValid(tuple))
      elog(ERROR, "cache lookup failed for function %u", oid);
    const Oid schema = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->pronamespace;
    *schema_hash = GetSysCacheHashValue1(NAMESPACEOID, ObjectIdGetDatum(schema));
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

// The body that is known for this call, or null.
FunctionBody* Known(const Cache& cache, FmgrInfo* call) {
  auto found = cache.entries.find(call->fn_oid);
  if (found == cache.entries.end()) return nullptr;
  std::vector<Oid> types;
  if (found->second.polymorphic) types = ResolvedTypes(call);
  // Changes may have come with that: what they marked is not current any more.
  for (FunctionBody* body : found->second.bodies) {
    if (IsCurrent(*body) && body->resolved == types) return body;
  }
  return nullptr;
}

// A body that is filed for others where it is what pg_proc says now.
FunctionBody* LoadForCall(Cache& cache, FmgrInfo* call) {
  const Oid oid = call->fn_oid;
  uint32 hash = 0;
  Guard([&] { hash = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(oid)); });
  uint32 schema_hash = 0;
  bool polymorphic = false;
  bool changed = true;
  std::unique_ptr<FunctionBody> body;
  for (int attempt = 0; changed && attempt < kMostAttempts; attempt++) {
    const LoadingScope loading(cache, hash);
    body.reset(Load(cache, call, &polymorphic, &schema_hash));
    changed = loading.changed();
  }
  if (changed) {
    // It has changed each time while it was read: this one serves this call alone.
    body->current = false;
    return body.release();
  }
  Entry& entry = cache.entries[oid];
  entry.polymorphic = polymorphic;
  entry.hash = hash;
  entry.schema_hash = schema_hash;
  entry.bodies.push_back(body.get());
  body->filed = true;
  return body.release();
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

bool IsCurrent(const FunctionBody& body) noexcept {
  if (!body.current || !IsCurrent(body.result) || !IsCurrent(body.output_row)) {
    return false;
  }
  for (const ConverterRef& argument : body.arguments) {
    if (!IsCurrent(argument)) return false;
  }
  return true;
}

FunctionBody* AcquireFunction(FmgrInfo* call) {
  Cache& cache = TheCache();
  Tidy(cache);
  FunctionBody* body = Known(cache, call);
  if (body == nullptr) body = LoadForCall(cache, call);
  body->references++;
  return body;
}

FunctionBody* CompileBlock(const char* source) {
  Cache& cache = TheCache();
  Tidy(cache);
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

void ReleaseFunction(FunctionBody* body) noexcept {
  if (--body->references > 0 || body->current || body->filed) return;
  Retire(TheCache(), body);
}

void pg_watch_functions() {
  CacheRegisterSyscacheCallback(PROCOID, FunctionsChanged, 0);
  CacheRegisterSyscacheCallback(NAMESPACEOID, SchemasChanged, 0);
}

}  // namespace plts
