// Source: finding stored artifacts by the text of a function.

#include "call/source.h"

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

}  // namespace plts
