// Signal handlers of a backend that runs JavaScript.
#pragma once

namespace plts {

// Installs them, once a process, in front of PostgreSQL's own, which they call first:
// whatever makes an interrupt pending while V8 runs wakes the watchdog. Also takes the
// signals with which V8 stops itself. A warm call does nothing here.
void InstallSignalHandlers();

}  // namespace plts
