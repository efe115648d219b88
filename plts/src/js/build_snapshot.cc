// plts-snapshot: evaluates one script in a fresh V8 and writes its heap as a startup
// snapshot. Runs when the extension is built, never in a backend, which is why it may
// use the checked forms of V8's API.
//
// usage: plts-snapshot SCRIPT.js OUT.snapshot
//
// The script's completion value is kept with the context, at data index 0: it is how
// C++ reaches the script's functions, which user code cannot.

#include <libplatform/libplatform.h>
#include <v8.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "js/flags.h"

namespace {

bool ReadFile(const char* path, std::string* out) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return false;
  std::ostringstream text;
  text << in.rdbuf();
  *out = text.str();
  return true;
}

void PrintException(v8::Isolate* isolate, v8::Local<v8::Context> context,
                    const v8::TryCatch& try_catch) {
  v8::Local<v8::Value> stack;
  if (!try_catch.StackTrace(context).ToLocal(&stack)) stack = try_catch.Exception();
  v8::String::Utf8Value text(isolate, stack);
  std::fprintf(stderr, "plts-snapshot: %s\n", *text ? *text : "unknown exception");
}

// Returns false after printing what went wrong.
bool Evaluate(v8::Isolate* isolate, v8::SnapshotCreator* creator,
              const std::string& source, const char* name) {
  v8::HandleScope handles(isolate);
  v8::Local<v8::Context> context = v8::Context::New(isolate);
  v8::Context::Scope scope(context);
  v8::TryCatch try_catch(isolate);
  v8::Local<v8::String> text =
      v8::String::NewFromUtf8(isolate, source.data(), v8::NewStringType::kNormal,
                              static_cast<int>(source.size()))
          .ToLocalChecked();
  v8::Local<v8::Script> script;
  v8::Local<v8::Value> value;
  if (!v8::Script::Compile(context, text).ToLocal(&script) ||
      !script->Run(context).ToLocal(&value)) {
    PrintException(isolate, context, try_catch);
    return false;
  }
  if (!value->IsObject()) {
    std::fprintf(stderr, "plts-snapshot: the value of %s is not an object\n", name);
    return false;
  }
  isolate->PerformMicrotaskCheckpoint();
  // The default context stays V8's own, so that what a snapshot serves is always the
  // context at index 0, made with a microtask queue of its caller's choice.
  creator->SetDefaultContext(v8::Context::New(isolate));
  if (creator->AddData(context, value.As<v8::Object>()) != 0) return false;
  return creator->AddContext(context) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: plts-snapshot SCRIPT.js OUT.snapshot\n");
    return 2;
  }
  std::string source;
  if (!ReadFile(argv[1], &source)) {
    std::fprintf(stderr, "plts-snapshot: cannot read %s\n", argv[1]);
    return 1;
  }
  v8::V8::SetFlagsFromString(plts::kV8Flags);
  std::unique_ptr<v8::Platform> platform =
      v8::platform::NewSingleThreadedDefaultPlatform();
  v8::V8::InitializePlatform(platform.get());
  v8::V8::Initialize();

  v8::StartupData blob{nullptr, 0};
  {
    v8::SnapshotCreator creator;
    v8::Isolate* isolate = creator.GetIsolate();
    if (!Evaluate(isolate, &creator, source, argv[1])) return 1;
    // Bytecode is kept: compiling it again would cost each new context milliseconds.
    blob = creator.CreateBlob(v8::SnapshotCreator::FunctionCodeHandling::kKeep);
  }
  if (blob.data == nullptr || !blob.IsValid()) {
    std::fprintf(stderr, "plts-snapshot: V8 made no snapshot of %s\n", argv[1]);
    return 1;
  }
  std::ofstream out(argv[2], std::ios::binary | std::ios::trunc);
  out.write(blob.data, blob.raw_size);
  out.close();
  delete[] blob.data;
  if (!out) {
    std::fprintf(stderr, "plts-snapshot: cannot write %s\n", argv[2]);
    return 1;
  }
  return 0;
}
