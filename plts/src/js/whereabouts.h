// Whereabouts: in whose code the main thread was interrupted, and whether V8 can be
// left from there.
#pragma once

#include <cstdint>
#include <string>

namespace plts {

// Finds where the code of the process lies; once a process, before the others are used.
void FindCode();

// What the handler of a signal may do to leave V8 for good.
enum class WayOut : int {
  kAtOnce,    // nothing that PostgreSQL needs is in the middle of anything
  kArranged,  // the C library returns into LeaveForGood when it is done
  kNone,      // not from here: later
};

// Says how V8 can be left from where the signal with this `ucontext_t` interrupted it,
// and notes the place. Async-signal-safe.
//
// The C library is never left in its middle, since it may hold a lock that the end of
// the session needs: the allocator's. Its functions are let finish, and do not return
// to V8. That takes as long as one of them does, a copy of an array buffer at most.
WayOut FindWayOut(void* context);

// What V8 was doing where FindWayOut last looked, for people. May allocate.
std::string DescribeWhereabouts();

}  // namespace plts
