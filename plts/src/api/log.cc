// Log: console output.

#include "api/log.h"

#include "pg/guard.h"
#include "settings.h"

namespace plts {
namespace {

// By the realm's numbers: the level that plts.log_level compares with, and
// PostgreSQL's.
struct Level {
  LogLevel least;
  int elevel;
};
const Level kLevels[] = {
    {LogLevel::kDebug, DEBUG1},
    {LogLevel::kInfo, NOTICE},
    {LogLevel::kWarn, WARNING},
    {LogLevel::kError, WARNING},
};

}  // namespace

void Report(int level, const std::string& text) {
  if (level < 0 || level > 3) return;
  const Level& at = kLevels[level];
  if (log_level < static_cast<int>(at.least)) return;
  // Which function it is, CallScope says in the context of all messages.
  Guard([&] {
    char* message =
        pg_any_to_server(text.c_str(), static_cast<int>(text.size()), PG_UTF8);
    ereport(at.elevel, (errmsg_internal("%s", message)));
  });
}

}  // namespace plts
