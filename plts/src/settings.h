// The settings of the language: PostgreSQL's GUCs, registered in one table.
#pragma once

namespace plts {

enum class LogLevel : int { kOff, kError, kWarn, kInfo, kDebug };
enum class Isolation : int { kSession, kCall };

inline int max_runtime_ms = 0;
inline int cancel_grace_ms = 2000;
inline int max_heap_mb = 256;
inline int max_roles_kept = 32;
inline int max_sql_bytes = 0;
inline int max_params = 65535;
inline int max_query_rows = 0;
inline int log_level = static_cast<int>(LogLevel::kWarn);
inline int isolation = static_cast<int>(Isolation::kSession);
inline bool prewarm = false;
inline bool jit = true;

// Registers them with PostgreSQL. May ereport.
void pg_define_settings();

}  // namespace plts
