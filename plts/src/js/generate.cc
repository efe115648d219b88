// Generate: compiling functions from text.

#include "js/generate.h"

namespace plts {

std::string JsLiteral(const std::string& utf8) {
  static const char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

v8::Local<v8::Function> GenerateFunction(Realm& realm,
                                         const std::vector<std::string>& parameters,
                                         const std::string& body) {
  v8::Isolate* isolate = realm.v8();
  v8::ScriptCompiler::Source code(Utf8ToJs(isolate, "\"use strict\"; " + body));
  std::vector<v8::Local<v8::String>> names;
  for (const std::string& name : parameters) names.push_back(Utf8ToJs(isolate, name));
#if V8_MAJOR_VERSION < 12
  return Checked(v8::ScriptCompiler::CompileFunctionInContext(
      realm.context(), &code, names.size(), names.data(), 0, nullptr));
#else
  return Checked(v8::ScriptCompiler::CompileFunction(realm.context(), &code,
                                                     names.size(), names.data()));
#endif
}

}  // namespace plts
