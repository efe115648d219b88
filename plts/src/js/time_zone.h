// TimeZone: JavaScript's local time is the session's.
#pragma once

#include "js/v8.h"

namespace plts {

// Makes the setting TimeZone JavaScript's zone in this isolate, of which there is one,
// now and whenever JavaScript goes on after PostgreSQL has run (pg/followed_zone.h).
void FollowTimeZone(v8::Isolate* isolate);

// Called before an isolate is disposed.
void StopFollowing(const v8::Isolate* isolate) noexcept;

}  // namespace plts
