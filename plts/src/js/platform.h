// V8 itself: started at most once a process.
#pragma once

namespace plts {

// Starts V8 where it is not running yet. Throws Error where another extension of this
// backend has brought its own use of V8, which would crash both.
void StartPlatform();

// True once it was started.
bool PlatformStarted() noexcept;

// The file name of a loaded library that is known to start V8 too, or null.
// Async-signal-safe as far as dl_iterate_phdr is.
const char* OtherUserOfV8() noexcept;

}  // namespace plts
