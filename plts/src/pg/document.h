// Document: reading small JSON texts of our own (pointers, exports) from C++.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "pg/pg.h"

namespace plts {

// A parsed JSON object. Lives in the memory context it was parsed in.
class Document {
 public:
  // Empty where the text is no JSON object. Throws Error only for lack of memory.
  static std::optional<Document> Parse(const std::string& text);

  // The member, where it is of that type.
  std::optional<std::string> Text(const char* key) const;
  std::optional<bool> Bool(const char* key) const;
  std::optional<int> Int(const char* key) const;
  std::optional<Document> Object(const char* key) const;
  bool Has(const char* key) const;

  // The members that are strings, and whether there are others.
  std::map<std::string, std::string> Texts() const;
  bool OnlyTexts() const;

 private:
  explicit Document(JsonbContainer* root) : root_(root) {}
  JsonbValue* Member(const char* key) const;

  JsonbContainer* root_;
};

}  // namespace plts
