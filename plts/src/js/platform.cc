// V8's start in this process.

#include "js/platform.h"

#include <libplatform/libplatform.h>
#include <link.h>

#include <memory>

#include "js/flags.h"
#include "js/v8.h"
#include "pg/error.h"
#include "settings.h"

namespace plts {
namespace {

// Extensions known to start V8 in the same libnode, by the names of their libraries.
const char* const kOthers[] = {"/plv8", "/plcoffee", "/plls"};

int FindOther(dl_phdr_info* info, size_t, void* found) {
  const char* name = info->dlpi_name;
  if (name == nullptr) return 0;
  for (const char* other : kOthers) {
    const char* at = std::strstr(name, other);
    if (at != nullptr && std::strchr(at + 1, '/') == nullptr) {
      *static_cast<const char**>(found) = at + 1;
      return 1;
    }
  }
  return 0;
}

// Never destroyed: V8 cannot be started a second time, and at exit nothing may enter
// it.
v8::Platform* g_platform = nullptr;

}  // namespace

bool PlatformStarted() noexcept { return g_platform != nullptr; }

const char* OtherUserOfV8() noexcept {
  const char* found = nullptr;
  dl_iterate_phdr(FindOther, &found);
  return found;
}

void StartPlatform() {
  if (g_platform != nullptr) return;
  if (const char* other = OtherUserOfV8()) {
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                std::string("plts cannot run in a session that has loaded ") + other,
                "V8 can be started only once in a process.",
                "Call functions of the two languages in different sessions.");
  }
  v8::V8::SetFlagsFromString(kV8Flags);
  // Not --jitless: V8 10.2 then takes the right to execute from memory that it goes on
  // executing. These are all of its compilers to machine code.
  if (!jit) {
    v8::V8::SetFlagsFromString("--no-opt --no-sparkplug --regexp-interpret-all");
  }
  g_platform = v8::platform::NewSingleThreadedDefaultPlatform().release();
  v8::V8::InitializePlatform(g_platform);
  v8::V8::Initialize();
}

}  // namespace plts
