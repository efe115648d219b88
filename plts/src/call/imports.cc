// Imports: reading them from artifacts.

#include "call/imports.h"

#include "pg/document.h"

namespace plts {
namespace {

ImportMap OwnMap(const Artifact& artifact) {
  const std::optional<Document> map = Document::Parse(artifact.import_map);
  return map ? map->Texts() : ImportMap();
}

}  // namespace

ModuleImports ImportsOf(const Artifact& artifact, const ImportMap& overrides) {
  ModuleImports imports;
  for (const std::string& specifier : artifact.imports) imports[specifier] = specifier;
  for (const auto& [specifier, target] : OwnMap(artifact)) imports[specifier] = target;
  for (const auto& [specifier, target] : overrides) imports[specifier] = target;
  return imports;
}

void CheckMayImport(const Artifact& artifact, Oid owner) {
  for (const std::string& specifier : artifact.imports) {
    const std::string hash = ArtifactOf(specifier);
    if (!hash.empty()) CheckMayReadArtifact(hash, owner);
  }
}

ImportMap PointerOverrides(const Pointer& pointer, const Artifact& artifact,
                           Oid owner) {
  ImportMap different;
  if (pointer.import_map.empty()) return different;
  const ImportMap own = OwnMap(artifact);
  for (const auto& [specifier, target] : pointer.import_map) {
    const auto known = own.find(specifier);
    if (known == own.end()) {
      throw Error(ERRCODE_INVALID_FUNCTION_DEFINITION, "invalid artifact pointer",
                  "Its \"import_map\" names \"" + specifier +
                      "\", which the artifact does not import.",
                  "An import map of a pointer holds what its artifact imports by a "
                  "bare specifier, and no more.");
    }
    if (known->second == target) continue;
    different.emplace(specifier, target);
    CheckMayReadArtifact(ArtifactOf(target), owner);
  }
  return different;
}

}  // namespace plts
