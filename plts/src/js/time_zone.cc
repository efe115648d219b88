// TimeZone: telling V8's ICU of a zone.

#include "js/time_zone.h"

#include <ctime>
#include <string>

#include "pg/pg.h"

extern "C" {
#include <pgtime.h>
}

namespace plts {
namespace {

// V8 and ICU find the zone in the environment and nowhere else. It is there only while
// they look; no other thread of ours reads the environment.
class InEnvironment {
 public:
  explicit InEnvironment(const char* zone) {
    const char* before = std::getenv("TZ");
    had_ = before != nullptr;
    if (had_) before_ = before;
    setenv("TZ", zone, 1);
  }
  ~InEnvironment() {
    if (had_) {
      setenv("TZ", before_.c_str(), 1);
    } else {
      unsetenv("TZ");
    }
    tzset();
  }
  InEnvironment(const InEnvironment&) = delete;
  InEnvironment& operator=(const InEnvironment&) = delete;

 private:
  bool had_ = false;
  std::string before_;
};

// ICU takes a name with digits for a rule of its own, and looks at the machine instead.
bool IsName(const char* zone) {
  for (const char* at = zone; *at != '\0'; at++) {
    const bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
    if (!letter && *at != '/' && *at != '_' && *at != '-') return false;
  }
  return zone[0] != '\0' && zone[0] != '/';
}

}  // namespace

void FollowTimeZone(v8::Isolate* isolate) {
  // PostgreSQL keeps one object for each zone, for good.
  static const pg_tz* followed = nullptr;
  static const v8::Isolate* told = nullptr;
  if (followed == session_timezone && told == isolate) return;
  followed = session_timezone;
  told = isolate;
  const char* name = pg_get_timezone_name(session_timezone);
  const InEnvironment environment(name != nullptr && IsName(name) ? name : "UTC");
  isolate->DateTimeConfigurationChangeNotification(
      v8::Isolate::TimeZoneDetection::kRedetect);
}

}  // namespace plts
