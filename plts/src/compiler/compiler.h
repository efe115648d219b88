// Compiler: TypeScript's own, in an isolate of its own.
#pragma once

#include <string>
#include <vector>

#include "compiler/artifact.h"

namespace plts {

// A text to compile.
struct Source {
  std::string text;
  // The headers that a plain body may be wrapped with; empty where the text is a
  // module.
  std::vector<std::string> plain_headers;
  // JSON text of an import map that wins over the options' and the text's own.
  std::string import_map = {};
  // The hash that it will be stored under, where others of the program may import it.
  std::string hash = {};
};

// What a plain body is wrapped with, after one of its headers.
inline constexpr char kPlainFooter[] = "\n}\n";

struct Diagnostic {
  std::string code;  // TS2322
  std::string message;
  std::string phase;  // syntax or semantic
  int line = 0;       // from 1, in the text as given
  int column = 0;
  int position = 0;  // in characters, from 1
  int source = 0;    // from 1
};

struct Compilation {
  std::vector<Artifact> artifacts;  // one for each source; without a hash
  std::vector<Diagnostic> diagnostics;
  std::string diagnostics_json = "[]";
};

// Makes it ready where it is not yet, which takes some 50 ms, once a session: so that a
// limit of what follows does not have to allow for it. Throws Error.
void StartCompiler();

// Compiles sources, which may import each other; with `emit` false only checks them.
// All diagnostics are part of the result. Artifacts that they import are read for their
// types, with the rights of `importer`. Obeys the limits and interrupts of execution.
// Throws Error.
Compilation Compile(const std::vector<Source>& sources, const std::string& options,
                    bool emit, Oid importer);

// The text of the module that a source is, a plain body wrapped: parsed, not checked.
// Throws Error.
std::string ModuleText(const Source& source);

// Names the compiler and its libraries.
const std::string& CompilerFingerprint();

// Throws the Error for diagnostics, if there are any: 42601 or 42P13.
void ThrowDiagnostics(const Compilation& compilation);

}  // namespace plts
