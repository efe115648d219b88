// Invocation: one run of a function body in JavaScript, whoever asked for it.
// Functions, sets, triggers and DO blocks are front ends of it: they say what the
// handler is called with and what becomes of its result.
#pragma once

#include <optional>

#include "call/frame.h"
#include "call/function.h"
#include "call/runtime_limit.h"
#include "js/entry.h"
#include "js/exception.h"
#include "metrics.h"
#include "pg/guard.h"

namespace plts {

// What a front end works with while its call runs.
struct Invocation {
  Realm& realm;
  CallFrame& frame;
  const FunctionBody& body;
  MemoryContext memory;  // of the caller: where the result belongs
};

// How many values CallHandler puts before the SQL arguments.
inline constexpr int kBeforeArguments = 6;

// Calls the handler with what its form asks for, and waits for what it promises:
// `values` are the SQL arguments, with room for others before them. `extra` may be
// empty: an object whose properties become ctx's own. Throws Error or Thrown.
v8::Local<v8::Value> CallHandler(const Invocation& call, v8::Local<v8::Value>* values,
                                 v8::Local<v8::Value> extra = {});

// The extent of one call: its frame, its context line, its transaction mode.
class CallScope {
 public:
  CallScope(CallFrame* frame, Realm* realm, FunctionBody* body);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  CallFrame* frame_;
  ErrorContextCallback callback_;
  ErrorContextCallback* contexts_;
};

// Ends the call in its realm, after the entry into V8 was left.
class RealmScope {
 public:
  explicit RealmScope(Realm* realm) : realm_(realm) { Realms::Begin(realm); }
  ~RealmScope() { Realms::End(realm_); }
  RealmScope(const RealmScope&) = delete;
  RealmScope& operator=(const RealmScope&) = delete;

 private:
  Realm* realm_;
};

// Ends a call that has returned. Throws Error where it has left something open.
void FinishCall(const Invocation& call);

// Ends a call that failed: rolls back what it has left open, drops what it has left in
// the realm, and names the function in the error's context.
void FailCall(const Invocation& call, Error* error);

// Counts an error by where it arose.
void Classify(const Error& error);

// Measures, limits and counts `work`, the whole of a call: what compiles on the way is
// part of it.
template <class Work>
auto Measured(Work&& work) -> decltype(work()) {
  const Measure measure(&g_execute_metrics);
  try {
    return WithinRuntimeLimit(work);
  } catch (const Error& error) {
    Classify(error);
    throw;
  }
}

// Runs `front(const Invocation&)` as a call of `body` in the realm, with a frame of its
// own; Measured is around it, and limits it. `front` may throw Error and Thrown.
template <class Front>
auto RunCallIn(Realm* realm, FunctionBody* body, Front&& front) {
  const RealmScope realm_scope(realm);
  return EnterV8(&realm->isolate(), [&] {
    const MemoryContext memory = CurrentMemoryContext;
    v8::Isolate* isolate = realm->v8();
    // The compiler's isolate is current where it is what called us.
    std::optional<v8::Isolate::Scope> isolate_scope;
    if (v8::Isolate::TryGetCurrent() != isolate) isolate_scope.emplace(isolate);
    v8::HandleScope handles(isolate);
    v8::Context::Scope context_scope(realm->context());
    v8::TryCatch try_catch(isolate);
    CallFrame frame;
    const CallScope scope(&frame, realm, body);
    const Invocation call{*realm, frame, *body, memory};
    try {
      if (InterruptPending) {
        Guard([] { CHECK_FOR_INTERRUPTS(); });
      }
      const auto result = front(call);
      // A getter that the conversion ran may have been what was stopped.
      if (realm->isolate().terminated()) throw realm->isolate().TakeTermination();
      FinishCall(call);
      return result;
    } catch (const Thrown&) {
      Error error = ExceptionToError(realm, &realm->isolate(), try_catch);
      FailCall(call, &error);
      throw error;
    } catch (Error& error) {
      FailCall(call, &error);
      throw;
    } catch (const std::exception&) {
      Error error(ERRCODE_OUT_OF_MEMORY, "out of memory");
      FailCall(call, &error);
      throw error;
    }
  });
}

// The same in the realm of the effective role.
template <class Front>
auto RunCall(FunctionBody* body, Front&& front) {
  return RunCallIn(Realms::For(GetUserId()), body, std::forward<Front>(front));
}

}  // namespace plts
