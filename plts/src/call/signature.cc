// Signature: reading pg_proc, and writing the header of a plain body.

#include "call/signature.h"

#include <algorithm>
#include <set>

#include "pg/guard.h"

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
  if (s.inputs.size() == 1 && s.inputs[0].type->base == JSONBOID &&
      s.inputs[0].name == "args") {
    return "any";
  }
  // A parameter of that name wins over a position and over the length.
  std::set<std::string> taken;
  std::string out = "{ ";
  const auto add = [&](const std::string& name, const std::string& type) {
    if (taken.insert(name).second) out += PropertyName(name) + ": " + type + "; ";
  };
  std::vector<std::string> types;
  for (const Parameter& input : s.inputs) {
    types.push_back(Nullable(input.type->ts_type, s.strict));
    if (!input.name.empty()) add(input.name, types.back());
  }
  for (size_t i = 0; i < types.size(); i++) add(std::to_string(i), types[i]);
  add("length", "number");
  return out + "}";
}

std::string ResultType(const Signature& s) {
  if (s.kind == Kind::kTrigger) return "TriggerResult";
  if (s.kind == Kind::kEventTrigger) return "void";
  return Nullable(s.result->ts_result, false);
}

Kind KindOf(const FormData_pg_proc& proc) {
  if (proc.prorettype == TRIGGEROID) return Kind::kTrigger;
  if (proc.prorettype == EVENT_TRIGGEROID) return Kind::kEventTrigger;
  return proc.prokind == PROKIND_WINDOW ? Kind::kWindow : Kind::kFunction;
}

std::string CtxType(const Signature& s) {
  switch (s.kind) {
    case Kind::kTrigger:
      return "TriggerCtx";
    case Kind::kEventTrigger:
      return "EventTriggerCtx";
    case Kind::kWindow:
      return "WindowCtx<" + ArgsType(s) + ">";
    case Kind::kFunction:
      break;
  }
  return "Ctx<" + ArgsType(s) + ">";
}

// From the database's encoding. May ereport.
char* pg_utf8(char* text) {
  if (text == nullptr) return nullptr;
  return pg_server_to_any(text, static_cast<int>(std::strlen(text)), PG_UTF8);
}

}  // namespace

Signature ReadSignature(HeapTuple proc_tuple) {
  Signature s;
  const auto* proc = reinterpret_cast<Form_pg_proc>(GETSTRUCT(proc_tuple));
  s.oid = proc->oid;
  s.owner = proc->proowner;
  s.strict = proc->proisstrict;
  s.read_only = proc->provolatile != PROVOLATILE_VOLATILE;
  s.kind = KindOf(*proc);
  // PostgreSQL calls window functions for null arguments too.
  if (s.kind == Kind::kWindow) s.strict = false;
  struct {
    char* display_schema;
    char* schema;
    char* name;
    char* source;
    int count;
    Oid* types;
    char** names;
    char* modes;
    const Converter** converters;
    const Converter* result;
    MemoryContext result_memory;
  } read = {};
  Guard([&] {
    read.display_schema = get_namespace_name(proc->pronamespace);
    if (read.display_schema == nullptr) read.display_schema = pstrdup("");
    read.schema = pg_utf8(read.display_schema);
    read.name = pg_utf8(pstrdup(NameStr(proc->proname)));
    bool is_null;
    const Datum source =
        SysCacheGetAttr(PROCOID, proc_tuple, Anum_pg_proc_prosrc, &is_null);
    if (is_null) elog(ERROR, "function %u has no source", proc->oid);
    read.source = pg_utf8(TextDatumGetCString(source));
    read.count = get_func_arg_info(proc_tuple, &read.types, &read.names, &read.modes);
    const bool runs =
        proc->prokind == PROKIND_FUNCTION || proc->prokind == PROKIND_WINDOW;
    if (!runs || proc->proretset) {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("LANGUAGE plts runs functions that return one value")));
    }
    read.converters = static_cast<const Converter**>(
        palloc0(sizeof(Converter*) * static_cast<size_t>(read.count + 1)));
    bool outputs = false;
    for (int i = 0; i < read.count; i++) {
      if (read.names != nullptr) read.names[i] = pg_utf8(read.names[i]);
      const char mode = read.modes != nullptr ? read.modes[i] : PROARGMODE_IN;
      outputs = outputs || mode == PROARGMODE_OUT || mode == PROARGMODE_INOUT;
      if (mode == PROARGMODE_OUT) continue;
      if (get_typtype(read.types[i]) == TYPTYPE_PSEUDO && read.types[i] != RECORDOID) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("LANGUAGE plts functions cannot accept type %s",
                               format_type_be(read.types[i]))));
      }
      read.converters[i] = pg_converter(read.types[i]);
    }
    if (read.count > 0 && (s.kind == Kind::kTrigger || s.kind == Kind::kEventTrigger)) {
      ereport(ERROR, (errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
                      errmsg("a trigger function cannot have declared arguments"),
                      errhint("The arguments of a trigger are in ctx.trigger.args.")));
    }
    const Oid result = proc->prorettype;
    if (get_typtype(result) == TYPTYPE_PSEUDO && result != VOIDOID &&
        result != RECORDOID && result != TRIGGEROID && result != EVENT_TRIGGEROID) {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("LANGUAGE plts functions cannot return type %s",
                             format_type_be(result))));
    }
    if (result == RECORDOID && outputs) {
      read.result_memory =
          AllocSetContextCreate(TopMemoryContext, "plts result", ALLOCSET_SMALL_SIZES);
      TupleDesc row = build_function_result_tupdesc_t(proc_tuple);
      read.result = pg_row_converter(row, read.result_memory);
    } else {
      read.result = pg_converter(result);
    }
  });
  s.schema = read.schema;
  s.name = read.name;
  s.display_name = std::string(read.display_schema) + "." + NameStr(proc->proname);
  s.source = read.source;
  s.result = read.result;
  s.result_memory = read.result_memory;
  for (int i = 0; i < read.count; i++) {
    if (read.converters[i] == nullptr) continue;
    const char* name = read.names != nullptr ? read.names[i] : nullptr;
    s.inputs.push_back({name != nullptr ? name : "", read.converters[i]});
  }
  return s;
}

std::vector<std::string> PlainHeaders(const Signature& s) {
  // A parameter of that name wins: ctx is then out of reach, but keeps its place.
  const bool taken = std::any_of(s.inputs.begin(), s.inputs.end(),
                                 [](const Parameter& p) { return p.name == "ctx"; });
  std::string parameters = std::string(taken ? "$ctx" : "ctx") + ": " + CtxType(s);
  for (size_t i = 0; i < s.inputs.size(); i++) {
    parameters += ", " + ParameterName(s.inputs[i], i) + ": " +
                  Nullable(s.inputs[i].type->ts_type, s.strict);
  }
  const std::string result = ResultType(s);
  const auto header = [&](const char* keywords, const std::string& type) {
    return std::string(kPlainMark) + keywords + " (" + parameters + "): " + type +
           " {\n";
  };
  return {header("function", result),
          header("async function", "Promise<" + result + ">"),
          header("function*", "Iterable<" + result + ">"),
          header("async function*", "AsyncIterable<" + result + ">")};
}

}  // namespace plts
