// Source: finding stored artifacts by the text of a function.

#include "call/source.h"

#include <optional>

#include "call/form.h"
#include "pg/document.h"

namespace plts {

namespace {

std::string Wrapped(const std::string& header, const Signature& signature) {
  return header + signature.source + kPlainFooter;
}

// The text of a plain body may have been stored as if it were a module by hand; it
// would have no exports.
bool FindStoredModule(const Signature& signature, Artifact* artifact) {
  return ReadArtifact(ArtifactHash(signature.source, "{}"), artifact) &&
         artifact->exports != "{}";
}

bool FindStoredBody(const Signature& signature, const std::vector<std::string>& headers,
                    Artifact* artifact) {
  for (const std::string& header : headers) {
    const std::string hash = ArtifactHash(Wrapped(header, signature), "{}");
    if (ReadArtifact(hash, artifact)) return true;
  }
  return false;
}

}  // namespace

bool FindStored(const Signature& signature, const std::vector<std::string>& headers,
                Artifact* artifact, bool* plain) {
  *plain =
      !BeginsAsModule(signature.source) && FindStoredBody(signature, headers, artifact);
  return *plain || FindStoredModule(signature, artifact);
}

std::string SourceModule(const Signature& signature) {
  if (BeginsAsModule(signature.source)) return signature.source;
  const std::vector<std::string> headers = PlainHeaders(signature);
  for (const std::string& header : headers) {
    std::string module = Wrapped(header, signature);
    if (ArtifactExists(ArtifactHash(module, "{}"))) return module;
  }
  Artifact artifact;
  if (FindStoredModule(signature, &artifact)) return signature.source;
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
