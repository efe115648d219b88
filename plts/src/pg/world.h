// The world marker: whose code runs right now, PostgreSQL's or V8's.
//
// Signal handlers read it to know whether V8 may be left for good; the border functions
// set it. Plain C++ of ours counts as the world it was called from.
#pragma once

namespace plts {

enum class World : int {
  kPostgres,    // PostgreSQL serves its interrupts itself
  kMixed,       // a conversion, which calls both: V8's own crashes can be left
  kJavaScript,  // V8 alone: it can be left at any instruction
};

// Written by the main thread only, read by its signal handlers and by the watchdog.
inline volatile World g_world = World::kPostgres;

// Called where PostgreSQL's code goes back to V8's while an interrupt is pending. What
// comes while PostgreSQL runs is left to PostgreSQL, which may not have looked since.
inline void (*g_on_interrupt_left)() noexcept = nullptr;

}  // namespace plts
