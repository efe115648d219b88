// Window: ctx.window, PostgreSQL's window API.
#pragma once

#include "js/v8.h"
#include "pg/trigger.h"

namespace plts {

// What a frame has while a window function runs.
struct WindowCall {
  WindowObject object;
  MemoryContext memory;  // of the call: what is read belongs there
};

// Natives.
void WindowPosition(const v8::FunctionCallbackInfo<v8::Value>& arguments);
void WindowRowCount(const v8::FunctionCallbackInfo<v8::Value>& arguments);
void WindowArg(const v8::FunctionCallbackInfo<v8::Value>& arguments);
void WindowSeek(const v8::FunctionCallbackInfo<v8::Value>& arguments);
void WindowArePeers(const v8::FunctionCallbackInfo<v8::Value>& arguments);
void WindowSetMark(const v8::FunctionCallbackInfo<v8::Value>& arguments);
void WindowLocal(const v8::FunctionCallbackInfo<v8::Value>& arguments);
void SetWindowLocal(const v8::FunctionCallbackInfo<v8::Value>& arguments);

}  // namespace plts
