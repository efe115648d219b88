// V8 itself: started at most once a process.
#pragma once

namespace plts {

// Starts V8 where it is not running yet. Throws Error where another extension of this
// backend has brought its own use of V8, which would crash both.
void StartPlatform();

}  // namespace plts
