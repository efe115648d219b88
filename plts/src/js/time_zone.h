// TimeZone: JavaScript's local time is the session's.
#pragma once

#include "js/v8.h"

namespace plts {

// Tells V8 where the setting TimeZone has changed since it was told last. A zone that
// is no name of the time zone database, such as a fixed offset, is UTC to JavaScript.
void FollowTimeZone(v8::Isolate* isolate);

}  // namespace plts
