// Natives: what V8 calls. Each callback catches every C++ exception and leaves either a
// result or a pending JavaScript exception.

#include "api/natives.h"

#include <ctime>

#include "api/callback.h"
#include "api/log.h"
#include "api/statement.h"
#include "api/trigger_row.h"
#include "api/window.h"
#include "call/function.h"
#include "pg/guard.h"

namespace plts {
namespace {

StatementText TakeStatement(const Arguments& arguments) {
  CheckToken(arguments);
  if (!arguments[1]->IsString()) {
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "the SQL statement is not a string");
  }
  return {arguments[1].As<v8::String>(), arguments[2]};
}

void Enqueue(const Arguments& arguments, bool rows) {
  Callback([&](Realm& realm) {
    const StatementText text = TakeStatement(arguments);
    v8::Isolate* isolate = realm.v8();
    v8::Local<v8::Promise::Resolver> resolver =
        Checked(v8::Promise::Resolver::New(realm.context()));
    g_frame->requests.push_back({rows, v8::Global<v8::String>(isolate, text.sql),
                                 v8::Global<v8::Value>(isolate, text.params),
                                 v8::Global<v8::Promise::Resolver>(isolate, resolver)});
    arguments.GetReturnValue().Set(resolver->GetPromise());
  });
}

// While it lasts, calls that the statement makes run in another realm.
class Blocked {
 public:
  explicit Blocked(Realm& realm) : realm_(realm) { realm_.blocked++; }
  ~Blocked() { realm_.blocked--; }
  Blocked(const Blocked&) = delete;
  Blocked& operator=(const Blocked&) = delete;

 private:
  Realm& realm_;
};

void RunNow(const Arguments& arguments, bool rows) {
  Callback([&](Realm& realm) {
    const StatementText text = TakeStatement(arguments);
    const Blocked blocked(realm);
    arguments.GetReturnValue().Set(RunStatement(realm, *g_frame, text, rows));
  });
}

void Query(const Arguments& arguments) { Enqueue(arguments, true); }
void Exec(const Arguments& arguments) { Enqueue(arguments, false); }
void QuerySync(const Arguments& arguments) { RunNow(arguments, true); }
void ExecSync(const Arguments& arguments) { RunNow(arguments, false); }

void Now(const Arguments& arguments) {
  Callback([&](Realm& realm) {
    char buffer[MAXDATELEN + 1];
    Guard([&] {
      JsonEncodeDateTime(buffer,
                         TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()),
                         TIMESTAMPTZOID, nullptr);
    });
    arguments.GetReturnValue().Set(Utf8ToJs(realm.v8(), buffer));
  });
}

void Console(const Arguments& arguments) {
  Callback([&](Realm& realm) {
    if (!arguments[0]->IsInt32() || !arguments[1]->IsString()) return;
    Report(arguments[0].As<v8::Int32>()->Value(),
           JsToDisplay(realm.v8(), arguments[1]));
  });
}

void Random(const Arguments& arguments) {
  Callback([&](Realm&) {
    if (!arguments[0]->IsArrayBufferView()) return;
    auto view = arguments[0].As<v8::ArrayBufferView>();
    const size_t length = view->ByteLength();
    if (length == 0) return;
    char* target = static_cast<char*>(view->Buffer()->Data()) + view->ByteOffset();
    if (!pg_strong_random(target, length)) {
      throw Error(ERRCODE_INTERNAL_ERROR, "could not get random bytes");
    }
  });
}

// What structuredClone transfers is no longer its giver's.
void Detach(const Arguments& arguments) {
  if (!arguments[0]->IsArrayBuffer()) return;
  auto buffer = arguments[0].As<v8::ArrayBuffer>();
  if (buffer->IsDetachable()) buffer->Detach();
}

void MonotonicMs(const Arguments& arguments) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  arguments.GetReturnValue().Set(static_cast<double>(now.tv_sec) * 1e3 +
                                 static_cast<double>(now.tv_nsec) / 1e6);
}

// TextEncoder: lone surrogates become U+FFFD, as its standard says.
void Utf8Encode(const Arguments& arguments) {
  Callback([&](Realm& realm) {
    if (!arguments[0]->IsString()) return;
    v8::Isolate* isolate = realm.v8();
    auto text = arguments[0].As<v8::String>();
    const auto length = static_cast<size_t>(text->Utf8Length(isolate));
    v8::Local<v8::Context> context = realm.context();
    v8::Local<v8::Value> constructor =
        Checked(context->Global()->Get(context, Name(isolate, "Uint8Array")));
    v8::Local<v8::Value> size = v8::Number::New(isolate, static_cast<double>(length));
    auto bytes = Checked(constructor.As<v8::Function>()->NewInstance(context, 1, &size))
                     .As<v8::Uint8Array>();
    if (length > 0) {
      text->WriteUtf8(
          isolate, static_cast<char*>(bytes->Buffer()->Data()),
          static_cast<int>(length), nullptr,
          v8::String::NO_NULL_TERMINATION | v8::String::REPLACE_INVALID_UTF8);
    }
    arguments.GetReturnValue().Set(bytes);
  });
}

// PostgreSQL's check stops at U+0000, which UTF-8 may hold.
bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size(); at++) {
    const auto left = static_cast<int>(text.size() - at);
    at += static_cast<size_t>(pg_encoding_verifymbstr(PG_UTF8, text.data() + at, left));
    if (at < text.size() && text[at] != '\0') return false;
  }
  return true;
}

void Utf8Decode(const Arguments& arguments) {
  Callback([&](Realm& realm) {
    if (!arguments[0]->IsArrayBufferView()) return;
    auto view = arguments[0].As<v8::ArrayBufferView>();
    const size_t length = view->ByteLength();
    const char* data = length == 0 ? ""
                                   : static_cast<const char*>(view->Buffer()->Data()) +
                                         view->ByteOffset();
    const bool fatal = arguments[1]->BooleanValue(realm.v8());
    if (fatal && !IsUtf8({data, length})) {
      realm.v8()->ThrowException(v8::Exception::TypeError(
          Name(realm.v8(), "The encoded data was not valid for encoding utf-8")));
      return;
    }
    arguments.GetReturnValue().Set(Utf8ToJs(realm.v8(), {data, length}));
  });
}

// What is known of a module, for the mapping of stacks to TypeScript.
void Module(const Arguments& arguments) {
  Callback([&](Realm& realm) {
    if (!arguments[0]->IsString()) return;
    v8::Isolate* isolate = realm.v8();
    const std::string name = JsToDisplay(isolate, arguments[0]);
    const ModuleOrigin* origin = FindModuleOrigin(name);
    if (origin == nullptr) return;
    v8::Local<v8::Context> context = realm.context();
    v8::Local<v8::Object> result = v8::Object::New(isolate);
    const auto set = [&](const char* key, v8::Local<v8::Value> value) {
      if (!result->CreateDataProperty(context, Name(isolate, key), value)
               .FromMaybe(false)) {
        throw Thrown{};
      }
    };
    set("name", Utf8ToJs(isolate, origin->display_name));
    set("lineOffset", v8::Integer::New(isolate, origin->line_offset));
    set("sourceMap", Utf8ToJs(isolate, origin->source_map));
    arguments.GetReturnValue().Set(result);
  });
}

const Native kNatives[] = {
    {"query", Query},
    {"exec", Exec},
    {"querySync", QuerySync},
    {"execSync", ExecSync},
    {"now", Now},
    {"console", Console},
    {"random", Random},
    {"detach", Detach},
    {"monotonicMs", MonotonicMs},
    {"utf8Encode", Utf8Encode},
    {"utf8Decode", Utf8Decode},
    {"module", Module},
    {"triggerNew", TriggerNew},
    {"triggerOld", TriggerOld},
    {"setTriggerNew", SetTriggerNew},
    {"windowPosition", WindowPosition},
    {"windowRowCount", WindowRowCount},
    {"windowArg", WindowArg},
    {"windowSeek", WindowSeek},
    {"windowArePeers", WindowArePeers},
    {"windowSetMark", WindowSetMark},
    {"windowLocal", WindowLocal},
    {"setWindowLocal", SetWindowLocal},
};

}  // namespace

v8::Local<v8::Value> MakeNatives(v8::Local<v8::Context> context) {
  v8::Isolate* isolate = context->GetIsolate();
  v8::EscapableHandleScope handles(isolate);
  v8::Local<v8::Object> natives = v8::Object::New(isolate);
  for (const Native& native : kNatives) {
    v8::Local<v8::Function> function =
        Checked(v8::Function::New(context, native.callback, v8::Local<v8::Value>(), 0,
                                  v8::ConstructorBehavior::kThrow));
    if (!natives->CreateDataProperty(context, Name(isolate, native.name), function)
             .FromMaybe(false)) {
      throw Thrown{};
    }
  }
  return handles.Escape(natives);
}

}  // namespace plts
