// Where the versions of PostgreSQL that we build for differ: one name for each thing.
// The only place that asks for PG_VERSION_NUM.
#pragma once

#include "pg/pg.h"

#if PG_VERSION_NUM < 150000
#error "PostgreSQL 15 or later is needed"
#endif

extern "C" {
#include <executor/executor.h>
#include <utils/float.h>
#include <utils/fmgroids.h>
}

namespace plts {

// Inserts a row's index entries; a unique index answers as for ON CONFLICT, without
// waiting, and `conflict` says whether it has the key.
inline List* pg_insert_index_tuples(ResultRelInfo* table, EState* estate,
                                    TupleTableSlot* slot, bool* conflict) {
#if PG_VERSION_NUM >= 160000
  return ExecInsertIndexTuples(table, slot, estate, false, true, conflict, NIL, false);
#else
  return ExecInsertIndexTuples(table, slot, estate, false, true, conflict, NIL);
#endif
}

inline Oid pg_primary_key_index(Relation table) {
#if PG_VERSION_NUM >= 180000
  return RelationGetPrimaryKeyIndex(table, false);
#else
  return RelationGetPrimaryKeyIndex(table);
#endif
}

inline double pg_float8_from_text(char* text, const char* source) {
#if PG_VERSION_NUM >= 160000
  return float8in_internal(text, nullptr, "double precision", source, nullptr);
#else
  return float8in_internal(text, nullptr, "double precision", source);
#endif
}

// The functions pg_logical_emit_message, which have one parameter more since 17.
#if PG_VERSION_NUM >= 170000
inline constexpr Oid kLogicalEmitTextMessage =
    F_PG_LOGICAL_EMIT_MESSAGE_BOOL_TEXT_TEXT_BOOL;
inline constexpr Oid kLogicalEmitBytesMessage =
    F_PG_LOGICAL_EMIT_MESSAGE_BOOL_TEXT_BYTEA_BOOL;
#else
inline constexpr Oid kLogicalEmitTextMessage = F_PG_LOGICAL_EMIT_MESSAGE_BOOL_TEXT_TEXT;
inline constexpr Oid kLogicalEmitBytesMessage =
    F_PG_LOGICAL_EMIT_MESSAGE_BOOL_TEXT_BYTEA;
#endif

// Since 17 internal subtransactions may be opened in parallel mode.
inline constexpr bool kSubtransactionsInParallelMode = PG_VERSION_NUM >= 170000;

}  // namespace plts
