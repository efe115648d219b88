// Signature: a function's parameters and result as pg_proc has them, and as TypeScript.
#pragma once

#include <string>
#include <vector>

#include "convert/converter.h"

namespace plts {

// How PostgreSQL calls a function, and what it does with the result.
enum class Kind {
  kFunction,   // one value, or one row
  kSet,        // rows, any number of them
  kProcedure,  // the values of its output parameters; a DO block too
  kTrigger,
  kEventTrigger,
  kWindow
};

struct Parameter {
  std::string name;       // empty where it has none
  const Converter* type;  // null where it is polymorphic and no call says what it is
  std::string ts_type;    // of the declared type, without null
};

// All text is UTF-8, but for the display name. Keeps none of its converters: who does
// takes them before others are asked for.
struct Signature {
  Oid oid = InvalidOid;
  Oid owner = InvalidOid;
  std::string schema;
  std::string name;
  std::string display_name;  // schema.function in the database's encoding, for errors
  Kind kind = Kind::kFunction;
  bool strict = false;
  bool read_only = false;  // STABLE or IMMUTABLE
  bool document = false;   // (args jsonb): ctx.args is the value itself
  std::vector<Parameter> inputs;
  // Of one value or one row of a set; null where only a call can say: for polymorphic
  // types, and for a record whose columns are named after the call.
  const Converter* result = nullptr;
  std::string ts_result;  // with null
  // Of a procedure's output parameters, which PostgreSQL always wants as a row; where
  // there is just one of them, `result` is that one's.
  const Converter* output_row = nullptr;
  bool polymorphic = false;
  std::vector<Oid> resolved;  // types that a call has given to a polymorphic function
  std::string source;         // prosrc
};

// Reads it from a pg_proc tuple. `call` is the expression that calls the function, from
// which polymorphic types are known; without one they stay open. Throws Error 0A000 for
// what the language cannot run.
Signature ReadSignature(HeapTuple proc_tuple, FmgrInfo* call = nullptr);

// The signature of a DO block.
Signature BlockSignature(const char* source);

// The lines that a plain body may be wrapped with, one for each of: sync, async,
// generator, async generator. What is between header and footer is the body, from the
// second line on. The footer is kPlainFooter.
std::vector<std::string> PlainHeaders(const Signature& signature);
// What each of the headers, which are one line, begins with.
inline constexpr char kPlainMark[] = "/* plts:body */ export default ";

}  // namespace plts
