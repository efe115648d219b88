// Signature: a function's parameters and result as pg_proc has them, and as TypeScript.
#pragma once

#include <string>
#include <vector>

#include "convert/converter.h"

namespace plts {

// How PostgreSQL calls a function.
enum class Kind { kFunction, kTrigger, kEventTrigger, kWindow };

struct Parameter {
  std::string name;  // empty where it has none
  const Converter* type;
};

// All text is UTF-8, but for the display name.
struct Signature {
  Oid oid = InvalidOid;
  Oid owner = InvalidOid;
  std::string schema;
  std::string name;
  std::string display_name;  // schema.function in the database's encoding, for errors
  Kind kind = Kind::kFunction;
  bool strict = false;
  bool read_only = false;  // STABLE or IMMUTABLE
  std::vector<Parameter> inputs;
  const Converter* result = nullptr;
  MemoryContext result_memory = nullptr;  // of `result`, where it is of no named type
  std::string source;                     // prosrc
};

// Reads it from a pg_proc tuple. Throws Error 0A000 for what the language cannot run.
Signature ReadSignature(HeapTuple proc_tuple);

// The lines that a plain body may be wrapped with, one for each of: sync, async,
// generator, async generator. What is between header and footer is the body, from the
// second line on. The footer is kPlainFooter.
std::vector<std::string> PlainHeaders(const Signature& signature);
// What each of the headers, which are one line, begins with.
inline constexpr char kPlainMark[] = "/* plts:body */ export default ";

}  // namespace plts
