// Artifact: hashing, and access to the table below SQL.

#include "compiler/artifact.h"

#include "pg/compat.h"
#include "pg/guard.h"
#include "pg/subtransaction.h"
#include "version.h"

extern "C" {
#include <access/heapam.h>
#include <catalog/pg_collation.h>
#include <catalog/pg_namespace.h>
#include <common/cryptohash.h>
#include <common/sha2.h>
#include <executor/executor.h>
#include <nodes/execnodes.h>
#include <storage/lmgr.h>
#include <utils/acl.h>
#include <utils/fmgroids.h>
}

namespace plts {
namespace {

// Grows when compiled code would mean something else under a new runtime.
constexpr char kContract[] = "plts-artifact:1";
constexpr char kSuppliedContract[] = "plts-artifact-supplied:1";

enum Column {
  kHash,
  kSource,
  kCompiled,
  kCompiledSha256,
  kOptions,
  kFingerprint,
  kCreatedAt,
  kSourceMap,
  kDiagnostics,
  kExports,
  kImports,
  kImportMap,
  kColumns
};

Oid pg_artifact_table() {
  const Oid schema = get_namespace_oid("plts", false);
  const Oid table = get_relname_relid("artifact", schema);
  if (!OidIsValid(table)) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                    errmsg("table plts.artifact does not exist"),
                    errhint("Run CREATE EXTENSION plts.")));
  }
  return table;
}

// The row of a hash, or nullptr. With a dirty snapshot `dirty` finds rows of
// transactions that still run, and its xmin says which.
HeapTuple pg_find(Relation table, const char* hash, Snapshot snapshot) {
  ScanKeyData key;
  ScanKeyInit(&key, kHash + 1, BTEqualStrategyNumber, F_TEXTEQ,
              CStringGetTextDatum(hash));
  key.sk_collation = DEFAULT_COLLATION_OID;
  const Oid index = pg_primary_key_index(table);
  SysScanDesc scan =
      systable_beginscan(table, index, OidIsValid(index), snapshot, 1, &key);
  HeapTuple tuple = systable_getnext(scan);
  if (HeapTupleIsValid(tuple)) tuple = heap_copytuple(tuple);
  systable_endscan(scan);
  return tuple;
}

// In the database's encoding to UTF-8: all of C++ holds UTF-8.
char* pg_field(HeapTuple tuple, TupleDesc row, int column) {
  // The table is an older version's until ALTER EXTENSION UPDATE.
  if (column >= row->natts) return pstrdup("");
  bool is_null;
  const Datum value = heap_getattr(tuple, column + 1, row, &is_null);
  if (is_null) return pstrdup("");
  char* own;
  const Oid type = TupleDescAttr(row, column)->atttypid;
  if (type == JSONBOID) {
    own = DatumGetCString(DirectFunctionCall1(jsonb_out, value));
  } else {
    own = TextDatumGetCString(value);
  }
  return pg_server_to_any(own, static_cast<int>(std::strlen(own)), PG_UTF8);
}

Datum pg_text(const std::string& utf8) {
  char* text = pg_any_to_server(utf8.c_str(), static_cast<int>(utf8.size()), PG_UTF8);
  return CStringGetTextDatum(text);
}

Datum pg_jsonb(const std::string& utf8) {
  char* text = pg_any_to_server(utf8.c_str(), static_cast<int>(utf8.size()), PG_UTF8);
  return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
}

void pg_fill(const Artifact& artifact, const char* compiled_hash, Datum* values,
             bool* nulls) {
  values[kHash] = pg_text(artifact.hash);
  values[kSource] = pg_text(artifact.source_ts);
  values[kCompiled] = pg_text(artifact.compiled_js);
  values[kCompiledSha256] = CStringGetTextDatum(compiled_hash);
  values[kOptions] = pg_jsonb(artifact.compiler_opts);
  values[kFingerprint] = pg_text(artifact.compiler_fingerprint);
  values[kCreatedAt] = TimestampTzGetDatum(GetCurrentTimestamp());
  nulls[kSourceMap] = artifact.source_map.empty();
  values[kSourceMap] = nulls[kSourceMap] ? Datum{0} : pg_text(artifact.source_map);
  values[kDiagnostics] = pg_jsonb(artifact.diagnostics);
  values[kExports] = pg_jsonb(artifact.exports);
  const size_t count = artifact.imports.size();
  auto* imports = static_cast<Datum*>(palloc((count + 1) * sizeof(Datum)));
  for (size_t i = 0; i < count; i++) imports[i] = pg_text(artifact.imports[i]);
  values[kImports] = PointerGetDatum(construct_array(imports, static_cast<int>(count),
                                                     TEXTOID, -1, false, TYPALIGN_INT));
  values[kImportMap] = pg_jsonb(artifact.import_map);
}

// Inserts the row and its index entries. False where the unique index has the hash
// already, of this transaction or of one that still runs; then the caller must roll the
// row back.
bool pg_insert(Relation table, Datum* values, bool* nulls) {
  EState* estate = CreateExecutorState();
  ResultRelInfo* result = makeNode(ResultRelInfo);
  InitResultRelInfo(result, table, 1, nullptr, 0);
  ExecOpenIndices(result, true);
  TupleTableSlot* slot =
      MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsHeapTuple);
  HeapTuple tuple = heap_form_tuple(RelationGetDescr(table), values, nulls);
  ExecForceStoreHeapTuple(tuple, slot, false);
  table_tuple_insert(table, slot, GetCurrentCommandId(true), 0, nullptr);
  // Asked as for ON CONFLICT, the unique index answers without waiting for anybody.
  bool conflict = false;
  List* recheck = pg_insert_index_tuples(result, estate, slot, &conflict);
  list_free(recheck);
  ExecCloseIndices(result);
  ExecDropSingleTupleTableSlot(slot);
  FreeExecutorState(estate);
  CommandCounterIncrement();
  return !conflict;
}

// An update of the extension may have come while this session had the old library.
void pg_check_layout(Relation table) {
  if (RelationGetDescr(table)->natts <= kColumns) return;
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("the library of plts is older than the extension"),
                  errdetail("The library is of version %s.", kVersion),
                  errhint("Connect again; if that does not help, install the newer "
                          "version and restart the server where it preloads plts.")));
}

// The table's owner, restricted, for the extent of a scope. Used inside Guard only, so
// it is no destructor that restores: errors reset both on their own.
struct OwnerIdentity {
  Oid user;
  int context;
};

OwnerIdentity pg_become_owner(Relation table) {
  OwnerIdentity before;
  GetUserIdAndSecContext(&before.user, &before.context);
  SetUserIdAndSecContext(table->rd_rel->relowner,
                         before.context | SECURITY_RESTRICTED_OPERATION);
  return before;
}

enum class Presence { kNone, kStored, kStoring, kDeleting };

// Where it is neither surely there nor surely not, `other` is the transaction that it
// depends on.
Presence pg_presence(const char* hash, TransactionId* other) {
  Relation table = table_open(pg_artifact_table(), AccessShareLock);
  SnapshotData dirty;
  InitDirtySnapshot(dirty);
  HeapTuple tuple = pg_find(table, hash, &dirty);
  table_close(table, AccessShareLock);
  if (!HeapTupleIsValid(tuple)) return Presence::kNone;
  *other = TransactionIdIsValid(dirty.xmin) ? dirty.xmin : dirty.xmax;
  if (TransactionIdIsValid(dirty.xmin)) return Presence::kStoring;
  return TransactionIdIsValid(dirty.xmax) ? Presence::kDeleting : Presence::kStored;
}

Presence PresenceOf(const std::string& hash, TransactionId* other) {
  return Guard([&] { return pg_presence(hash.c_str(), other); });
}

void WaitFor(TransactionId other) {
  Guard([&] { XactLockTableWait(other, nullptr, nullptr, XLTW_None); });
}

}  // namespace

std::string Sha256(std::string_view text) {
  uint8 digest[PG_SHA256_DIGEST_LENGTH];
  Guard([&] {
    pg_cryptohash_ctx* context = pg_cryptohash_create(PG_SHA256);
    if (context == nullptr || pg_cryptohash_init(context) < 0 ||
        pg_cryptohash_update(context, reinterpret_cast<const uint8*>(text.data()),
                             text.size()) < 0 ||
        pg_cryptohash_final(context, digest, sizeof(digest)) < 0) {
      elog(ERROR, "could not compute a SHA-256 hash");
    }
    pg_cryptohash_free(context);
  });
  static const char kHex[] = "0123456789abcdef";
  std::string out = "sha256:";
  for (const uint8 byte : digest) {
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

std::string ArtifactOf(const std::string& specifier) {
  constexpr std::string_view kPrefix = "plts+artifact:";
  return specifier.starts_with(kPrefix) ? specifier.substr(kPrefix.size())
                                        : std::string();
}

std::string ArtifactHash(const std::string& source_ts, const std::string& options) {
  return Sha256(std::string(kContract) + '\n' + options + '\n' + source_ts);
}

std::string SuppliedArtifactHash(const std::string& source_ts,
                                 const std::string& options,
                                 const std::string& compiled_js) {
  return Sha256(std::string(kSuppliedContract) + '\n' + options + '\n' +
                Sha256(source_ts) + '\n' + compiled_js);
}

bool ArtifactExists(const std::string& hash) {
  TransactionId other = InvalidTransactionId;
  return PresenceOf(hash, &other) == Presence::kStored;
}

bool ArtifactStays(const std::string& hash) {
  for (;;) {
    TransactionId other = InvalidTransactionId;
    const Presence presence = PresenceOf(hash, &other);
    if (presence != Presence::kDeleting) return presence != Presence::kNone;
    WaitFor(other);
  }
}

void CheckMayReadArtifact(const std::string& hash, Oid role) {
  bool may = false;
  Guard([&] {
    may = pg_class_aclcheck(pg_artifact_table(), role, ACL_SELECT) == ACLCHECK_OK;
  });
  if (may) return;
  throw Error(ERRCODE_INSUFFICIENT_PRIVILEGE,
              "permission denied to import artifact " + hash,
              "Who imports an artifact can see what is in it.",
              "The function's owner needs SELECT on plts.artifact.");
}

bool ReadArtifact(const std::string& hash, Artifact* out) {
  bool found = false;
  Guard([&] {
    Relation table = table_open(pg_artifact_table(), AccessShareLock);
    HeapTuple tuple = pg_find(table, hash.c_str(), nullptr);
    if (HeapTupleIsValid(tuple)) {
      TupleDesc row = RelationGetDescr(table);
      found = true;
      out->hash.assign(hash);
      out->source_ts.assign(pg_field(tuple, row, kSource));
      out->compiled_js.assign(pg_field(tuple, row, kCompiled));
      out->compiler_opts.assign(pg_field(tuple, row, kOptions));
      out->compiler_fingerprint.assign(pg_field(tuple, row, kFingerprint));
      out->source_map.assign(pg_field(tuple, row, kSourceMap));
      out->diagnostics.assign(pg_field(tuple, row, kDiagnostics));
      out->exports.assign(pg_field(tuple, row, kExports));
      out->import_map.assign(pg_field(tuple, row, kImportMap));
      bool is_null;
      const Datum imports = heap_getattr(tuple, kImports + 1, row, &is_null);
      out->imports.clear();
      if (!is_null) {
        Datum* items;
        int count;
        deconstruct_array(DatumGetArrayTypeP(imports), TEXTOID, -1, false, TYPALIGN_INT,
                          &items, nullptr, &count);
        for (int i = 0; i < count; i++) {
          char* own = TextDatumGetCString(items[i]);
          out->imports.emplace_back(
              pg_server_to_any(own, static_cast<int>(std::strlen(own)), PG_UTF8));
        }
      }
    }
    table_close(table, AccessShareLock);
  });
  return found;
}

namespace {

// The unique index has a row's hash already.
struct Conflict {};

// The table is written below SQL, where nothing else asks. May ereport.
void pg_check_may_write() {
  constexpr char kWhat[] = "INSERT on plts.artifact";
  PreventCommandIfReadOnly(kWhat);
  PreventCommandIfParallelMode(kWhat);
  PreventCommandDuringRecovery(kWhat);
}

// Inserts rows that were not there a moment ago. Throws Conflict where one is there
// now; the caller's subtransaction takes all of them back.
void InsertRows(const Artifact* artifacts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const std::string compiled_hash = Sha256(artifacts[i].compiled_js);
    bool inserted = false;
    Guard([&] {
      Relation table = table_open(pg_artifact_table(), RowExclusiveLock);
      pg_check_layout(table);
      const OwnerIdentity before = pg_become_owner(table);
      Datum values[kColumns] = {};
      bool nulls[kColumns] = {};
      pg_fill(artifacts[i], compiled_hash.c_str(), values, nulls);
      inserted = pg_insert(table, values, nulls);
      SetUserIdAndSecContext(before.user, before.context);
      table_close(table, NoLock);
    });
    if (!inserted) throw Conflict{};
  }
}

}  // namespace

void StoreArtifacts(const std::vector<Artifact>& artifacts) {
  if (!artifacts.empty()) Guard(pg_check_may_write);
  try {
    InSubtransaction([&] { InsertRows(artifacts.data(), artifacts.size()); });
  } catch (const Conflict&) {
    // Another session has some of them: take them one by one, waiting where it must.
    for (const Artifact& artifact : artifacts) StoreArtifact(artifact, true);
  }
}

bool StoreArtifact(const Artifact& artifact, bool wait) {
  for (;;) {
    TransactionId other = InvalidTransactionId;
    const Presence presence = PresenceOf(artifact.hash, &other);
    if (presence == Presence::kStored) return true;
    if (presence != Presence::kNone) {
      if (presence == Presence::kStoring && !wait) return false;
      WaitFor(other);
      continue;
    }
    Guard(pg_check_may_write);
    try {
      InSubtransaction([&] { InsertRows(&artifact, 1); });
      return true;
    } catch (const Conflict&) {
      // Somebody was faster: look again whose it is.
    }
  }
}

}  // namespace plts
