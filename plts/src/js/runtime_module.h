// RuntimeModule: "@stopgap/runtime", which every realm brings along.
#pragma once

#include "js/realm.h"

namespace plts {

inline constexpr char kRuntimeSpecifier[] = "@stopgap/runtime";

// Made at the first import in the realm. Throws Thrown.
std::shared_ptr<LoadedModule> RuntimeModule(Realm& realm);

}  // namespace plts
