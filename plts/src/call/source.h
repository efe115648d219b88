// Source: which artifact the text of a source function is.
#pragma once

#include "call/signature.h"
#include "compiler/compiler.h"

namespace plts {

// Finds what is stored for the text, whichever its form is: the form is not known
// without the parser, but each has a hash of its own. `plain` says which it is. Throws
// Error.
bool FindStored(const Signature& signature, const std::vector<std::string>& headers,
                Artifact* artifact, bool* plain);

// The text of the module that it is: a plain body wrapped, a module as it is. Throws
// Error.
std::string SourceModule(const Signature& signature);

// Checks what the text is against what the function returns: whether it may yield.
// Throws Error.
void CheckForm(const Artifact& artifact, const Signature& signature);

// Throws the Error for diagnostics of a text; its cursor position is one in the text.
[[noreturn]] void ThrowAtPosition(const Compilation& compiled);

}  // namespace plts
