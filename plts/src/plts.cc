// The front door: what PostgreSQL loads and calls.

#include "api/plan.h"
#include "api/read_only.h"
#include "call/call.h"
#include "call/event_trigger.h"
#include "call/function.h"
#include "call/rehearsal.h"
#include "call/trigger.h"
#include "call/validate.h"
#include "convert/relation.h"
#include "js/prewarm.h"
#include "metrics.h"
#include "pg/guard.h"
#include "settings.h"

namespace {

// Moves the position of an error in the body to the statement that has the body in it.
void pg_transpose_position(void* source) {
  function_parse_error_transpose(static_cast<const char*>(source));
}

char* pg_body_of(Oid function) {
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function");
  bool is_null;
  const Datum source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &is_null);
  char* body = is_null ? pstrdup("") : TextDatumGetCString(source);
  ReleaseSysCache(tuple);
  return body;
}

}  // namespace

extern "C" {

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(plts_call_handler);
PG_FUNCTION_INFO_V1(plts_inline_handler);
PG_FUNCTION_INFO_V1(plts_validator);

PGDLLEXPORT void _PG_init(void) {
  plts::pg_define_settings();
  plts::pg_watch_types();
  plts::pg_watch_functions();
  plts::pg_watch_relations();
  plts::pg_watch_shapes();
  plts::pg_watch_read_only();
  plts::pg_prewarm(plts::Rehearse);
}

PGDLLEXPORT Datum plts_call_handler(PG_FUNCTION_ARGS) {
  return plts::Border([&] {
    if (CALLED_AS_TRIGGER(fcinfo)) return plts::CallTrigger(fcinfo);
    if (CALLED_AS_EVENT_TRIGGER(fcinfo)) return plts::CallEventTrigger(fcinfo);
    return plts::CallFunction(fcinfo);
  });
}

PGDLLEXPORT Datum plts_inline_handler(PG_FUNCTION_ARGS) {
  auto* block = reinterpret_cast<InlineCodeBlock*>(PG_GETARG_POINTER(0));
  ErrorContextCallback position = {};
  position.callback = pg_transpose_position;
  position.arg = block->source_text;
  return plts::Border(
      [&] {
        plts::RunBlock(*block);
        return Datum{0};
      },
      &position);
}

PGDLLEXPORT Datum plts_validator(PG_FUNCTION_ARGS) {
  const Oid function = PG_GETARG_OID(0);
  if (!CheckFunctionValidatorAccess(fcinfo->flinfo->fn_oid, function)) PG_RETURN_VOID();
  if (!check_function_bodies) PG_RETURN_VOID();
  ErrorContextCallback position = {};
  position.callback = pg_transpose_position;
  position.arg = pg_body_of(function);
  return plts::Border(
      [&] {
        const plts::Measure measure(&plts::g_compile_metrics);
        try {
          plts::ValidateFunction(function);
        } catch (const plts::Error& error) {
          plts::CountCompileError(error.origin());
          throw;
        }
        return Datum{0};
      },
      &position);
}

}  // extern "C"
