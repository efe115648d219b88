// PlainHeaders: the signature as TypeScript, in front of a plain body.

#include <algorithm>
#include <iterator>
#include <set>

#include "call/signature.h"

namespace plts {
namespace {

// Words that cannot name a parameter in a module.
const char* const kReserved[] = {
    "arguments", "await",      "break",     "case",    "catch",      "class",
    "const",     "continue",   "debugger",  "default", "delete",     "do",
    "else",      "enum",       "eval",      "export",  "extends",    "false",
    "finally",   "for",        "function",  "if",      "implements", "import",
    "in",        "instanceof", "interface", "let",     "new",        "null",
    "package",   "private",    "protected", "public",  "return",     "static",
    "super",     "switch",     "this",      "throw",   "true",       "try",
    "typeof",    "undefined",  "var",       "void",    "while",      "with",
    "yield"};

// ASCII only: a name beyond it stands as $n, which every name can.
bool IsIdentifier(const std::string& name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool part = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9') || c == '_' || c == '$';
    if (!part) return false;
  }
  return std::none_of(std::begin(kReserved), std::end(kReserved),
                      [&](const char* word) { return name == word; });
}

// The property name of a parameter in the type of ctx.args.
std::string PropertyName(const std::string& name) {
  if (IsIdentifier(name)) return name;
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + "\"";
}

std::string Nullable(const std::string& type, bool strict) {
  if (strict || type == "any" || type == "unknown" || type == "void") return type;
  return type + " | null";
}

std::string ParameterName(const Parameter& parameter, size_t index) {
  return IsIdentifier(parameter.name) ? parameter.name
                                      : "$" + std::to_string(index + 1);
}

std::string ArgsType(const Signature& s) {
  if (s.document) return "any";
  // A parameter of that name wins over a position and over the length.
  std::set<std::string> taken;
  std::string out = "{ ";
  const auto add = [&](const std::string& name, const std::string& type) {
    if (taken.insert(name).second) out += PropertyName(name) + ": " + type + "; ";
  };
  std::vector<std::string> types;
  for (const Parameter& input : s.inputs) {
    types.push_back(Nullable(input.ts_type, s.strict));
    if (!input.name.empty()) add(input.name, types.back());
  }
  for (size_t i = 0; i < types.size(); i++) add(std::to_string(i), types[i]);
  add("length", "number");
  return out + "}";
}

// The type parameters that stand for polymorphic SQL types.
std::string TypeParameters(const Signature& s) {
  std::string out;
  for (const char* name : {"AnyElement", "AnyCompatible"}) {
    const bool used = std::any_of(
        s.inputs.begin(), s.inputs.end(),
        [&](const Parameter& p) { return p.ts_type.find(name) != std::string::npos; });
    if (used) out += (out.empty() ? "" : ", ") + std::string(name);
  }
  return out.empty() ? out : "<" + out + ">";
}

std::string CtxType(const Signature& s) {
  switch (s.kind) {
    case Kind::kTrigger:
      return "TriggerCtx";
    case Kind::kEventTrigger:
      return "EventTriggerCtx";
    case Kind::kWindow:
      return "WindowCtx<" + ArgsType(s) + ">";
    default:
      return "Ctx<" + ArgsType(s) + ">";
  }
}

}  // namespace

std::vector<std::string> PlainHeaders(const Signature& s) {
  // A parameter of that name wins: ctx is then out of reach, but keeps its place.
  const bool taken = std::any_of(s.inputs.begin(), s.inputs.end(),
                                 [](const Parameter& p) { return p.name == "ctx"; });
  std::string parameters = std::string(taken ? "$ctx" : "ctx") + ": " + CtxType(s);
  for (size_t i = 0; i < s.inputs.size(); i++) {
    parameters += ", " + ParameterName(s.inputs[i], i) + ": " +
                  Nullable(s.inputs[i].ts_type, s.strict);
  }
  const std::string type_parameters = TypeParameters(s);
  const auto header = [&](const char* keywords, const std::string& type) {
    return std::string(kPlainMark) + keywords + " " + type_parameters + "(" +
           parameters + "): " + type + " {\n";
  };
  const bool set = s.kind == Kind::kSet;
  // Where there is no set nothing may yield, which CheckForm says better.
  const std::string row = set ? s.ts_result : "unknown";
  const std::string rows = "Iterable<" + row + ">";
  const std::string async_rows = "AsyncIterable<" + row + ">";
  // A string is iterable to TypeScript, but no set of rows.
  const std::string result =
      set ? "(" + rows + " & object) | " + async_rows : s.ts_result;
  return {header("function", result),
          header("async function", "Promise<" + result + ">"),
          header("function*", rows), header("async function*", async_rows)};
}

}  // namespace plts
