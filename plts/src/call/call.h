// Call: executing a function for PostgreSQL.
#pragma once

#include "pg/pg.h"

namespace plts {

// Runs the function that `fcinfo` calls. Throws Error.
Datum CallFunction(FunctionCallInfo fcinfo);

}  // namespace plts
