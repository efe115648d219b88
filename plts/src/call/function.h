// FunctionBody: what a call needs to know of a function, from pg_proc and its artifact.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "call/signature.h"
#include "convert/converter.h"
#include "js/realm.h"
#include "pg/pg.h"

namespace plts {

// A module of ours by the name that V8 knows it by, for stacks.
struct ModuleOrigin {
  std::string display_name;  // as people know it: schema.function
  int line_offset = 0;       // lines before the text that people wrote
  std::string source_map;    // JSON, version 3
};

// nullptr for a name that is not known.
const ModuleOrigin* FindModuleOrigin(const std::string& resource_name);
void RememberModuleOrigin(const std::string& resource_name, ModuleOrigin origin);

// One version of a function, immutable; of a polymorphic one, with the types that calls
// of one kind give it. Call sites share it and count their references; when its
// function has changed and the last of them is gone, the next AcquireFunction frees it.
struct FunctionBody {
  uint64_t serial = 0;  // never used twice in a process
  Oid oid = InvalidOid;
  std::string schema;
  std::string name;
  std::string display_name;
  std::string title;  // as error contexts name it

  std::string module_name;  // the resource name: plts:<hash>, or plts:memory:<serial>
  std::string compiled_js;
  ModuleImports imports;
  std::string export_name = "default";
  Kind kind = Kind::kFunction;
  bool plain = false;          // called with ctx and the arguments, not with ctx alone
  bool uses_ctx = true;        // a plain body that does not mention ctx gets none
  bool read_only = false;      // a query handler: ctx.db.mode is "ro"
  bool read_only_spi = false;  // not VOLATILE, so its statements see one snapshot
  bool document = false;       // (args jsonb): ctx.args is the value itself

  std::vector<ConverterRef> arguments;      // of the input parameters
  bool simple_arguments = true;             // none of them can raise
  std::vector<std::string> argument_names;  // empty where it has none
  // Of the value, or of one row of a set; null for a record whose columns the call
  // names.
  ConverterRef result;
  ConverterRef output_row;    // of a procedure with output parameters
  std::vector<Oid> resolved;  // the types of a polymorphic function

  // Where the handler was found last: the realm, by its number, and its entry there.
  mutable uint64_t handler_realm = 0;
  mutable LoadedHandler* handler = nullptr;

  int references = 0;
  bool current = true;           // false once pg_proc says something else
  bool filed = false;            // the cache has it, and frees it in time
  FunctionBody* next = nullptr;  // of those that nobody uses any more
};

// False once the function or a type of it may have changed. Runs no code of
// PostgreSQL's.
bool IsCurrent(const FunctionBody& body) noexcept;

// The body of the function that `call` calls, as it is now. The reference is the
// caller's to release. Throws Error.
FunctionBody* AcquireFunction(FmgrInfo* call);
// Frees nothing itself, so that it may be called anywhere.
void ReleaseFunction(FunctionBody* body) noexcept;

// The body of a DO block, compiled in memory; its reference is the caller's, and the
// only one. Throws Error.
FunctionBody* CompileBlock(const char* source);

// Registers for changes of pg_proc, once a process. May ereport.
void pg_watch_functions();

}  // namespace plts
