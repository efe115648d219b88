// Natives: what V8 calls. Each callback catches every C++ exception and leaves either a
// result or a pending JavaScript exception.

#include "api/natives.h"

#include <ctime>

#include "api/callback.h"
#include "api/cursor.h"
#include "api/log.h"
#include "api/savepoint.h"
#include "api/statement.h"
#include "api/transaction.h"
#include "api/trigger_row.h"
#include "api/window.h"
#include "call/function.h"
#include "convert/document.h"
#include "pg/guard.h"

namespace plts {
namespace {

uint32_t NumberAt(const Arguments& arguments, int i) {
  return arguments[i]->IsUint32() ? arguments[i].As<v8::Uint32>()->Value() : 0;
}

// Refuses what comes from a ctx whose call is not the innermost one.
void CheckCall(const Arguments& arguments) {
  const uint32_t token = NumberAt(arguments, 0);
  if (token == g_frame->token && token != 0) return;
  for (const Savepoint& savepoint : g_frame->savepoints) {
    if (savepoint.token == token) return;
  }
  CheckToken(*g_frame, token);
}

StatementText TakeStatement(const Arguments& arguments) {
  if (!arguments[1]->IsString()) {
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "the SQL statement is not a string");
  }
  return {arguments[1].As<v8::String>(), arguments[2]};
}

// Queues a request: the driver runs it once no JavaScript is on the stack. Whether the
// token is the innermost one is asked only then.
Request& Enqueue(const Arguments& arguments, Realm& realm, Task task) {
  v8::Local<v8::Promise::Resolver> resolver =
      Checked(v8::Promise::Resolver::New(realm.context()));
  Request& request = g_frame->requests.emplace_back();
  request.task = task;
  request.token = NumberAt(arguments, 0);
  request.resolver.Reset(realm.v8(), resolver);
  arguments.GetReturnValue().Set(resolver->GetPromise());
  return request;
}

void EnqueueStatement(const Arguments& arguments, Task task) {
  Callback([&](Realm& realm) {
    CheckCall(arguments);
    const StatementText text = TakeStatement(arguments);
    Request& request = Enqueue(arguments, realm, task);
    request.sql.Reset(realm.v8(), text.sql);
    if (!text.params->IsUndefined()) request.params.Reset(realm.v8(), text.params);
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

// Runs `body` at once, with JavaScript on the stack.
template <class Body>
void RunNow(const Arguments& arguments, Body&& body) {
  Callback([&](Realm& realm) {
    CheckToken(*g_frame, NumberAt(arguments, 0));
    const Blocked blocked(realm);
    arguments.GetReturnValue().Set(body(realm));
  });
}

void Query(const Arguments& arguments) { EnqueueStatement(arguments, Task::kQuery); }
void Exec(const Arguments& arguments) { EnqueueStatement(arguments, Task::kExec); }

void QuerySync(const Arguments& arguments) {
  RunNow(arguments, [&](Realm& realm) {
    return RunStatement(realm, *g_frame, TakeStatement(arguments), true);
  });
}

void ExecSync(const Arguments& arguments) {
  RunNow(arguments, [&](Realm& realm) {
    return RunStatement(realm, *g_frame, TakeStatement(arguments), false);
  });
}

void OpenCursor(const Arguments& arguments) {
  EnqueueStatement(arguments, Task::kOpenCursor);
}

void OpenCursorSync(const Arguments& arguments) {
  RunNow(arguments, [&](Realm& realm) {
    return v8::Integer::NewFromUnsigned(
        realm.v8(), plts::OpenCursor(realm, *g_frame, TakeStatement(arguments)));
  });
}

void Fetch(const Arguments& arguments) {
  Callback([&](Realm& realm) {
    CheckCall(arguments);
    Request& request = Enqueue(arguments, realm, Task::kFetch);
    request.cursor = NumberAt(arguments, 1);
    request.count = NumberAt(arguments, 2);
  });
}

void FetchSync(const Arguments& arguments) {
  RunNow(arguments, [&](Realm& realm) {
    return FetchRows(realm, *g_frame, NumberAt(arguments, 1), NumberAt(arguments, 2));
  });
}

// Never refuses: whoever closes late closes nothing.
void CloseCursorNow(const Arguments& arguments) {
  Callback([&](Realm& realm) {
    Unrecoverable(realm, [&] { CloseCursor(*g_frame, NumberAt(arguments, 1)); });
  });
}

void EnqueueSavepoint(const Arguments& arguments, Task task) {
  Callback([&](Realm& realm) {
    if (task != Task::kRollback) CheckCall(arguments);
    Enqueue(arguments, realm, task);
  });
}

void OpenSavepoint(const Arguments& arguments) {
  EnqueueSavepoint(arguments, Task::kSavepoint);
}
void ReleaseSavepoint(const Arguments& arguments) {
  EnqueueSavepoint(arguments, Task::kRelease);
}
void RollbackSavepoint(const Arguments& arguments) {
  EnqueueSavepoint(arguments, Task::kRollback);
}

// Runs a function in a savepoint that is over when it returns, however it does.
void SavepointSync(const Arguments& arguments) {
  Callback([&](Realm& realm) {
    CallFrame& frame = *g_frame;
    CheckToken(frame, NumberAt(arguments, 0));
    if (!arguments[1]->IsFunction()) return;
    const uint32_t savepoint = plts::OpenSavepoint(frame);
    v8::Local<v8::Value> argument = v8::Integer::NewFromUnsigned(realm.v8(), savepoint);
    v8::Local<v8::Value> result;
    if (!arguments[1]
             .As<v8::Function>()
             ->Call(realm.context(), v8::Undefined(realm.v8()), 1, &argument)
             .ToLocal(&result)) {
      plts::RollbackSavepoint(frame, savepoint);
      throw Thrown{};
    }
    plts::ReleaseSavepoint(frame, savepoint);
    arguments.GetReturnValue().Set(result);
  });
}

// Who calls: the names of the three roles that PostgreSQL tells apart.
void User(const Arguments& arguments) {
  Callback([&](Realm& realm) {
    CheckCall(arguments);
    v8::Isolate* isolate = realm.v8();
    v8::Local<v8::Object> user = v8::Object::New(isolate);
    const struct {
      const char* name;
      Oid role;
    } roles[] = {{"session", GetSessionUserId()},
                 {"role", GetOuterUserId()},
                 {"current", GetUserId()}};
    for (const auto& each : roles) {
      v8::Local<v8::String> name;
      Guard(
          [&] {
            const char* text = GetUserNameFromId(each.role, false);
            name = pg_text_to_js(isolate, text, static_cast<int>(std::strlen(text)));
          },
          World::kMixed);
      if (!user->CreateDataProperty(realm.context(), Name(isolate, each.name), name)
               .FromMaybe(false)) {
        throw Thrown{};
      }
    }
    arguments.GetReturnValue().Set(user);
  });
}

void EndNow(const Arguments& arguments, bool commit) {
  Callback([&](Realm& realm) {
    CheckCall(arguments);
    const Blocked blocked(realm);
    EndTransaction(*g_frame, commit);
  });
}

void Commit(const Arguments& arguments) { EndNow(arguments, true); }
void Rollback(const Arguments& arguments) { EndNow(arguments, false); }

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
void IsProxy(const Arguments& arguments) {
  Callback([&](Realm& realm) {
    v8::Local<v8::Value> value = arguments[0];
    if (value->IsProxy()) {
      const Conversion conversion{realm.v8(), realm.context()};
      Guard([&] { value = pg_plain(conversion, value); }, World::kMixed);
    }
    arguments.GetReturnValue().Set(value->IsProxy());
  });
}

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
    v8::Local<v8::Uint8Array> bytes = NewBytes(realm.context(), length);
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
    {"openCursor", OpenCursor},
    {"openCursorSync", OpenCursorSync},
    {"fetch", Fetch},
    {"fetchSync", FetchSync},
    {"closeCursor", CloseCursorNow},
    {"savepoint", OpenSavepoint},
    {"releaseSavepoint", ReleaseSavepoint},
    {"rollbackSavepoint", RollbackSavepoint},
    {"savepointSync", SavepointSync},
    {"user", User},
    {"commit", Commit},
    {"rollback", Rollback},
    {"now", Now},
    {"console", Console},
    {"random", Random},
    {"detach", Detach},
    {"isProxy", IsProxy},
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
