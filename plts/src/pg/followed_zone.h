// FollowedZone: the session's time zone that JavaScript was told of last. Whatever runs
// between two steps of JavaScript may change the setting: a statement, a rollback, the
// SET clause of a function that ends. The server has no hook for it, so that whoever
// goes back to JavaScript compares the two.
#pragma once

#include "pg/pg.h"

extern "C" {
#include <pgtime.h>
}

namespace plts {

// PostgreSQL keeps one object for each zone, for good.
inline const pg_tz* g_followed_zone = nullptr;

// What makes the two the same; null before there is any JavaScript.
inline void (*g_on_other_zone)() noexcept = nullptr;

inline void CompareZones() noexcept {
  if (session_timezone != g_followed_zone && g_on_other_zone != nullptr) {
    g_on_other_zone();
  }
}

}  // namespace plts
