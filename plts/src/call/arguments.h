// Arguments: from PostgreSQL's call to JavaScript values and ctx.args.
#pragma once

#include "call/function.h"
#include "js/realm.h"

namespace plts {

// The arguments as JavaScript values, in order. Throws Error.
void ConvertArguments(Realm& realm, const FunctionBody& body, FunctionCallInfo fcinfo,
                      v8::Local<v8::Value>* out);

// ctx.args: the document itself, or an object of the arguments. Throws Thrown.
v8::Local<v8::Value> ArgsObject(Realm& realm, const FunctionBody& body,
                                v8::Local<v8::Value>* values);

}  // namespace plts
