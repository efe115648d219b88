// SessionZone: a time zone of PostgreSQL's, as ICU asks for one.
#pragma once

struct pg_tz;

namespace plts {

// Makes `zone` the default of ICU, and so the local time of every isolate that is told
// to look again. PostgreSQL keeps each zone for good, and nothing here raises.
void MakeDefaultZone(pg_tz* zone);

}  // namespace plts
