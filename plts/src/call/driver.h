// Driver: asynchrony without an event loop.
#pragma once

#include "call/frame.h"

namespace plts {

// Drains the realm's microtasks, then runs the next statement that was asked for, with
// no JavaScript on the stack, and so on until both are empty. Returns `result`, or what
// it was fulfilled with where it is a promise. Throws Thrown for a rejection, Error
// where the promise can never settle or a rejection was handled by nobody.
v8::Local<v8::Value> Settle(Realm& realm, CallFrame& frame,
                            v8::Local<v8::Value> result);

// The first half of it: runs all that can run now.
void Drain(Realm& realm, CallFrame& frame);

// Drops the microtasks that a failed call has left, which would otherwise run in the
// next call of the realm.
void DiscardMicrotasks(Realm& realm);

}  // namespace plts
