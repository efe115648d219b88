// Source: finding stored artifacts by the text of a function.

#include "call/source.h"

#include <optional>

#include "pg/document.h"

namespace plts {

bool FindStored(const Signature& signature, const std::vector<std::string>& headers,
                Artifact* artifact, bool* plain) {
  for (const std::string& header : headers) {
    const std::string hash =
        ArtifactHash(header + signature.source + kPlainFooter, "{}");
    if (ReadArtifact(hash, artifact)) {
      *plain = true;
      return true;
    }
  }
  *plain = false;
  // The text of a plain body may have been stored as if it were a module by hand; it
  // would have neither imports nor exports.
  return ReadArtifact(ArtifactHash(signature.source, "{}"), artifact) &&
         (!artifact->imports.empty() || artifact->exports != "{}");
}

std::string SourceModule(const Signature& signature,
                         const std::vector<std::string>& headers) {
  Artifact artifact;
  bool plain = false;
  if (FindStored(signature, headers, &artifact, &plain)) return artifact.source_ts;
  return ModuleText({signature.source, headers});
}

void CheckForm(const Artifact& artifact, const Signature& signature) {
  if (signature.kind == Kind::kSet) return;
  const std::optional<Document> exports = Document::Parse(artifact.exports);
  const std::optional<Document> entry =
      exports ? exports->Object("default") : std::nullopt;
  if (!entry || !entry->Bool("generator").value_or(false)) return;
  throw Error(ERRCODE_INVALID_FUNCTION_DEFINITION,
              "the body yields rows, but " +
                  (OidIsValid(signature.oid) ? "function " + signature.display_name
                                             : std::string("a DO block")) +
                  " does not return a set",
              {}, "Declare RETURNS SETOF or RETURNS TABLE, or return the value.");
}

void ThrowAtPosition(const Compilation& compiled) {
  try {
    ThrowDiagnostics(compiled);
  } catch (Error& error) {
    error.data().cursorpos = compiled.diagnostics.front().position;
    throw;
  }
  pg_unreachable();
}

}  // namespace plts
