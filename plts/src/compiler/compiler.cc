// Compiler: the isolate with TypeScript, and the conversation with its driver
// (plts/ts/compiler): a request and a response in JSON.

#include "compiler/compiler.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "js/entry.h"
#include "js/exception.h"
#include "js/isolate.h"
#include "js/snapshot.h"
#include "js/text.h"
#include "pg/guard.h"

namespace plts {
namespace {

// TypeScript and its libraries alone take some 40 MB: what is enough for a function
// need not be enough to compile one.
constexpr int kLeastHeapMb = 256;

// What TypeScript makes of one source lives until that is emitted: with V8's choice of
// 6 MB much of it is copied several times, which takes an eighth of a large deploy.
constexpr int kYoungMb = 48;

// Made when the backend compiles first, and kept: a fresh one costs tens of
// milliseconds. Replaced after a memory error.
struct State {
  std::unique_ptr<Isolate> isolate;
  v8::Global<v8::Context> context;
  v8::Global<v8::Object> driver;
};

State& TheState() {
  static State* state = new State();
  return *state;
}

void Start(State& state) {
  if (state.isolate != nullptr && state.isolate->doomed() &&
      state.isolate->depth == 0) {
    state.context.Reset();
    state.driver.Reset();
    state.isolate.reset();
  }
  if (state.isolate != nullptr) return;
  EnterV8(nullptr, [&] {
    static Snapshot* snapshot = nullptr;
    if (snapshot == nullptr) snapshot = new Snapshot("compiler.snapshot");
    state.isolate = std::make_unique<Isolate>(
        *snapshot, std::max(max_heap_mb, kLeastHeapMb), kYoungMb);
    v8::Isolate* v8 = state.isolate->v8();
    v8::Isolate::Scope scope(v8);
    v8::HandleScope handles(v8);
    v8::Local<v8::Context> context;
    v8::Local<v8::Object> driver;
    if (!v8::Context::FromSnapshot(v8, 0).ToLocal(&context) ||
        !context->GetDataFromSnapshotOnce<v8::Object>(0).ToLocal(&driver)) {
      throw Error(ERRCODE_INTERNAL_ERROR, "the compiler's snapshot cannot be used");
    }
    state.context.Reset(v8, context);
    state.driver.Reset(v8, driver);
  });
}

// Reads and writes properties of the request and the response.
class Access {
 public:
  Access(v8::Isolate* isolate, v8::Local<v8::Context> context)
      : isolate_(isolate), context_(context) {}

  v8::Local<v8::Value> Get(v8::Local<v8::Value> object, const char* name) const {
    if (!object->IsObject()) return v8::Undefined(isolate_);
    return Checked(object.As<v8::Object>()->Get(context_, Name(isolate_, name)));
  }
  std::string Text(v8::Local<v8::Value> object, const char* name) const {
    const v8::Local<v8::Value> value = Get(object, name);
    if (!value->IsString()) return {};
    return JsToUtf8(isolate_, value.As<v8::String>());
  }
  int Int(v8::Local<v8::Value> object, const char* name) const {
    return Get(object, name)->Int32Value(context_).FromMaybe(0);
  }
  std::string Json(v8::Local<v8::Value> value) const {
    return JsToUtf8(isolate_, Checked(v8::JSON::Stringify(context_, value)));
  }
  v8::Local<v8::Value> Parsed(const std::string& json) const {
    return Checked(v8::JSON::Parse(context_, String(json)));
  }
  // Each string of an array.
  std::vector<std::string> Texts(v8::Local<v8::Value> array) const {
    std::vector<std::string> texts;
    Each(array, [&](v8::Local<v8::Value> item) {
      if (item->IsString()) {
        texts.push_back(JsToUtf8(isolate_, item.As<v8::String>(), true));
      }
    });
    return texts;
  }
  void Set(v8::Local<v8::Object> object, const char* name,
           v8::Local<v8::Value> value) const {
    if (!object->Set(context_, Name(isolate_, name), value).FromMaybe(false)) {
      throw Thrown{};
    }
  }
  v8::Local<v8::String> String(const std::string& text) const {
    return Utf8ToJs(isolate_, text);
  }
  // Calls `item` for each element.
  template <class Body>
  void Each(v8::Local<v8::Value> array, Body&& item) const {
    if (!array->IsArray()) return;
    const uint32_t length = array.As<v8::Array>()->Length();
    for (uint32_t i = 0; i < length; i++) {
      v8::HandleScope handles(isolate_);
      item(Checked(array.As<v8::Array>()->Get(context_, i)));
    }
  }
  v8::Isolate* isolate() const { return isolate_; }
  v8::Local<v8::Context> context() const { return context_; }

 private:
  v8::Isolate* isolate_;
  v8::Local<v8::Context> context_;
};

// Artifacts that sources import, by their hashes; empty where there is none.
using Imported = std::map<std::string, std::optional<Artifact>>;

v8::Local<v8::Object> MakeImported(const Access& js, const Imported& imported) {
  v8::Local<v8::Object> artifacts = v8::Object::New(js.isolate());
  for (const auto& [hash, artifact] : imported) {
    v8::HandleScope handles(js.isolate());
    v8::Local<v8::Value> item = v8::Null(js.isolate());
    if (artifact) {
      v8::Local<v8::Object> module = v8::Object::New(js.isolate());
      js.Set(module, "text", js.String(artifact->source_ts));
      js.Set(module, "options", js.Parsed(artifact->compiler_opts));
      item = module;
    }
    js.Set(artifacts, hash.c_str(), item);
  }
  return artifacts;
}

// Sources that are compiled together, and the place of the first among all.
struct Program {
  std::span<const Source> sources;
  size_t first = 0;
};

v8::Local<v8::String> MakeRequest(const Access& js, const Program& program,
                                  const std::string& options, bool emit,
                                  const Imported& imported) {
  v8::Isolate* isolate = js.isolate();
  v8::Local<v8::Object> request = v8::Object::New(isolate);
  std::vector<v8::Local<v8::Value>> list;
  for (const Source& source : program.sources) {
    v8::Local<v8::Object> item = v8::Object::New(isolate);
    js.Set(item, "text", js.String(source.text));
    v8::Local<v8::Value> plain = v8::Null(isolate);
    if (!source.plain_headers.empty()) {
      std::vector<v8::Local<v8::Value>> headers;
      for (const std::string& header : source.plain_headers) {
        headers.push_back(js.String(header));
      }
      v8::Local<v8::Object> wrap = v8::Object::New(isolate);
      js.Set(wrap, "headers", v8::Array::New(isolate, headers.data(), headers.size()));
      js.Set(wrap, "footer", js.String(kPlainFooter));
      plain = wrap;
    }
    js.Set(item, "plain", plain);
    if (!source.import_map.empty()) {
      js.Set(item, "import_map", js.Parsed(source.import_map));
    }
    list.push_back(item);
  }
  js.Set(request, "sources", v8::Array::New(isolate, list.data(), list.size()));
  js.Set(request, "first",
         v8::Number::New(isolate, static_cast<double>(program.first + 1)));
  js.Set(request, "options", js.Parsed(options));
  js.Set(request, "artifacts", MakeImported(js, imported));
  js.Set(request, "emit", v8::Boolean::New(isolate, emit));
  return Checked(v8::JSON::Stringify(js.context(), request));
}

// The driver refuses options that it does not know.
void ThrowRefusal(const Access& js, v8::Local<v8::Value> response) {
  const v8::Local<v8::Value> refusal = js.Get(response, "error");
  if (!refusal->IsObject()) return;
  throw Error(ERRCODE_INVALID_PARAMETER_VALUE, js.Text(refusal, "message"), {},
              js.Text(refusal, "hint"));
}

// Appends the elements of a JSON array to those of another.
void AppendArray(std::string* json, const std::string& more) {
  if (more == "[]") return;
  if (*json == "[]") {
    *json = more;
    return;
  }
  json->back() = ',';
  json->append(more, 1);
}

void ReadResponse(const Access& js, v8::Local<v8::Value> response,
                  const std::string& options, const std::string& fingerprint,
                  Compilation* out) {
  js.Each(js.Get(response, "modules"), [&](v8::Local<v8::Value> module) {
    Artifact artifact;
    artifact.source_ts = js.Text(module, "source_ts");
    artifact.compiled_js = js.Text(module, "compiled_js");
    artifact.source_map = js.Text(module, "source_map");
    artifact.compiler_opts = options;
    artifact.compiler_fingerprint = fingerprint;
    artifact.exports = js.Json(js.Get(module, "exports"));
    artifact.imports = js.Texts(js.Get(module, "imports"));
    artifact.import_map = js.Json(js.Get(module, "import_map"));
    out->artifacts.push_back(std::move(artifact));
  });
  const v8::Local<v8::Value> diagnostics = js.Get(response, "diagnostics");
  js.Each(diagnostics, [&](v8::Local<v8::Value> item) {
    out->diagnostics.push_back({js.Text(item, "code"), js.Text(item, "message"),
                                js.Text(item, "phase"), js.Int(item, "line"),
                                js.Int(item, "column"), js.Int(item, "position"),
                                js.Int(item, "source")});
  });
  if (diagnostics->IsArray()) {
    AppendArray(&out->diagnostics_json, js.Json(diagnostics));
  }
}

// Calls a function of the driver, which takes a string and gives one.
v8::Local<v8::String> CallDriver(const Access& js, v8::Local<v8::Object> driver,
                                 const char* name, v8::Local<v8::Value> request) {
  const v8::Local<v8::Value> function = js.Get(driver, name);
  if (!function->IsFunction()) {
    throw Error(ERRCODE_INTERNAL_ERROR,
                std::string("the compiler's snapshot has no function ") + name);
  }
  return Checked(
      Checked(function.As<v8::Function>()->Call(js.context(), driver, 1, &request))
          ->ToString(js.context()));
}

// How V8 is to treat the compiler's code while it runs. Without threads it optimizes
// in the middle of a check, for code that most sessions run a few times: measured for a
// module of twenty lines, 12 to 15 ms without and 30 to 50 with it. Much text is
// another matter, if only what is hot fifteen times as long as V8 asks for is
// optimized: a module of 100 KB takes 8 s without and 2.5 s so, and a thousand small
// ones a fifth less.
class OptimizerFor {
 public:
  explicit OptimizerFor(size_t bytes) {
    if (bytes < kMuchText) {
      Set("--no-opt --no-lazy-feedback-allocation");
    } else {
      Set("--interrupt-budget=2000000");
    }
  }
  ~OptimizerFor() { Set("--opt --lazy-feedback-allocation --interrupt-budget=135168"); }
  OptimizerFor(const OptimizerFor&) = delete;
  OptimizerFor& operator=(const OptimizerFor&) = delete;

 private:
  static constexpr size_t kMuchText = 64 * 1024;

  // Later versions freeze their flags at the start.
  static void Set([[maybe_unused]] const char* flags) {
#if V8_MAJOR_VERSION < 12
    if (jit) v8::V8::SetFlagsFromString(flags);
#endif
  }
};

// Runs `body(Access, driver)` in the compiler's context; `bytes` is how much text it
// is about, with all that follows.
template <class Body>
auto InCompiler(size_t bytes, Body&& body) {
  State& state = TheState();
  Start(state);
  Isolate& isolate = *state.isolate;
  if (isolate.doomed()) {
    throw Error(ERRCODE_OUT_OF_MEMORY, "the TypeScript compiler ran out of memory");
  }
  return EnterV8(&isolate, [&] {
    const OptimizerFor optimizer(bytes);
    v8::Isolate* v8 = isolate.v8();
    v8::Isolate::Scope scope(v8);
    v8::HandleScope handles(v8);
    v8::Local<v8::Context> context = state.context.Get(v8);
    v8::Context::Scope context_scope(context);
    v8::TryCatch try_catch(v8);
    try {
      // What came while the isolate was made has not asked it for an interrupt.
      if (InterruptPending) {
        Guard([] { CHECK_FOR_INTERRUPTS(); });
      }
      return body(Access(v8, context), state.driver.Get(v8));
    } catch (const Thrown&) {
      Error error = ExceptionToError(nullptr, &isolate, try_catch);
      error.AddContext("TypeScript compiler");
      throw error;
    }
  });
}

// An artifact that a source imports: another source of the program, or a stored one.
std::optional<Artifact> FindImported(const std::string& hash,
                                     const std::vector<Source>& sources,
                                     const std::string& options, Oid importer) {
  Artifact artifact;
  for (const Source& source : sources) {
    if (source.hash != hash) continue;
    artifact.source_ts = source.text;
    artifact.compiler_opts = options;
    return artifact;
  }
  CheckMayReadArtifact(hash, importer);
  if (!ReadArtifact(hash, &artifact)) return std::nullopt;
  return artifact;
}

// Adds the artifacts of these hashes and, as that is known of what is stored, all that
// they import in turn.
void AddImported(std::vector<std::string> hashes, const std::vector<Source>& sources,
                 const std::string& options, Oid importer, Imported* imported) {
  while (!hashes.empty()) {
    const std::string hash = std::move(hashes.back());
    hashes.pop_back();
    if (hash.empty() || imported->contains(hash)) continue;
    std::optional<Artifact> artifact = FindImported(hash, sources, options, importer);
    if (artifact) {
      for (const std::string& specifier : artifact->imports) {
        hashes.push_back(ArtifactOf(specifier));
      }
    }
    imported->emplace(hash, std::move(artifact));
  }
}

// Sources see nothing of each other, so many are compiled in several programs: what
// TypeScript keeps of them, for a small one up to a tenth of a megabyte and for a large
// one several hundred times its text, would not fit the heap limit.
Program ProgramAt(const std::vector<Source>& sources, size_t first) {
  constexpr size_t kMostSources = 200;
  constexpr size_t kMostBytes = 128 * 1024;
  size_t end = first;
  size_t bytes = 0;
  while (end < sources.size() && end - first < kMostSources) {
    bytes += sources[end].text.size();
    if (end > first && bytes > kMostBytes) break;
    end++;
  }
  return {std::span(sources).subspan(first, end - first), first};
}

}  // namespace

const std::string& CompilerFingerprint() {
  static const std::string* fingerprint =
      new std::string(InCompiler(0, [](const Access& js, v8::Local<v8::Object> driver) {
        return js.Text(driver, "fingerprint");
      }));
  return *fingerprint;
}

void StartCompiler() { Start(TheState()); }

Compilation Compile(const std::vector<Source>& sources, const std::string& options,
                    bool emit, Oid importer) {
  const std::string& fingerprint = CompilerFingerprint();
  size_t bytes = 0;
  for (const Source& source : sources) bytes += source.text.size();
  Imported imported;
  Compilation all;
  size_t first = 0;
  do {
    const Program program = ProgramAt(sources, first);
    std::vector<std::string> needs;
    InCompiler(bytes, [&](const Access& js, v8::Local<v8::Object> driver) {
      v8::Local<v8::String> answer = CallDriver(
          js, driver, "compile", MakeRequest(js, program, options, emit, imported));
      v8::Local<v8::Value> response = Checked(v8::JSON::Parse(js.context(), answer));
      ThrowRefusal(js, response);
      needs = js.Texts(js.Get(response, "needs"));
      if (needs.empty()) ReadResponse(js, response, options, fingerprint, &all);
    });
    if (needs.empty()) {
      first += program.sources.size();
      continue;
    }
    // What an import leads to is known once it was parsed: ask again with it.
    AddImported(std::move(needs), sources, options, importer, &imported);
  } while (first < sources.size());
  return all;
}

std::string ModuleText(const Source& source) {
  return InCompiler(
      source.text.size(), [&](const Access& js, v8::Local<v8::Object> driver) {
        return JsToUtf8(
            js.isolate(),
            CallDriver(js, driver, "wrap",
                       MakeRequest(js, {std::span(&source, 1)}, "{}", false, {})));
      });
}

void ThrowDiagnostics(const Compilation& compilation) {
  if (compilation.diagnostics.empty()) return;
  const Diagnostic& first = compilation.diagnostics.front();
  std::string detail;
  for (const Diagnostic& d : compilation.diagnostics) {
    if (!detail.empty()) detail += '\n';
    if (compilation.artifacts.size() > 1) {
      detail += "source " + std::to_string(d.source) + ", ";
    }
    detail += "line " + std::to_string(d.line) + ", column " +
              std::to_string(d.column) + ": " + d.code + ": " + d.message;
  }
  Error error(first.phase == "syntax" ? ERRCODE_SYNTAX_ERROR
                                      : ERRCODE_INVALID_FUNCTION_DEFINITION,
              first.code + ": " + first.message, detail);
  error.SetOrigin(Origin::kDiagnostics);
  throw error;
}

}  // namespace plts
