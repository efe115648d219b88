// Imports: what an artifact or a pointer imports, and who may do so.
#pragma once

#include "call/pointer.h"
#include "compiler/artifact.h"
#include "js/realm.h"

namespace plts {

// The specifiers of an artifact's code and what each stands for, where `overrides`, the
// import map of a pointer, wins.
ModuleImports ImportsOf(const Artifact& artifact, const ImportMap& overrides);

// Whoever imports an artifact learns its types and can call all of it: as a reader of
// plts.artifact does. Throws Error 42501 where the owner of a source function, which
// `artifact` was compiled of, may not.
void CheckMayImport(const Artifact& artifact, Oid owner);

// The entries of a pointer's import map that say something else than the artifact's
// own. Throws Error 42P13 for one that the artifact does not import, 42501 where there
// are some and the pointer's owner may not import artifacts.
ImportMap PointerOverrides(const Pointer& pointer, const Artifact& artifact, Oid owner);

}  // namespace plts
