// Callback: the rule that every function of ours that V8 calls obeys.
#pragma once

#include "call/frame.h"
#include "js/exception.h"

namespace plts {

using Arguments = v8::FunctionCallbackInfo<v8::Value>;

struct Native {
  const char* name;
  v8::FunctionCallback callback;
};

// Runs the body of a callback: every C++ exception becomes a pending JavaScript one.
template <class Body>
void Callback(Body&& body) {
  Realm* realm = g_frame != nullptr ? g_frame->realm : nullptr;
  if (realm == nullptr) return;
  try {
    body(*realm);
  } catch (const Thrown&) {
    // The exception is pending in V8 and goes on from here.
  } catch (Error& error) {
    ThrowToJs(realm, std::move(error));
  } catch (const std::exception&) {
    ThrowToJs(realm, Error(ERRCODE_OUT_OF_MEMORY, "out of memory"));
  }
}

// Runs PostgreSQL code for a callback that no subtransaction surrounds: an error of it
// has undone nothing, so no JavaScript may go on after it.
template <class Body>
void Unrecoverable(Realm& realm, Body&& body) {
  try {
    body();
  } catch (Error& error) {
    realm.isolate().TerminateWith(std::move(error));
    throw Thrown{};
  }
}

[[noreturn]] inline void RefuseOutsideOfCall() {
  throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "ctx is used outside of its own call", {},
              "A ctx, and everything taken from it, works only while the function "
              "it was passed to runs; the db of a savepoint, while that is open.");
}

inline bool IsToken(v8::Local<v8::Value> value) {
  return value->IsUint32() && g_frame != nullptr && g_frame->token != 0 &&
         value.As<v8::Uint32>()->Value() == g_frame->token;
}

// Refuses what comes from a ctx whose call is not the innermost one.
inline void CheckToken(const Arguments& arguments) {
  if (!IsToken(arguments[0])) RefuseOutsideOfCall();
}

}  // namespace plts
