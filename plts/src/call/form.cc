// Form: a look at the first two tokens of a text.

#include "call/form.h"

namespace plts {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool IsWordPart(char c) {
  return IsLetter(c) || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '\\' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Reads tokens as TypeScript's scanner does, as far as they are ASCII.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  // Goes past blanks and comments. False where they are not surely over: in a comment
  // that never ends, or that may have ended at one of Unicode's line ends.
  bool SkipTrivia() {
    for (;;) {
      const size_t blanks = rest_.find_first_not_of(" \t\n\r\v\f");
      rest_.remove_prefix(blanks == std::string_view::npos ? rest_.size() : blanks);
      if (rest_.starts_with("//")) {
        const std::string_view line = rest_.substr(0, rest_.find_first_of("\n\r"));
        if (line.find("\xE2\x80") != std::string_view::npos) return false;
        rest_.remove_prefix(line.size());
      } else if (rest_.starts_with("/*")) {
        const size_t end = rest_.find("*/", 2);
        if (end == std::string_view::npos) return false;
        rest_.remove_prefix(end + 2);
      } else {
        return true;
      }
    }
  }

  // The word that comes next, empty where none does.
  std::string_view TakeWord() {
    size_t length = 0;
    while (length < rest_.size() && IsWordPart(rest_[length])) length++;
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return word;
  }

  bool NextIsLetter() const { return !rest_.empty() && IsLetter(rest_.front()); }
  bool NextIsOneOf(std::string_view characters) const {
    return !rest_.empty() && characters.find(rest_.front()) != std::string_view::npos;
  }

 private:
  std::string_view rest_;
};

bool IsDeclared(std::string_view word) {
  return word == "default" || word == "const" || word == "var" || word == "function" ||
         word == "class" || word == "enum";
}

}  // namespace

bool BeginsAsModule(std::string_view text) {
  Scanner scanner(text);
  if (!scanner.SkipTrivia()) return false;
  const std::string_view keyword = scanner.TakeWord();
  if (keyword != "import" && keyword != "export") return false;
  if (!scanner.SkipTrivia()) return false;
  if (scanner.NextIsOneOf("{*")) return true;
  // `import(…)` and `import.meta` are expressions, which bodies have too.
  if (keyword == "import") {
    return scanner.NextIsOneOf("'\"") || scanner.NextIsLetter();
  }
  return IsDeclared(scanner.TakeWord());
}

}  // namespace plts
