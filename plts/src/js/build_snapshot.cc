// plts-snapshot: evaluates one script in a fresh V8 and writes its heap as a startup
// snapshot. Runs when the extension is built, never in a backend, which is why it may
// use the checked forms of V8's API.
//
// usage: plts-snapshot SCRIPT.js OUT.snapshot
//        plts-snapshot --check SNAPSHOT SNAPSHOT
//
// The second form loads two snapshots into one process, in both orders, as backends do
// that compile and execute.
//
// The script's completion value is kept with the context, at data index 0: it is how
// C++ reaches the script's functions, which user code cannot.

#include <libplatform/libplatform.h>
#include <v8.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "js/fast_paths.h"
#include "js/flags.h"

namespace {

// The isolates of a process share one read-only heap, the first one's, and refer to the
// objects in it by a number that depends on the order in which they were written. That
// is the order of V8's table of strings, hence of their hashes and of its size.
// Snapshots that are to live in one process are written with the same seed and the same
// size of the table, whatever their scripts put into it. (Loading draws a new seed.)
constexpr char kBuildFlags[] = "--hash-seed=20230612 --random-seed=20230612";
// The table doubles when half full: between 2^19 and 2^20 strings it has one size.
constexpr int kFillers = 600'000;
// Several times what the cache of split holds.
constexpr int kSplits = 2'000;

// Brings V8's tables of strings to the same state in every snapshot.
void LevelStrings(v8::Isolate* isolate, v8::Local<v8::Context> context) {
  v8::HandleScope handles(isolate);
  // Splitting enters strings of one character into a table, and results into a cache,
  // both of which are written early: here every such string is entered, and what the
  // script left in the cache is pushed out.
  std::string splits;
  for (int i = 0; i < kSplits; i++) {
    const std::string part = "plts part " + std::to_string(i);
    splits += "'" + part + ":" + part + "'.split(':');\n";
  }
  for (char c = 33; c < 127; c++) {
    if (c == '\'' || c == '\\') continue;
    splits += std::string("'") + c + "\t" + c + "'.split('\t');\n";
  }
  v8::Local<v8::String> code =
      v8::String::NewFromUtf8(isolate, splits.data(), v8::NewStringType::kNormal,
                              static_cast<int>(splits.size()))
          .ToLocalChecked();
  (void)v8::Script::Compile(context, code)
      .ToLocalChecked()
      ->Run(context)
      .ToLocalChecked();
  for (int i = 0; i < kFillers; i++) {
    const std::string text = "plts filler " + std::to_string(i);
    // Held until all are there, or a collection would make room for the later ones.
    (void)v8::String::NewFromUtf8(isolate, text.data(),
                                  v8::NewStringType::kInternalized,
                                  static_cast<int>(text.size()))
        .ToLocalChecked();
  }
}

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
  plts::FastPaths fast_paths;
  if (!fast_paths.Find(context)) {
    std::fprintf(stderr,
                 "plts-snapshot: this V8 keeps the maps of prototypes elsewhere\n");
    return false;
  }
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
  if (!fast_paths.Update(context)) {
    PrintException(isolate, context, try_catch);
    return false;
  }
  // The default context stays V8's own, so that what a snapshot serves is always the
  // context at index 0, made with a microtask queue of its caller's choice.
  creator->SetDefaultContext(v8::Context::New(isolate));
  LevelStrings(isolate, context);
  if (creator->AddData(context, value.As<v8::Object>()) != 0) return false;
  return creator->AddContext(context) == 0;
}

// Makes an isolate and a context, and runs something that uses strings.
v8::Isolate* Load(v8::StartupData* blob, v8::ArrayBuffer::Allocator* allocator) {
  v8::Isolate::CreateParams params;
  params.snapshot_blob = blob;
  params.array_buffer_allocator = allocator;
  v8::Isolate* isolate = v8::Isolate::New(params);
  v8::Isolate::Scope scope(isolate);
  v8::HandleScope handles(isolate);
  v8::Local<v8::Context> context =
      v8::Context::FromSnapshot(isolate, 0).ToLocalChecked();
  v8::Context::Scope context_scope(context);
  v8::Local<v8::String> code =
      v8::String::NewFromUtf8Literal(isolate, "JSON.stringify([...'abc', {a: 1.5}])");
  v8::Local<v8::Value> value = v8::Script::Compile(context, code)
                                   .ToLocalChecked()
                                   ->Run(context)
                                   .ToLocalChecked();
  v8::String::Utf8Value text(isolate, value);
  return std::string(*text) == "[\"a\",\"b\",\"c\",{\"a\":1.5}]" ? isolate : nullptr;
}

int Check(const char* first, const char* second) {
  std::string texts[2];
  if (!ReadFile(first, &texts[0]) || !ReadFile(second, &texts[1])) return 1;
  v8::StartupData blobs[2];
  for (int i = 0; i < 2; i++) {
    texts[i].resize(texts[i].size() - sizeof(plts::SnapshotTrailer));
    blobs[i] = {texts[i].data(), static_cast<int>(texts[i].size())};
  }
  std::unique_ptr<v8::ArrayBuffer::Allocator> allocator(
      v8::ArrayBuffer::Allocator::NewDefaultAllocator());
  for (int i = 0; i < 2; i++) {
    v8::Isolate* one = Load(&blobs[i], allocator.get());
    v8::Isolate* other = Load(&blobs[1 - i], allocator.get());
    if (one == nullptr || other == nullptr) return 1;
    one->Dispose();
    other->Dispose();
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool check = argc == 4 && std::string(argv[1]) == "--check";
  if (argc != 3 && !check) {
    std::fprintf(stderr,
                 "usage: plts-snapshot SCRIPT.js OUT.snapshot\n"
                 "       plts-snapshot --check SNAPSHOT SNAPSHOT\n");
    return 2;
  }
  v8::V8::SetFlagsFromString(plts::kV8Flags);
  if (!check) v8::V8::SetFlagsFromString(kBuildFlags);
  std::unique_ptr<v8::Platform> platform =
      v8::platform::NewSingleThreadedDefaultPlatform();
  v8::V8::InitializePlatform(platform.get());
  v8::V8::Initialize();
  if (check) return Check(argv[2], argv[3]);

  std::string source;
  if (!ReadFile(argv[1], &source)) {
    std::fprintf(stderr, "plts-snapshot: cannot read %s\n", argv[1]);
    return 1;
  }

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
  plts::SnapshotTrailer trailer;
  std::memcpy(trailer.mark, plts::kSnapshotMark, sizeof(trailer.mark));
  trailer.size = static_cast<uint64_t>(blob.raw_size);
  out.write(reinterpret_cast<const char*>(&trailer), sizeof(trailer));
  out.close();
  delete[] blob.data;
  if (!out) {
    std::fprintf(stderr, "plts-snapshot: cannot write %s\n", argv[2]);
    return 1;
  }
  return 0;
}
