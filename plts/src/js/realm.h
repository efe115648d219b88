// Realm: one V8 context, for one effective role of the session.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "js/isolate.h"
#include "js/text.h"

namespace plts {

struct CallFrame;

// What a module may import: specifiers as it writes them, and what each stands for.
using ModuleImports = std::unordered_map<std::string, std::string>;

// A module of a realm. Who uses it shares it: function bodies, and modules that import
// it. It goes with the last of them.
struct LoadedModule {
  std::string name;  // the resource name
  v8::Global<v8::Module> module;
  ModuleImports imports;
  bool is_data = false;  // a data: URL's: its specifiers stand for themselves
  bool ready = false;    // known to be evaluated
  // What it has imported so far, by specifier.
  std::unordered_map<std::string, std::shared_ptr<LoadedModule>> links;
};

// The export of a module that calls of a function body run.
struct LoadedHandler {
  v8::Global<v8::Function> function;
  std::shared_ptr<LoadedModule> module;
  v8::Global<v8::Function> caller;  // see call/arguments.h; made when it is needed
  v8::Global<v8::Object> fn;        // of ctx; made when it is needed
};

// See api/rows.cc.
struct RowBuilders {
  v8::Global<v8::Function> add_many;
  v8::Global<v8::Function> make_one;
};

struct PreparedTable;

// A context from the snapshot with a microtask queue of its own. Roles never share one,
// so that no role can reach what another's functions use. What is evaluated in it is
// kept as long as it lives; it may be dropped whenever no call runs in it.
class Realm {
 public:
  explicit Realm(Isolate* isolate);
  ~Realm();
  Realm(const Realm&) = delete;
  Realm& operator=(const Realm&) = delete;

  Isolate& isolate() const noexcept { return *isolate_; }
  v8::Isolate* v8() const noexcept { return isolate_->v8(); }
  v8::Local<v8::Context> context() const { return context_.Get(v8()); }
  v8::MicrotaskQueue* queue() const noexcept { return queue_.get(); }

  // A function of the snapshot's script, by its name in the contract with it
  // (plts/ts/realm).
  v8::Local<v8::Function> call_with_ctx() const { return call_with_ctx_.Get(v8()); }
  v8::Local<v8::Function> make_ctx() const { return make_ctx_.Get(v8()); }
  v8::Local<v8::Function> open_rows() const { return open_rows_.Get(v8()); }
  v8::Local<v8::Function> make_sql_error() const { return make_sql_error_.Get(v8()); }
  v8::Local<v8::Function> describe_error() const { return describe_error_.Get(v8()); }

  v8::Local<v8::Function> set_document_traps() const {
    return set_document_traps_.Get(v8());
  }

  // ctx.db.mode, made once.
  v8::Local<v8::String> mode(bool read_only) const {
    return (read_only ? ro_ : rw_).Get(v8());
  }

  // The namespace that `import … from "@stopgap/runtime"` yields.
  v8::Local<v8::Object> runtime() const { return runtime_.Get(v8()); }

  // The code of the module that a data: URL is.
  v8::Local<v8::Function> data_module() const { return data_module_.Get(v8()); }

  // Modules by resource name, for as long as somebody uses them.
  std::unordered_map<std::string, std::weak_ptr<LoadedModule>> modules;
  std::shared_ptr<LoadedModule> runtime_module;
  // The handlers of function bodies, by their serial number.
  std::unordered_map<uint64_t, LoadedHandler> handlers;
  // Functions that make row objects of values, by the names of the columns.
  std::unordered_map<std::string, RowBuilders> row_builders;
  // The statements that its functions have run.
  std::unique_ptr<PreparedTable> prepared;

  // Templates of the rows that triggers see, by the layout of their columns.
  std::unordered_map<uint64_t, v8::Global<v8::ObjectTemplate>> trigger_rows;
  // What ctx.trigger says of a trigger, by shape of its table, trigger and event.
  std::map<std::tuple<uint64_t, Oid, uint32_t>, v8::Global<v8::Object>> trigger_infos;

  // Values that outlive their call, by numbers that are never used twice in a process.
  // While there are any the realm stays: nothing of a context may be used without it.
  std::unordered_map<uint64_t, v8::Global<v8::Value>> kept;

  // What makes the handlers of lazy documents, once there was one.
  v8::Global<v8::ObjectTemplate> document_handlers;

  Oid role = InvalidOid;   // whose calls it runs, once there was one
  bool one_call = false;   // of plts.isolation = 'call'
  int active = 0;          // calls that run in it
  int blocked = 0;         // of these, how many wait for a statement in db.sync: their
                           // microtasks may not run before they go on
  uint64_t last_used = 0;  // for the choice of what to drop
  const uint64_t id;

 private:
  Isolate* isolate_;
  std::unique_ptr<v8::MicrotaskQueue> queue_;
  v8::Global<v8::Context> context_;
  v8::Global<v8::Object> runtime_;
  v8::Global<v8::String> ro_;
  v8::Global<v8::String> rw_;
  v8::Global<v8::Function> call_with_ctx_;
  v8::Global<v8::Function> make_ctx_;
  v8::Global<v8::Function> open_rows_;
  v8::Global<v8::Function> make_sql_error_;
  v8::Global<v8::Function> describe_error_;
  v8::Global<v8::Function> data_module_;
  v8::Global<v8::Function> set_document_traps_;
};

// A Uint8Array of this many zeros, of a realm's context. Throws Thrown, with a
// RangeError pending, where there is no memory for it.
v8::Local<v8::Uint8Array> NewBytes(v8::Local<v8::Context> context, size_t length);

// The realms of the isolate that runs user code.
class Realms {
 public:
  // The realm for a call under `role`: the role's own, or another one where that has
  // JavaScript in the middle of something, or where plts.isolation asks for it. Makes
  // and replaces the isolate as needed.
  static Realm* For(Oid role);

  // The isolate, made where there is none.
  static Isolate& CurrentIsolate();

  // A call in `realm` begins and ends. The end of the last one drops what may not be
  // used again: the realm of plts.isolation = 'call', an isolate that ran out of
  // memory.
  static void Begin(Realm* realm) noexcept { realm->active++; }
  static void End(Realm* realm);

  // Drops what realms keep of a function body that is gone, and the modules that nobody
  // else uses.
  static void Forget(uint64_t serial);

  // The realm that keeps the value of this number; null where it is gone.
  static Realm* Keeper(uint64_t kept) noexcept;

  // Lets the value go, if it is there.
  static void Release(uint64_t kept) noexcept;

  // Makes isolate and realms ahead of any call, in the postmaster. The first of them is
  // what the first call will run in.
  static Realm& Prewarm();
};

}  // namespace plts
