// Arguments: from PostgreSQL's call to JavaScript values and ctx.args.
#pragma once

#include "call/function.h"
#include "js/realm.h"

namespace plts {

// The arguments as JavaScript values, in order. Throws Error.
void ConvertArguments(Realm& realm, const FunctionBody& body, FunctionCallInfo fcinfo,
                      v8::Local<v8::Value>* out);

// (handler, makeCtx, token, fn, mode, extra, …arguments): calls the handler of a body
// that has arguments with a ctx of them and, where it is plain, with them. One crossing
// from C++. Throws Thrown.
v8::Local<v8::Function> CallerFor(Realm& realm, const FunctionBody& body,
                                  LoadedHandler* handler);

}  // namespace plts
