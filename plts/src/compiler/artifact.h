// Artifact: rows of plts.artifact, read and written without the caller's rights.
#pragma once

#include <string>
#include <vector>

#include "pg/pg.h"

namespace plts {

struct Artifact {
  std::string hash;  // sha256:<64 hex>
  std::string source_ts;
  std::string compiled_js;
  std::string compiler_opts = "{}";  // JSON text
  std::string compiler_fingerprint;
  std::string source_map;
  std::string diagnostics = "[]";    // JSON text
  std::string exports = "{}";        // JSON text
  std::vector<std::string> imports;  // as import maps resolve them
  std::string import_map = "{}";     // JSON text: bare specifiers among them
};

// The hash of the artifact that a specifier names; empty for any other specifier.
std::string ArtifactOf(const std::string& specifier);

// The hash of a source: it names the source, its options and the contract of the
// runtime, not what a compiler made of it.
std::string ArtifactHash(const std::string& source_ts, const std::string& options);

// The hash of JavaScript that a caller supplied, in a domain of its own.
std::string SuppliedArtifactHash(const std::string& source_ts,
                                 const std::string& options,
                                 const std::string& compiled_js);

// "sha256:<64 hex>" of any text. Throws Error.
std::string Sha256(std::string_view text);

// Reads with a fresh snapshot, so that what was committed is found whatever the
// transaction's isolation level. False where there is none. Throws Error.
bool ReadArtifact(const std::string& hash, Artifact* out);

// Whether the row is there, and no other transaction is about to delete it. Throws
// Error.
bool ArtifactExists(const std::string& hash);

// The same after waiting for a transaction that is deleting the row. Throws Error.
bool ArtifactStays(const std::string& hash);

// Throws Error 42501 where the role has no SELECT on plts.artifact, which who imports
// an artifact needs; `hash` is for the message.
void CheckMayReadArtifact(const std::string& hash, Oid role);

// Stores rows, given in the order of their hashes, under as few transaction ids as
// possible; waits for other transactions that are storing the same. Throws Error.
void StoreArtifacts(const std::vector<Artifact>& artifacts);

// Stores a row as the table's owner, in a security-restricted way. With `wait` it waits
// for another transaction that is storing the same hash; without, it leaves the row to
// that one. Returns false where it did. It always waits for one that is deleting the
// row. Throws Error.
bool StoreArtifact(const Artifact& artifact, bool wait);

}  // namespace plts
