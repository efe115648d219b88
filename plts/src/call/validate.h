// Validate: what CREATE FUNCTION checks and stores.
#pragma once

#include <string>

#include "pg/pg.h"

namespace plts {

// Type-checks the function's body and stores what was compiled; checks that a pointer's
// artifact exists. Throws Error; its cursor position is one in the body.
void ValidateFunction(Oid oid);

// The text of the module that a source function is: a plain body wrapped, a module as
// it is. Empty for pointers and for what is no plts function. Throws Error.
std::string ArtifactSource(Oid oid);

}  // namespace plts
