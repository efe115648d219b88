// TimeZone: telling ICU of a zone, and V8 that it has changed.

#include "js/time_zone.h"

#include "js/entry.h"
#include "js/session_zone.h"
#include "pg/followed_zone.h"

namespace plts {
namespace {

v8::Isolate* g_following = nullptr;

// Nothing here enters V8: it only forgets what it knows of the zone.
void Follow() noexcept {
  if (g_following == nullptr || g_v8_abandoned) return;
  g_followed_zone = session_timezone;
  MakeDefaultZone(session_timezone);
  g_following->DateTimeConfigurationChangeNotification(
      v8::Isolate::TimeZoneDetection::kSkip);
}

}  // namespace

void FollowTimeZone(v8::Isolate* isolate) {
  if (g_followed_zone == session_timezone && g_following == isolate) return;
  g_following = isolate;
  g_on_other_zone = Follow;
  Follow();
}

void StopFollowing(const v8::Isolate* isolate) noexcept {
  if (g_following == isolate) g_following = nullptr;
}

}  // namespace plts
