// Converter: how values of one SQL type become JavaScript values and back.
#pragma once

#include <memory>

#include "js/text.h"

namespace plts {

class Realm;
struct Converter;

// What a conversion needs besides the value.
struct Conversion {
  v8::Isolate* isolate;
  v8::Local<v8::Context> context;
  // Of the call that keeps the value's memory as long as it lasts (CallFrame::lease); 0
  // where the memory may go sooner, so that what is read later must be copied.
  uint64_t lease = 0;
  // Of a parameter: a string for json or jsonb is JSON text, wherever in it.
  bool parameter = false;
};

// Both directions run inside Guard(…, World::kMixed): they may ereport, throw Error,
// and throw Thrown where JavaScript threw. They declare nothing that a longjmp may not
// pass.
using ToJsFunction = v8::Local<v8::Value> (*)(const Converter& converter,
                                              const Conversion& conversion,
                                              Datum value);
// `value` is neither null nor undefined.
using ToDatumFunction = Datum (*)(const Converter& converter,
                                  const Conversion& conversion,
                                  v8::Local<v8::Value> value);

// The quick way back, for the values that need no memory and cannot fail. False for all
// others, which go the other way. Needs no Guard.
using QuickToDatumFunction = bool (*)(v8::Local<v8::Value> value, Datum* out);

// A column of a composite type. Dropped ones have no converter.
struct Field {
  char* name;
  const Converter* converter;
};

// Immutable but for its bookkeeping. A change of its type makes it old and frees
// nothing: it lives until nobody keeps it any more and SweepConverters() runs. Whoever
// has one beyond what he asked for it for keeps a ConverterRef.
struct Converter {
  Oid type = InvalidOid;  // the type itself, a domain included
  Oid base = InvalidOid;  // the type below all domains
  int32 typmod = -1;
  int16 length = 0;
  bool by_value = false;
  char align = 'i';
  bool domain = false;
  ToJsFunction to_js = nullptr;
  ToDatumFunction to_datum = nullptr;
  QuickToDatumFunction quick_to_datum = nullptr;
  bool simple_to_js = false;  // to_js cannot raise, and needs no Guard
  FmgrInfo output{};          // the type's own text form
  FmgrInfo input{};
  Oid io_parameter = InvalidOid;
  const Converter* element = nullptr;  // of an array
  TupleDesc row = nullptr;             // of a composite type
  Field* fields = nullptr;             // one for each attribute of `row`
  char* sql_name = nullptr;            // as format_type prints it
  char* ts_type = nullptr;             // what TypeScript sees, without null
  char* ts_result = nullptr;           // what TypeScript may return for it

  MemoryContext memory = nullptr;  // of itself and all that it has
  bool cached = false;             // others who ask for the type get it too
  bool complete = false;           // false where an error came while it was made
  mutable int references = 0;
  mutable bool current = true;  // false once a type that it knows may have changed
  mutable uint64_t generation =
      0;  // TypeGeneration() when `current` was last looked at
};

// The converter of a type. May ereport.
const Converter* pg_converter(Oid type, int32 typmod = -1);

// A converter of rows of `descriptor`, which need not be of a named type: the caller's
// own. May ereport.
const Converter* pg_row_converter(TupleDesc descriptor);

// Grows whenever the definition of a type that some converter knows may have changed.
inline uint64_t g_type_generation = 1;
inline uint64_t TypeGeneration() { return g_type_generation; }

// False once another is to be asked for. Runs no code of PostgreSQL's.
bool LookWhetherCurrent(const Converter& converter) noexcept;
inline bool IsCurrent(const Converter* converter) noexcept {
  if (converter == nullptr) return true;
  if (converter->generation == g_type_generation) return converter->current;
  return LookWhetherCurrent(*converter);
}

// Frees the converters that are old, or somebody's own, and that nobody keeps. Called
// where converters are asked for anew, before they are: a converter that was asked for
// and is not kept yet would go.
void SweepConverters();

void KeepConverter(const Converter* converter) noexcept;
void ReleaseConverter(const Converter* converter) noexcept;

// Keeps a converter, or none. Frees nothing itself, so that it may go anywhere. Not for
// use inside a Guard, where a longjmp would pass over it.
class ConverterRef {
 public:
  ConverterRef() = default;
  // Implicit, as for other pointers.
  ConverterRef(const Converter* converter) noexcept : converter_(converter) {
    KeepConverter(converter);
  }
  ConverterRef(const ConverterRef& other) noexcept : ConverterRef(other.converter_) {}
  ConverterRef(ConverterRef&& other) noexcept
      : converter_(std::exchange(other.converter_, nullptr)) {}
  ConverterRef& operator=(ConverterRef other) noexcept {
    std::swap(converter_, other.converter_);
    return *this;
  }
  ~ConverterRef() { ReleaseConverter(converter_); }
  operator const Converter*() const noexcept { return converter_; }
  const Converter* operator->() const noexcept { return converter_; }

 private:
  const Converter* converter_ = nullptr;
};

// Registers for the changes, once a process. May ereport.
void pg_watch_types();

// NULL becomes null.
inline v8::Local<v8::Value> pg_to_js(const Converter& converter,
                                     const Conversion& conversion,
                                     NullableDatum value) {
  if (value.isnull) return v8::Null(conversion.isolate);
  return converter.to_js(converter, conversion, value.value);
}

// null and undefined become NULL. Checks the constraints of domains.
NullableDatum pg_to_datum(const Converter& converter, const Conversion& conversion,
                          v8::Local<v8::Value> value);

// The same for a parameter of a statement, where a string for json or jsonb is JSON
// text, as drivers have it, in arrays and composites too. json(value) is any value.
NullableDatum pg_parameter_to_datum(const Converter& converter,
                                    const Conversion& conversion,
                                    v8::Local<v8::Value> value);

// Raises: this JavaScript value cannot become this SQL type. With `why` it is of the
// right kind and out of range. May be called inside Guard.
[[noreturn]] void pg_cannot_convert(const Converter& converter,
                                    const Conversion& conversion,
                                    v8::Local<v8::Value> value,
                                    const char* why = nullptr,
                                    const char* hint = nullptr);

}  // namespace plts
