// Validate: the checks of CREATE FUNCTION.

#include "call/validate.h"

#include <optional>

#include "call/compilation_context.h"
#include "call/function.h"
#include "call/imports.h"
#include "call/pointer.h"
#include "call/runtime_limit.h"
#include "call/signature.h"
#include "call/source.h"
#include "compiler/compiler.h"
#include "js/generate.h"
#include "pg/document.h"
#include "pg/guard.h"

namespace plts {
namespace {

// A row of pg_proc for the extent of a scope; null where there is none.
class ProcTuple {
 public:
  explicit ProcTuple(Oid oid) {
    Guard([&] { tuple_ = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid)); });
  }
  ~ProcTuple() {
    if (HeapTupleIsValid(tuple_)) ReleaseSysCache(tuple_);
  }
  ProcTuple(const ProcTuple&) = delete;
  ProcTuple& operator=(const ProcTuple&) = delete;
  HeapTuple get() const noexcept { return tuple_; }

 private:
  HeapTuple tuple_ = nullptr;
};

// A pointer whose import map leads elsewhere than its artifact was checked with: its
// types must fit all the same.
void CheckOverrides(const Pointer& pointer, const Artifact& artifact, Oid owner) {
  if (PointerOverrides(pointer, artifact, owner).empty()) return;
  std::string map;
  for (const auto& [specifier, target] : pointer.import_map) {
    map += (map.empty() ? "{" : ", ") + JsLiteral(specifier) + ": " + JsLiteral(target);
  }
  const Source source{artifact.source_ts, {}, map + "}"};
  StartCompiler();
  ThrowDiagnostics(WithinRuntimeLimit(
      [&] { return Compile({source}, artifact.compiler_opts, false, owner); }));
}

void CheckPointer(const Pointer& pointer, const Signature& signature) {
  Artifact artifact;
  if (!ArtifactStays(pointer.artifact_hash) ||
      !ReadArtifact(pointer.artifact_hash, &artifact)) {
    throw Error(ERRCODE_UNDEFINED_OBJECT,
                "artifact " + pointer.artifact_hash + " does not exist", {},
                "Store it with plts.compile_and_store first.");
  }
  const std::optional<Document> exports = Document::Parse(artifact.exports);
  if (!exports || !exports->Has(pointer.export_name.c_str())) {
    throw Error(ERRCODE_UNDEFINED_FUNCTION, "artifact " + pointer.artifact_hash +
                                                " has no export \"" +
                                                pointer.export_name + "\"");
  }
  CheckOverrides(pointer, artifact, signature.owner);
}

void Validate(HeapTuple proc) {
  const Signature signature = ReadSignature(proc);
  if (const std::optional<Pointer> pointer = ParsePointer(signature.source)) {
    CheckPointer(*pointer, signature);
    return;
  }
  const std::vector<std::string> headers = PlainHeaders(signature);
  Artifact stored;
  bool plain = false;
  if (FindStored(signature, headers, &stored, &plain)) {
    CheckMayImport(stored, signature.owner);
    CheckForm(stored, signature);
    // Again where somebody is deleting it, which the new function is not told of.
    StoreArtifact(stored, false);
    return;
  }
  StartCompiler();
  Compilation compiled = WithinRuntimeLimit([&] {
    return Compile({{signature.source, headers}}, "{}", true, signature.owner);
  });
  if (!compiled.diagnostics.empty()) ThrowAtPosition(compiled);
  Artifact& artifact = compiled.artifacts.at(0);
  CheckForm(artifact, signature);
  artifact.hash = ArtifactHash(artifact.source_ts, "{}");
  StoreArtifact(artifact, false);
}

}  // namespace

void ValidateFunction(Oid oid) {
  const ProcTuple tuple(oid);
  if (!HeapTupleIsValid(tuple.get())) {
    throw Error(ERRCODE_UNDEFINED_FUNCTION,
                "function " + std::to_string(oid) + " does not exist");
  }
  Compiling(TitleOf(tuple.get()), [&] { Validate(tuple.get()); });
}

std::string ArtifactSource(Oid oid) {
  const ProcTuple tuple(oid);
  if (!HeapTupleIsValid(tuple.get())) return {};
  const auto* proc = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple.get()));
  Oid language = InvalidOid;
  Guard([&] { language = get_language_oid("plts", true); });
  if (proc->prolang != language) return {};
  const Signature signature = ReadSignature(tuple.get());
  if (ParsePointer(signature.source)) return {};
  return SourceModule(signature);
}

}  // namespace plts
