// Exceptions: the border between JavaScript's and PostgreSQL's errors.
#pragma once

#include "js/realm.h"

namespace plts {

// What a caller of JavaScript gets for the exception that `try_catch` caught: the SQL
// error that was thrown, or 38000 with the TypeScript stack in its context; for a
// termination, what ended it. `realm` may be null where none is there yet.
Error ExceptionToError(Realm* realm, Isolate* isolate, v8::TryCatch& try_catch);

// The same for a value that was thrown or rejected with.
Error ValueToError(Realm* realm, v8::Local<v8::Value> thrown);

// Throws `error` into JavaScript, for a V8 callback that returns right after: an
// SqlError, or a termination where no JavaScript may catch it.
void ThrowToJs(Realm* realm, Error error);

// The SqlError object for `error`.
v8::Local<v8::Value> ErrorToJs(Realm* realm, const Error& error);

// Rejects a promise of a request with it, so that its stack says where JavaScript
// awaits the promise: no JavaScript is on the stack, but in a step of a promise V8
// looks for the functions that wait for it. Throws Thrown.
void RejectWithError(Realm* realm, v8::Local<v8::Promise::Resolver> resolver,
                     const Error& error);

// Keeps track of rejections that nothing handles.
void OnPromiseReject(v8::PromiseRejectMessage message);

}  // namespace plts
