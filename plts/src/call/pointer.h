// Pointer: the body of a live function, which names an artifact and an export.
#pragma once

#include <optional>
#include <string>

namespace plts {

struct Pointer {
  std::string artifact_hash;
  std::string export_name;
};

// Empty where the text is not a pointer at all. Throws Error 42P13 for a text that is
// one, but not a valid one.
std::optional<Pointer> ParsePointer(const std::string& source);

}  // namespace plts
