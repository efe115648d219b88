// Prewarm: fork first to try, then build, then make V8's memory inheritable.

#include "js/prewarm.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "js/realm.h"
#include "pg/guard.h"
#include "settings.h"

namespace plts {
namespace {

struct Mapping {
  uintptr_t start;
  uintptr_t end;
  auto operator<=>(const Mapping&) const = default;
};

std::set<Mapping> ReadMappings() {
  std::set<Mapping> out;
  FILE* file = std::fopen("/proc/self/maps", "r");
  if (file == nullptr) return out;
  char line[1024];
  while (std::fgets(line, sizeof(line), file) != nullptr) {
    unsigned long start;
    unsigned long end;
    if (std::sscanf(line, "%lx-%lx", &start, &end) == 2) out.insert({start, end});
  }
  std::fclose(file);
  return out;
}

// V8 marks its pages so that a fork leaves them out; the children here need them.
bool Build(void (*rehearse)(Realm& realm)) {
  try {
    const std::set<Mapping> before = ReadMappings();
    rehearse(Realms::Prewarm());
    for (const Mapping& mapping : ReadMappings()) {
      if (before.contains(mapping)) continue;
      madvise(reinterpret_cast<void*>(mapping.start), mapping.end - mapping.start,
              MADV_DOFORK);
    }
    return true;
  } catch (const Error& error) {
    fprintf(stderr, "plts: %s\n", error.data().message);
    return false;
  }
}

// What a backend would do with what was built, in a child of its own.
bool TryInChild(void (*rehearse)(Realm& realm)) {
  std::fflush(stdout);
  std::fflush(stderr);
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) _exit(Build(rehearse) ? 0 : 1);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool OtherUserOfV8Preloaded() {
  const char* preloaded = shared_preload_libraries_string;
  return preloaded != nullptr && std::strstr(preloaded, "plv8") != nullptr;
}

}  // namespace

void pg_prewarm(void (*rehearse)(Realm& realm)) {
  if (!process_shared_preload_libraries_in_progress || !prewarm) return;
  if (OtherUserOfV8Preloaded()) {
    ereport(WARNING, (errmsg("plts is not prewarmed: plv8 is preloaded too"),
                      errhint("Take one of them out of shared_preload_libraries.")));
    return;
  }
  if (!TryInChild(rehearse)) {
    ereport(WARNING, (errmsg("plts is not prewarmed: V8 does not start here"),
                      errdetail("Sessions will try for themselves.")));
    return;
  }
  if (!Build(rehearse)) ereport(WARNING, (errmsg("plts is not prewarmed")));
}

}  // namespace plts
