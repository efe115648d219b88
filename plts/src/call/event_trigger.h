// Event trigger: functions that RETURN event_trigger.
#pragma once

#include "pg/trigger.h"

namespace plts {

// Runs the event trigger that `fcinfo` calls. Throws Error.
Datum CallEventTrigger(FunctionCallInfo fcinfo);

}  // namespace plts
