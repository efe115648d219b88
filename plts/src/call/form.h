// Form: whether a text is a module, where that can be told without the compiler.
#pragma once

#include <string_view>

namespace plts {

// True where the text begins, after blanks and comments, with an import or export that
// TypeScript's parser takes for a declaration whatever follows: it is a module. False
// where only the parsed tree tells. The same question that `readSource` answers
// (plts/ts/compiler/src/body.ts), for what most modules begin with.
bool BeginsAsModule(std::string_view text);

}  // namespace plts
