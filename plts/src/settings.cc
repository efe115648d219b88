// The settings of the language.

#include "settings.h"

#include "pg/pg.h"

namespace plts {
namespace {

const config_enum_entry kLogLevels[] = {
    {"off", static_cast<int>(LogLevel::kOff), false},
    {"error", static_cast<int>(LogLevel::kError), false},
    {"warn", static_cast<int>(LogLevel::kWarn), false},
    {"info", static_cast<int>(LogLevel::kInfo), false},
    {"debug", static_cast<int>(LogLevel::kDebug), false},
    {nullptr, 0, false},
};

const config_enum_entry kIsolations[] = {
    {"session", static_cast<int>(Isolation::kSession), false},
    {"call", static_cast<int>(Isolation::kCall), false},
    {nullptr, 0, false},
};

struct IntSetting {
  const char* name;
  const char* description;
  int* value;
  int least;
  int most;
  int flags;
};

const IntSetting kIntSettings[] = {
    {"plts.max_runtime_ms", "Longest time that a call may take; 0 is no limit.",
     &max_runtime_ms, 0, INT_MAX, GUC_UNIT_MS},
    {"plts.cancel_grace_ms",
     "How long V8 may take to end a statement that was canceled, before the session is "
     "ended.",
     &cancel_grace_ms, 10, INT_MAX, GUC_UNIT_MS},
    {"plts.max_heap_mb", "Most memory that JavaScript may use in a session.",
     &max_heap_mb, 16, 65536, GUC_UNIT_MB},
    {"plts.max_roles_kept",
     "For how many roles a session keeps what their functions have loaded.",
     &max_roles_kept, 1, 100'000, 0},
    {"plts.max_sql_bytes", "Longest SQL text that a function may run; 0 is no limit.",
     &max_sql_bytes, 0, INT_MAX, GUC_UNIT_BYTE},
    {"plts.max_params", "Most parameters that a statement of a function may have.",
     &max_params, 0, 65535, 0},
    {"plts.max_query_rows",
     "Most rows that a query of a function may return; 0 is no limit.", &max_query_rows,
     0, INT_MAX, 0},
};

}  // namespace

void pg_define_settings() {
  for (const IntSetting& s : kIntSettings) {
    DefineCustomIntVariable(s.name, s.description, nullptr, s.value, *s.value, s.least,
                            s.most, PGC_SUSET, s.flags, nullptr, nullptr, nullptr);
  }
  DefineCustomEnumVariable(
      "plts.log_level", "The least level of console output that is reported.", nullptr,
      &log_level, log_level, kLogLevels, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomEnumVariable("plts.isolation",
                           "Whether calls of a session share a JavaScript context.",
                           nullptr, &isolation, isolation, kIsolations, PGC_USERSET, 0,
                           nullptr, nullptr, nullptr);
  // PostgreSQL refuses new settings of this context once the server runs: a library
  // that is loaded later still reads them from the configuration file.
  const GucContext at_start =
      process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP;
  DefineCustomBoolVariable("plts.jit", "Whether V8 may compile to machine code.",
                           nullptr, &jit, jit, at_start, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable(
      "plts.prewarm", "Whether backends inherit a JavaScript engine that is ready.",
      "Takes effect where plts is in shared_preload_libraries.", &prewarm, prewarm,
      at_start, 0, nullptr, nullptr, nullptr);
  MarkGUCPrefixReserved("plts");
}

}  // namespace plts
