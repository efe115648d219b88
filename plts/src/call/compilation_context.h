// CompilationContext: errors while a function is made ready to run name it.
#pragma once

#include <string>

#include "pg/guard.h"

namespace plts {

// Adds `compilation of PL/TS function "…"` to the CONTEXT of PostgreSQL's errors and
// messages for as long as it lasts; Add() to that of an error of ours.
class CompilationContext {
 public:
  explicit CompilationContext(std::string what) : line_("compilation of " + what) {
    callback_.callback = [](void* line) {
      errcontext("%s", static_cast<const std::string*>(line)->c_str());
    };
    callback_.arg = &line_;
    callback_.previous = error_context_stack;
    error_context_stack = &callback_;
  }
  ~CompilationContext() { error_context_stack = callback_.previous; }
  CompilationContext(const CompilationContext&) = delete;
  CompilationContext& operator=(const CompilationContext&) = delete;

  void Add(Error* error) const {
    if (!error->complete()) error->AddContext(line_);
  }

 private:
  std::string line_;
  ErrorContextCallback callback_ = {};
};

// Runs `body` in one.
template <class Body>
auto Compiling(const std::string& what, Body&& body) -> decltype(body()) {
  const CompilationContext context(what);
  try {
    return body();
  } catch (Error& error) {
    context.Add(&error);
    throw;
  }
}

// What errors call the function of this row of pg_proc. Throws Error.
inline std::string TitleOf(HeapTuple proc) {
  const auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(proc));
  const char* schema = nullptr;
  Guard([&] { schema = get_namespace_name(form->pronamespace); });
  return "PL/TS function \"" + std::string(schema != nullptr ? schema : "") + "." +
         NameStr(form->proname) + "\"";
}

}  // namespace plts
