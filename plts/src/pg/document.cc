// Document: jsonb lookups behind a Guard.

#include "pg/document.h"

#include "pg/guard.h"

namespace plts {

std::optional<Document> Document::Parse(const std::string& text) {
  Jsonb* parsed = nullptr;
  try {
    Guard([&] {
      // Nothing here touches the transaction, so its errors need no subtransaction.
      parsed =
          DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text.c_str())));
    });
  } catch (const Error& error) {
    if (error.sqlstate() == ERRCODE_OUT_OF_MEMORY) throw;
    return std::nullopt;
  }
  if (!JB_ROOT_IS_OBJECT(parsed)) return std::nullopt;
  return Document(&parsed->root);
}

JsonbValue* Document::Member(const char* key) const {
  JsonbValue* found = nullptr;
  Guard([&] {
    found = getKeyJsonValueFromContainer(root_, key, static_cast<int>(strlen(key)),
                                         nullptr);
  });
  return found;
}

std::optional<std::string> Document::Text(const char* key) const {
  const JsonbValue* value = Member(key);
  if (value == nullptr || value->type != jbvString) return std::nullopt;
  return std::string(value->val.string.val, static_cast<size_t>(value->val.string.len));
}

std::optional<bool> Document::Bool(const char* key) const {
  const JsonbValue* value = Member(key);
  if (value == nullptr || value->type != jbvBool) return std::nullopt;
  return value->val.boolean;
}

std::optional<int> Document::Int(const char* key) const {
  const JsonbValue* value = Member(key);
  if (value == nullptr || value->type != jbvNumeric) return std::nullopt;
  bool failed = false;
  int number = 0;
  Guard([&] { number = numeric_int4_opt_error(value->val.numeric, &failed); });
  if (failed) return std::nullopt;
  return number;
}

std::optional<Document> Document::Object(const char* key) const {
  const JsonbValue* value = Member(key);
  if (value == nullptr || value->type != jbvBinary ||
      !JsonContainerIsObject(value->val.binary.data)) {
    return std::nullopt;
  }
  return Document(value->val.binary.data);
}

std::map<std::string, std::string> Document::Texts() const {
  std::map<std::string, std::string> texts;
  JsonbIterator* at = nullptr;
  JsonbValue value;
  std::string key;
  Guard([&] { at = JsonbIteratorInit(root_); });
  for (;;) {
    JsonbIteratorToken token = WJB_DONE;
    Guard([&] { token = JsonbIteratorNext(&at, &value, true); });
    if (token == WJB_DONE) return texts;
    if (token == WJB_KEY) {
      key.assign(value.val.string.val, static_cast<size_t>(value.val.string.len));
    } else if (token == WJB_VALUE && value.type == jbvString) {
      texts[key].assign(value.val.string.val,
                        static_cast<size_t>(value.val.string.len));
    }
  }
}

bool Document::OnlyTexts() const { return Texts().size() == JsonContainerSize(root_); }

bool Document::Has(const char* key) const { return Member(key) != nullptr; }

}  // namespace plts
