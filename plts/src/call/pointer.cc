// Pointer: its JSON.

#include "call/pointer.h"

#include "compiler/artifact.h"
#include "pg/document.h"
#include "pg/error.h"

namespace plts {
namespace {

constexpr int kPointerVersion = 1;
constexpr char kHashPrefix[] = "sha256:";
constexpr size_t kHashLength = sizeof(kHashPrefix) - 1 + 64;

bool IsHash(const std::string& text) {
  return text.size() == kHashLength && text.rfind(kHashPrefix, 0) == 0 &&
         text.find_first_not_of("0123456789abcdef", sizeof(kHashPrefix) - 1) ==
             std::string::npos;
}

// What an import map may lead to.
bool IsTarget(const std::string& text) {
  return text.rfind("data:", 0) == 0 || IsHash(ArtifactOf(text));
}

[[noreturn]] void Invalid(const std::string& why) {
  throw Error(ERRCODE_INVALID_FUNCTION_DEFINITION, "invalid artifact pointer", why,
              "Pointers are written by stopgap.deploy, not by hand.");
}

}  // namespace

std::optional<Pointer> ParsePointer(const std::string& source) {
  const size_t first = source.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || source[first] != '{') return std::nullopt;
  const std::optional<Document> document = Document::Parse(source);
  if (!document || !document->Has("plts")) return std::nullopt;
  if (document->Int("plts").value_or(0) != kPointerVersion) {
    Invalid("Its \"plts\" is not 1, the version of pointers that this plts knows.");
  }
  if (document->Text("kind").value_or("") != "artifact_ptr") {
    Invalid("Its \"kind\" is not \"artifact_ptr\".");
  }
  Pointer pointer;
  pointer.artifact_hash = document->Text("artifact_hash").value_or("");
  if (!IsHash(pointer.artifact_hash)) {
    Invalid("Its \"artifact_hash\" is not \"sha256:\" and 64 hexadecimal digits.");
  }
  if (document->Has("export") && !document->Text("export")) {
    Invalid("Its \"export\" is not a string.");
  }
  pointer.export_name = document->Text("export").value_or("default");
  if (document->Has("import_map")) {
    const std::optional<Document> map = document->Object("import_map");
    if (!map || !map->OnlyTexts()) {
      Invalid("Its \"import_map\" is not an object of strings.");
    }
    pointer.import_map = map->Texts();
    for (const auto& [specifier, target] : pointer.import_map) {
      if (!IsTarget(target)) {
        Invalid("Its \"import_map\" leads \"" + specifier + "\" to \"" + target +
                "\", which is neither plts+artifact:sha256:… nor a data: URL.");
      }
    }
  }
  return pointer;
}

}  // namespace plts
