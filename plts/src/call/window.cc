// Window: one call for each row, with the arguments at that row.

#include "call/window.h"

#include "api/window.h"
#include "call/arguments.h"
#include "call/invocation.h"
#include "call/result.h"

namespace plts {
namespace {

// The frame's window, for as long as its handler and the conversion of its result run.
class WindowScope {
 public:
  WindowScope(CallFrame* frame, WindowCall* window) : frame_(frame) {
    frame->window = window;
  }
  ~WindowScope() { frame_->window = nullptr; }
  WindowScope(const WindowScope&) = delete;
  WindowScope& operator=(const WindowScope&) = delete;

 private:
  CallFrame* frame_;
};

}  // namespace

Datum CallWindow(FunctionBody* body, FunctionCallInfo fcinfo) {
  WindowObject object = PG_WINDOW_OBJECT();
  if (!WindowObjectIsValid(object)) {
    throw Error(ERRCODE_WRONG_OBJECT_TYPE,
                "window function " + body->display_name + " is called without OVER");
  }
  const NullableDatum result = RunCall(body, [&](const Invocation& call) {
    WindowCall window{object, call.memory};
    const WindowScope scope(&call.frame, &window);
    // PostgreSQL leaves all arguments of a window function null.
    Guard([&] {
      for (size_t i = 0; i < body->arguments.size(); i++) {
        fcinfo->args[i].value =
            WinGetFuncArgCurrent(object, static_cast<int>(i), &fcinfo->args[i].isnull);
      }
    });
    v8::Local<v8::Value> values[kBeforeArguments + FUNC_MAX_ARGS];
    ConvertArguments(call.realm, call.body, fcinfo, values + kBeforeArguments);
    return ConvertResult(call.realm, *call.body.result, call.memory,
                         CallHandler(call, values, Name(call.realm.v8(), "window")));
  });
  fcinfo->isnull = result.isnull;
  return result.value;
}

}  // namespace plts
