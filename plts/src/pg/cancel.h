// Cancels, and whether one of them is ours.
#pragma once

#include <csignal>

namespace plts {

// A cancel came that plts.max_runtime_ms did not make, which PostgreSQL cannot tell: it
// keeps one flag for all. Set by the signal handlers, which see each arrive, and reset
// by RuntimeLimit. It stays set after the cancel was raised.
inline volatile std::sig_atomic_t g_foreign_cancel = 0;

}  // namespace plts
