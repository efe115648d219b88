// Strings between V8 (UTF-16 or Latin-1) and PostgreSQL (the database's encoding).
#pragma once

#include "js/v8.h"
#include "pg/error.h"

namespace plts {

// JavaScript threw: the exception waits in the innermost v8::TryCatch. Never leaves the
// function that holds that TryCatch, nor a V8 callback.
struct Thrown {};

// The value of a V8 call that can fail; throws Thrown where it did.
template <class T>
v8::Local<T> Checked(v8::MaybeLocal<T> maybe) {
  v8::Local<T> value;
  if (!maybe.ToLocal(&value)) throw Thrown{};
  return value;
}

// A JavaScript string from UTF-8 text. Throws Thrown where it is too long for V8.
v8::Local<v8::String> Utf8ToJs(v8::Isolate* isolate, std::string_view text);

// The same for a constant of ours: short ASCII, interned.
v8::Local<v8::String> Name(v8::Isolate* isolate, const char* text);

// UTF-8 text of a JavaScript string. Throws Error 22021 for a lone surrogate or, where
// `allow_nul` is false, for U+0000, which PostgreSQL's text cannot hold.
std::string JsToUtf8(v8::Isolate* isolate, v8::Local<v8::String> text,
                     bool allow_nul = false);

// The same for what is only shown to people: never fails, replaces what is not valid.
std::string JsToDisplay(v8::Isolate* isolate, v8::Local<v8::Value> value);

// UTF-8 text in the database's encoding, for messages.
std::string ForMessage(const std::string& utf8);

// JavaScript string from text in the database's encoding, and back to palloc'd memory
// with a terminating zero. `length` receives the length. Both may ereport.
v8::Local<v8::String> pg_text_to_js(v8::Isolate* isolate, const char* text, int length);
char* pg_js_to_text(v8::Isolate* isolate, v8::Local<v8::String> text, int* length);

}  // namespace plts
