// Window: functions made with WINDOW.
#pragma once

#include "call/function.h"

namespace plts {

// Runs the window function that `fcinfo` calls at one row. Throws Error.
Datum CallWindow(FunctionBody* body, FunctionCallInfo fcinfo);

}  // namespace plts
