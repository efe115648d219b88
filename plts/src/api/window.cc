// Window: natives over windowapi.h, and what a function keeps for a partition.

#include "api/window.h"

#include <cmath>
#include <memory>

#include "api/callback.h"
#include "call/function.h"
#include "convert/number.h"
#include "pg/guard.h"
#include "pg/memory_scope.h"

namespace plts {
namespace {

// Lives in the memory of a partition, which PostgreSQL gives out zeroed and resets with
// the partition, also on error.
struct PartitionLocal {
  uint64_t kept;  // the number of a value that the isolate keeps; 0 for none
  MemoryContextCallback release;
};

void pg_release_local(void* local) {
  Realms::Release(static_cast<PartitionLocal*>(local)->kept);
}

// Runs `body(realm, window)` for a native of ctx.window. Errors of the window API leave
// the executor in the middle of something, which no JavaScript may go on after.
template <class Body>
void OnWindow(const Arguments& arguments, Body&& body) {
  Callback([&](Realm& realm) {
    CheckToken(arguments);
    if (g_frame->window == nullptr) return;
    body(realm, *g_frame->window);
  });
}

// Whether PostgreSQL's window executor has refused the place of a row, which it says as
// if that could not happen.
bool IsOutOfReach(const Error& error) {
  const char* file = error.data().filename;
  return error.sqlstate() == ERRCODE_INTERNAL_ERROR && file != nullptr &&
         std::string_view(file).ends_with("nodeWindowAgg.c");
}

template <class Body>
void CallPostgres(Realm& realm, const WindowCall& window, Body&& body) {
  const MemoryScope memory(window.memory);
  Unrecoverable(realm, [&] {
    try {
      Guard(body, World::kMixed);
    } catch (const Error& error) {
      if (!IsOutOfReach(error)) throw;
      throw Error(ERRCODE_INVALID_PARAMETER_VALUE,
                  "the window function asks for a row that is out of its reach",
                  std::string("PostgreSQL says: ") + error.data().message + ".",
                  "Rows are counted from 0 to ctx.window.rowCount - 1; those before "
                  "the mark are gone, and the mark never moves back.");
    }
  });
}

// A whole number among the native's arguments.
int64_t Whole(v8::Local<v8::Value> value, double least, double most, const char* what) {
  const double number =
      value->IsNumber() ? value.As<v8::Number>()->Value() : std::nan("");
  if (number >= least && number <= most && number == std::trunc(number)) {
    return static_cast<int64_t>(number);
  }
  throw Error(ERRCODE_INVALID_PARAMETER_VALUE, std::string(what) + " is not valid",
              "It is a whole number from " +
                  std::to_string(static_cast<int64_t>(least)) + " to " +
                  std::to_string(static_cast<int64_t>(most)) + ".");
}

int64_t Position(v8::Local<v8::Value> value) {
  return Whole(value, 0, kMaxSafeInteger, "the position of a row");
}

// The number of an argument, and its converter.
int ArgumentAt(v8::Local<v8::Value> value, const Converter** converter) {
  const auto& arguments = g_frame->body->arguments;
  if (arguments.empty()) {
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "the function has no arguments");
  }
  const auto index =
      static_cast<size_t>(Whole(value, 0, static_cast<double>(arguments.size() - 1),
                                "the number of an argument"));
  *converter = arguments[index];
  return static_cast<int>(index);
}

PartitionLocal* LocalOf(Realm& realm, const WindowCall& window) {
  PartitionLocal* local = nullptr;
  CallPostgres(realm, window, [&] {
    local = static_cast<PartitionLocal*>(
        WinGetPartitionLocalMemory(window.object, sizeof(PartitionLocal)));
    if (local->release.func != nullptr) return;
    local->release.func = pg_release_local;
    local->release.arg = local;
    MemoryContextRegisterResetCallback(GetMemoryChunkContext(local), &local->release);
  });
  return local;
}

// Moves a kept value to another context of the same role, where plts.isolation or a
// call in between has changed it: no object may outlive its context.
void Move(uint64_t number, Realm& from, Realm& to) {
  v8::Isolate* isolate = to.v8();
  v8::ValueSerializer writer(isolate);
  writer.WriteHeader();
  {
    const v8::Context::Scope scope(from.context());
    if (!writer.WriteValue(from.context(), from.kept.at(number).Get(isolate))
             .FromMaybe(false)) {
      throw Thrown{};
    }
  }
  const auto [bytes, size] = writer.Release();
  const std::unique_ptr<uint8_t, decltype(&std::free)> owner(bytes, std::free);
  v8::ValueDeserializer reader(isolate, bytes, size);
  if (!reader.ReadHeader(to.context()).FromMaybe(false)) throw Thrown{};
  v8::Local<v8::Value> value = Checked(reader.ReadValue(to.context()));
  Realms::Release(number);
  to.kept[number].Reset(isolate, value);
}

uint64_t NextKept() {
  static uint64_t number = 0;
  return ++number;
}

}  // namespace

void WindowPosition(const Arguments& arguments) {
  OnWindow(arguments, [&](Realm& realm, const WindowCall& window) {
    int64 position = 0;
    CallPostgres(realm, window,
                 [&] { position = WinGetCurrentPosition(window.object); });
    arguments.GetReturnValue().Set(static_cast<double>(position));
  });
}

void WindowRowCount(const Arguments& arguments) {
  OnWindow(arguments, [&](Realm& realm, const WindowCall& window) {
    int64 count = 0;
    CallPostgres(realm, window,
                 [&] { count = WinGetPartitionRowCount(window.object); });
    arguments.GetReturnValue().Set(static_cast<double>(count));
  });
}

void WindowArg(const Arguments& arguments) {
  OnWindow(arguments, [&](Realm& realm, const WindowCall& window) {
    const Converter* converter;
    const int index = ArgumentAt(arguments[1], &converter);
    const Conversion conversion{realm.v8(), realm.context()};
    v8::Local<v8::Value> value;
    CallPostgres(realm, window, [&] {
      NullableDatum datum;
      datum.value = WinGetFuncArgCurrent(window.object, index, &datum.isnull);
      value = pg_to_js(*converter, conversion, datum);
    });
    arguments.GetReturnValue().Set(value);
  });
}

void WindowSeek(const Arguments& arguments) {
  OnWindow(arguments, [&](Realm& realm, const WindowCall& window) {
    const Converter* converter;
    const int index = ArgumentAt(arguments[1], &converter);
    const auto offset =
        static_cast<int>(Whole(arguments[2], INT_MIN, INT_MAX, "the offset of a row"));
    const auto origin = static_cast<int>(
        Whole(arguments[3], WINDOW_SEEK_CURRENT, WINDOW_SEEK_TAIL, "the origin"));
    const bool in_frame = arguments[4]->IsTrue();
    const bool mark = arguments[5]->IsTrue();
    const Conversion conversion{realm.v8(), realm.context()};
    v8::Local<v8::Value> value;
    CallPostgres(realm, window, [&] {
      NullableDatum datum;
      bool is_out = false;
      const auto get = in_frame ? WinGetFuncArgInFrame : WinGetFuncArgInPartition;
      datum.value =
          get(window.object, index, offset, origin, mark, &datum.isnull, &is_out);
      if (is_out) {
        value = v8::Undefined(conversion.isolate);
      } else {
        value = pg_to_js(*converter, conversion, datum);
      }
    });
    arguments.GetReturnValue().Set(value);
  });
}

void WindowArePeers(const Arguments& arguments) {
  OnWindow(arguments, [&](Realm& realm, const WindowCall& window) {
    const int64 a = Position(arguments[1]);
    const int64 b = Position(arguments[2]);
    bool peers = false;
    CallPostgres(realm, window, [&] { peers = WinRowsArePeers(window.object, a, b); });
    arguments.GetReturnValue().Set(peers);
  });
}

void WindowSetMark(const Arguments& arguments) {
  OnWindow(arguments, [&](Realm& realm, const WindowCall& window) {
    const int64 position = Position(arguments[1]);
    CallPostgres(realm, window, [&] { WinSetMarkPosition(window.object, position); });
  });
}

void WindowLocal(const Arguments& arguments) {
  OnWindow(arguments, [&](Realm& realm, const WindowCall& window) {
    const PartitionLocal* local = LocalOf(realm, window);
    if (local->kept == 0) return;
    Realm* keeper = Realms::Keeper(local->kept);
    if (keeper == nullptr) {
      throw Error(ERRCODE_OUT_OF_MEMORY, "what was kept in ctx.window.local is lost",
                  "JavaScript ran out of memory while the query was being read.");
    }
    if (keeper->role != realm.role) {
      throw Error(ERRCODE_INSUFFICIENT_PRIVILEGE,
                  "ctx.window.local was set under another role",
                  "The role has changed while the query was being read.");
    }
    if (keeper != &realm) Move(local->kept, *keeper, realm);
    arguments.GetReturnValue().Set(realm.kept.at(local->kept).Get(realm.v8()));
  });
}

void SetWindowLocal(const Arguments& arguments) {
  OnWindow(arguments, [&](Realm& realm, const WindowCall& window) {
    PartitionLocal* local = LocalOf(realm, window);
    if (local->kept != 0) Realms::Release(local->kept);
    local->kept = NextKept();
    realm.kept[local->kept].Reset(realm.v8(), arguments[1]);
  });
}

}  // namespace plts
