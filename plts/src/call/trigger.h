// Trigger: functions that RETURN trigger.
#pragma once

#include "pg/trigger.h"

namespace plts {

// Runs the trigger that `fcinfo` calls. Throws Error.
Datum CallTrigger(FunctionCallInfo fcinfo);

}  // namespace plts
