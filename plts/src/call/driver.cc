// Driver: the loop that promises depend on.

#include "call/driver.h"

#include "api/cursor.h"
#include "api/savepoint.h"
#include "api/statement.h"
#include "js/exception.h"

namespace plts {
namespace {

v8::Local<v8::Value> Run(Realm& realm, CallFrame& frame, const Request& request) {
  v8::Isolate* isolate = realm.v8();
  if (request.task == Task::kRelease) {
    ReleaseSavepoint(frame, request.token);
    return v8::Undefined(isolate);
  }
  if (request.task == Task::kRollback) {
    RollbackSavepoint(frame, request.token);
    return v8::Undefined(isolate);
  }
  CheckToken(frame, request.token);
  switch (request.task) {
    case Task::kSavepoint:
      return v8::Integer::NewFromUnsigned(isolate, OpenSavepoint(frame));
    case Task::kFetch:
      return FetchRows(realm, frame, request.cursor, request.count);
    default:
      break;
  }
  const StatementText text{request.sql.Get(isolate),
                           request.params.IsEmpty()
                               ? v8::Undefined(isolate).As<v8::Value>()
                               : request.params.Get(isolate)};
  if (request.task == Task::kOpenCursor) {
    return v8::Integer::NewFromUnsigned(isolate, OpenCursor(realm, frame, text));
  }
  return RunStatement(realm, frame, text, request.task == Task::kQuery);
}

void RunRequest(Realm& realm, CallFrame& frame) {
  v8::Isolate* isolate = realm.v8();
  v8::HandleScope handles(isolate);
  const Request request = std::move(frame.requests[frame.next_request++]);
  if (frame.next_request == frame.requests.size()) {
    frame.requests.clear();
    frame.next_request = 0;
  }
  v8::Local<v8::Context> context = realm.context();
  v8::Local<v8::Promise::Resolver> resolver = request.resolver.Get(isolate);
  v8::Local<v8::Value> outcome;
  bool failed = false;
  v8::TryCatch try_catch(isolate);
  try {
    outcome = Run(realm, frame, request);
  } catch (const Thrown&) {
    // Without JavaScript on the stack nothing has looked for a termination so far.
    if (realm.isolate().terminated()) throw realm.isolate().TakeTermination();
    // A getter or toJSON of a parameter threw: the rejection is what it threw.
    failed = true;
    outcome = try_catch.Exception();
    try_catch.Reset();
  } catch (Error& error) {
    if (error.Uncatchable() || realm.isolate().doomed()) throw;
    RejectWithError(&realm, resolver, error);
    return;
  }
  const v8::Maybe<bool> settled =
      failed ? resolver->Reject(context, outcome) : resolver->Resolve(context, outcome);
  if (!settled.FromMaybe(false)) throw Thrown{};
}

}  // namespace

void Drain(Realm& realm, CallFrame& frame) {
  for (;;) {
    if (realm.isolate().terminated()) throw realm.isolate().TakeTermination();
    realm.queue()->PerformCheckpoint(realm.v8());
    if (realm.isolate().terminated()) {
      throw realm.isolate().TakeTermination();
    }
    if (frame.requests.empty()) return;
    RunRequest(realm, frame);
  }
}

v8::Local<v8::Value> Settle(Realm& realm, CallFrame& frame,
                            v8::Local<v8::Value> result) {
  v8::Isolate* isolate = realm.v8();
  Drain(realm, frame);
  if (result->IsPromise()) {
    auto promise = result.As<v8::Promise>();
    std::erase_if(frame.rejections,
                  [&](const auto& known) { return known == promise; });
    if (promise->State() == v8::Promise::kRejected) {
      isolate->ThrowException(promise->Result());
      throw Thrown{};
    }
    if (promise->State() == v8::Promise::kPending) {
      throw Error(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION,
                  "the promise that the function returned never settles",
                  "No statement and no other promise is pending that could settle it.");
    }
    result = promise->Result();
  }
  if (!frame.rejections.empty()) {
    v8::Local<v8::Promise> promise = frame.rejections.front().Get(isolate);
    frame.rejections.clear();
    Error error = ValueToError(&realm, promise->Result());
    if (error.data().hint == nullptr) {
      error.data().hint = ErrorString("A promise was rejected that nothing awaits.");
    }
    throw error;
  }
  return result;
}

void DiscardMicrotasks(Realm& realm) {
  v8::Isolate* isolate = realm.v8();
  const v8::HandleScope handles(isolate);
  const v8::TryCatch try_catch(isolate);
  // A queue whose run is terminated is emptied, and a termination that is already due
  // lets no JavaScript begin.
  isolate->TerminateExecution();
  realm.queue()->PerformCheckpoint(isolate);
  isolate->CancelTerminateExecution();
}

}  // namespace plts
