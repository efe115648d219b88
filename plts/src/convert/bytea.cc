// bytea: a Uint8Array that owns a copy of the bytes.

#include "convert/families.h"
#include "js/realm.h"

namespace plts {
namespace {

// A buffer that was transferred has lost its bytes; it is not empty.
void pg_refuse_detached(const Converter& converter, const Conversion& c,
                        v8::Local<v8::Value> value, v8::Local<v8::ArrayBuffer> buffer) {
  if (!buffer->WasDetached()) return;
  pg_cannot_convert(converter, c, value,
                    "Its bytes were transferred to another buffer.");
}

}  // namespace

v8::Local<v8::Value> ByteaToJs(const Converter&, const Conversion& c, Datum value) {
  const bytea* packed = DatumGetByteaPP(value);
  const size_t length = VARSIZE_ANY_EXHDR(packed);
  v8::Local<v8::Uint8Array> bytes = NewBytes(c.context, length);
  if (length > 0) {
    char* target = static_cast<char*>(bytes->Buffer()->Data());
    std::memcpy(target, VARDATA_ANY(packed), length);
  }
  return bytes;
}

Datum ByteaToDatum(const Converter& converter, const Conversion& c,
                   v8::Local<v8::Value> value) {
  if (value->IsArrayBufferView()) {
    auto view = value.As<v8::ArrayBufferView>();
    const size_t length = view->ByteLength();
    if (length == 0) pg_refuse_detached(converter, c, value, view->Buffer());
    auto* packed = static_cast<bytea*>(palloc(length + VARHDRSZ));
    SET_VARSIZE(packed, length + VARHDRSZ);
    view->CopyContents(VARDATA(packed), length);
    return PointerGetDatum(packed);
  }
  if (value->IsArrayBuffer()) {
    auto buffer = value.As<v8::ArrayBuffer>();
    const size_t length = buffer->ByteLength();
    if (length == 0) pg_refuse_detached(converter, c, value, buffer);
    auto* packed = static_cast<bytea*>(palloc(length + VARHDRSZ));
    SET_VARSIZE(packed, length + VARHDRSZ);
    if (length > 0) {
      std::memcpy(VARDATA(packed), static_cast<char*>(buffer->Data()), length);
    }
    return PointerGetDatum(packed);
  }
  pg_cannot_convert(converter, c, value);
}

}  // namespace plts
