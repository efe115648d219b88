// Call: executing functions, procedures and DO blocks for PostgreSQL.
#pragma once

#include "pg/pg.h"

namespace plts {

// Runs the function or procedure that `fcinfo` calls. Throws Error.
Datum CallFunction(FunctionCallInfo fcinfo);

// Runs the text of a DO block. Throws Error.
void RunBlock(const InlineCodeBlock& block);

}  // namespace plts
