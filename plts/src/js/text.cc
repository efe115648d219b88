// Strings between V8 and PostgreSQL.

#include "js/text.h"

#include "pg/guard.h"

namespace plts {
namespace {

// Appends Latin-1 text as UTF-8.
void AppendOneByte(const uint8_t* text, int length, std::string* out) {
  int ascii = 0;
  while (ascii < length && text[ascii] < 0x80) ascii++;
  out->append(reinterpret_cast<const char*>(text), static_cast<size_t>(ascii));
  for (int i = ascii; i < length; i++) {
    const uint8_t c = text[i];
    if (c < 0x80) {
      out->push_back(static_cast<char>(c));
    } else {
      out->push_back(static_cast<char>(0xC0 | (c >> 6)));
      out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
    }
  }
}

void AppendCodePoint(uint32_t c, std::string* out) {
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (c >> 6)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (c >> 12)));
    out->push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | (c >> 18)));
    out->push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

// Appends UTF-16 text as UTF-8. False at a lone surrogate, where `replace` is false.
bool AppendTwoByte(const uint16_t* text, int length, bool replace, std::string* out) {
  for (int i = 0; i < length; i++) {
    const uint32_t unit = text[i];
    if (unit < 0xD800 || unit > 0xDFFF) {
      AppendCodePoint(unit, out);
    } else if (unit < 0xDC00 && i + 1 < length && text[i + 1] >= 0xDC00 &&
               text[i + 1] <= 0xDFFF) {
      AppendCodePoint(0x10000 + ((unit - 0xD800) << 10) + (text[++i] - 0xDC00), out);
    } else if (replace) {
      AppendCodePoint(0xFFFD, out);
    } else {
      return false;
    }
  }
  return true;
}

bool Append(v8::Isolate* isolate, v8::Local<v8::String> text, bool replace,
            std::string* out) {
  const int length = text->Length();
  if (text->IsOneByte()) {
    constexpr int kOnStack = 256;
    uint8_t small[kOnStack];
    std::vector<uint8_t> large;
    uint8_t* buffer = small;
    if (length > kOnStack) {
      large.resize(static_cast<size_t>(length));
      buffer = large.data();
    }
    text->WriteOneByte(isolate, buffer, 0, length, v8::String::NO_NULL_TERMINATION);
    AppendOneByte(buffer, length, out);
    return true;
  }
  std::vector<uint16_t> buffer(static_cast<size_t>(length));
  text->Write(isolate, buffer.data(), 0, length, v8::String::NO_NULL_TERMINATION);
  out->reserve(buffer.size() * 2);
  return AppendTwoByte(buffer.data(), length, replace, out);
}

}  // namespace

v8::Local<v8::String> Utf8ToJs(v8::Isolate* isolate, std::string_view text) {
  if (text.size() > static_cast<size_t>(v8::String::kMaxLength)) {
    throw Error(ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                "text is too long for a JavaScript string");
  }
  return Checked(v8::String::NewFromUtf8(
      isolate, text.data(), v8::NewStringType::kNormal, static_cast<int>(text.size())));
}

v8::Local<v8::String> Name(v8::Isolate* isolate, const char* text) {
  return Checked(
      v8::String::NewFromUtf8(isolate, text, v8::NewStringType::kInternalized));
}

std::string JsToUtf8(v8::Isolate* isolate, v8::Local<v8::String> text, bool allow_nul) {
  std::string out;
  if (!Append(isolate, text, false, &out)) {
    throw Error(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
                "a JavaScript string with a lone surrogate cannot become text",
                "UTF-8 has no form for half of a surrogate pair.",
                "String.prototype.toWellFormed() replaces lone surrogates.");
  }
  if (!allow_nul && out.find('\0') != std::string::npos) {
    throw Error(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
                "a JavaScript string with U+0000 cannot become text",
                "PostgreSQL's text cannot hold that character.");
  }
  return out;
}

std::string JsToDisplay(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  std::string out;
  if (!value.IsEmpty() && value->IsString()) {
    Append(isolate, value.As<v8::String>(), true, &out);
  }
  for (char& c : out) {
    if (c == '\0') c = ' ';
  }
  return out;
}

std::string ForMessage(const std::string& utf8) {
  if (GetDatabaseEncoding() == PG_UTF8) return utf8;
  std::string out = utf8;
  Guard([&] {
    const char* encoded =
        pg_any_to_server(utf8.c_str(), static_cast<int>(utf8.size()), PG_UTF8);
    if (encoded != utf8.c_str()) out.assign(encoded);
  });
  return out;
}

v8::Local<v8::String> pg_text_to_js(v8::Isolate* isolate, const char* text,
                                    int length) {
  if (GetDatabaseEncoding() == PG_UTF8) {
    return Utf8ToJs(isolate, {text, static_cast<size_t>(length)});
  }
  const char* utf8 = pg_server_to_any(text, length, PG_UTF8);
  return Utf8ToJs(isolate, utf8 == text
                               ? std::string_view(text, static_cast<size_t>(length))
                               : std::string_view(utf8));
}

char* pg_js_to_text(v8::Isolate* isolate, v8::Local<v8::String> text, int* length) {
  // Copied out of the C++ string before anything that may longjmp over it.
  char* utf8 = nullptr;
  size_t size = 0;
  {
    const std::string converted = JsToUtf8(isolate, text);
    size = converted.size();
    utf8 = static_cast<char*>(MemoryContextAllocExtended(
        CurrentMemoryContext, size + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM));
    if (utf8 != nullptr) std::memcpy(utf8, converted.c_str(), size + 1);
  }
  if (utf8 == nullptr) {
    ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
  }
  if (size > MaxAllocSize - VARHDRSZ - 1) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("a JavaScript string is too long to become text")));
  }
  if (GetDatabaseEncoding() != PG_UTF8) {
    char* encoded = pg_any_to_server(utf8, static_cast<int>(size), PG_UTF8);
    if (encoded != utf8) {
      pfree(utf8);
      utf8 = encoded;
      size = std::strlen(encoded);
    }
  }
  *length = static_cast<int>(size);
  return utf8;
}

}  // namespace plts
