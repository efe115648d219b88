// PostgreSQL's headers for what calls functions in other ways: triggers and windows.
#pragma once

#include "pg/pg.h"

extern "C" {
#include <commands/event_trigger.h>
#include <commands/trigger.h>
#include <utils/datum.h>
#include <utils/queryenvironment.h>
#include <utils/tuplestore.h>
#include <windowapi.h>
}

#undef _
