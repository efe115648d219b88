// Log: console output to PostgreSQL's levels.
#pragma once

#include <string>

namespace plts {

// Reports a line that user code printed: 0 debug, 1 info, 2 warn, 3 error. Throws Error
// where reporting it failed.
void Report(int level, const std::string& text);

}  // namespace plts
