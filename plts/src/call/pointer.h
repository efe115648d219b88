// Pointer: the body of a live function, which names an artifact and an export.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace plts {

// Bare specifiers, and what each stands for.
using ImportMap = std::map<std::string, std::string>;

struct Pointer {
  std::string artifact_hash;
  std::string export_name;
  ImportMap import_map;
};

// Empty where the text is not a pointer at all. Throws Error 42P13 for a text that is
// one, but not a valid one.
std::optional<Pointer> ParsePointer(const std::string& source);

}  // namespace plts
