// Transition tables: OLD TABLE and NEW TABLE of a trigger, by name in its statements.
#pragma once

#include "call/frame.h"
#include "pg/trigger.h"

namespace plts {

// Names the tables of the frame's trigger, for the cache of plans: a plan that reads
// one belongs to triggers of that table with those names. Empty where there is none.
std::string TransitionKey(const CallFrame* frame);

// The tables as the analysis of a statement needs them, or null. May ereport.
QueryEnvironment* pg_transition_environment(const CallFrame* frame);

// Makes them known to the connection of SPI that is open. May ereport.
void pg_register_transition_tables(const CallFrame* frame);

}  // namespace plts
