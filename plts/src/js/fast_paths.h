// FastPaths: lets V8 keep its fast code for classes whose prototypes are frozen.
//
// V8 runs that code (for `replace`, `split` and `match` it is 8 to 25 times faster than
// the other) only while the hidden class, or map, of RegExp.prototype is the one that
// the native context has noted when V8 made it; likewise where a Map or a Set is made
// of a list. Freezing an object changes its map, although a frozen prototype is what V8
// would be told that way: nothing of it will ever differ. So the note is brought up to
// date, once, in the process that builds the snapshot, and every context has it from
// there.
//
// V8's interface has no word for that: the native context is read as what V8's own
// headers say it is, an array with a header. Where it looks otherwise, nothing is
// written and the build fails.
#pragma once

#include <v8.h>

#include <cstdint>

namespace plts {

class FastPaths {
 public:
  // Finds the notes; before the script that freezes the prototypes. False where V8
  // keeps them otherwise.
  bool Find(v8::Local<v8::Context> context) {
    for (Note& note : notes_) {
      v8::Local<v8::Object> prototype;
      if (!Prototype(context, note.name).ToLocal(&prototype)) return false;
      const Address map = MapOf(prototype);
      int found = 0;
      for (int i = 0; i < Length(context); i++) {
        if (*Slot(context, i) != map) continue;
        note.index = i;
        found++;
      }
      if (found != 1) return false;
    }
    return true;
  }

  // Notes the maps of the prototypes that are frozen now.
  bool Update(v8::Local<v8::Context> context) {
    for (const Note& note : notes_) {
      v8::Local<v8::Object> prototype;
      bool frozen = false;
      if (!Prototype(context, note.name).ToLocal(&prototype)) return false;
      if (!IsFrozen(context, prototype).To(&frozen)) return false;
      // Nothing collects meanwhile, and a map is never young: there is no barrier to
      // obey.
      if (frozen) *Slot(context, note.index) = MapOf(prototype);
    }
    return true;
  }

 private:
  using Address = v8::internal::Address;
  using Internals = v8::internal::Internals;
  static_assert(v8::internal::kApiTaggedSize == sizeof(Address),
                "pointers in V8's heap are compressed");

  struct Note {
    const char* name;
    int index;
  };

  template <class T>
  static Address AddressOf(v8::Local<T> handle) {
    return *reinterpret_cast<Address*>(*handle);
  }

  static Address MapOf(v8::Local<v8::Object> object) {
    return Internals::ReadRawField<Address>(AddressOf(object),
                                            Internals::kHeapObjectMapOffset);
  }

  static int Length(v8::Local<v8::Context> context) {
    return Internals::SmiValue(Internals::ReadRawField<Address>(
        AddressOf(context), v8::internal::kApiTaggedSize));
  }

  static Address* Slot(v8::Local<v8::Context> context, int index) {
    return reinterpret_cast<Address*>(AddressOf(context) -
                                      v8::internal::kHeapObjectTag +
                                      Internals::kFixedArrayHeaderSize) +
           index;
  }

  static v8::MaybeLocal<v8::Object> Prototype(v8::Local<v8::Context> context,
                                              const char* name) {
    v8::Isolate* isolate = context->GetIsolate();
    v8::Local<v8::Value> value = context->Global();
    for (const char* key : {name, "prototype"}) {
      v8::Local<v8::String> text;
      if (!value->IsObject() || !v8::String::NewFromUtf8(isolate, key).ToLocal(&text) ||
          !value.As<v8::Object>()->Get(context, text).ToLocal(&value)) {
        return {};
      }
    }
    return value->ToObject(context);
  }

  static v8::Maybe<bool> IsFrozen(v8::Local<v8::Context> context,
                                  v8::Local<v8::Object> object) {
    v8::Isolate* isolate = context->GetIsolate();
    v8::Local<v8::Script> script;
    v8::Local<v8::Value> is_frozen;
    v8::Local<v8::Value> result;
    v8::Local<v8::Value> argument = object;
    if (!v8::Script::Compile(context,
                             v8::String::NewFromUtf8Literal(isolate, "Object.isFrozen"))
             .ToLocal(&script) ||
        !script->Run(context).ToLocal(&is_frozen) || !is_frozen->IsFunction() ||
        !is_frozen.As<v8::Function>()
             ->Call(context, v8::Undefined(isolate), 1, &argument)
             .ToLocal(&result)) {
      return v8::Nothing<bool>();
    }
    return v8::Just(result->IsTrue());
  }

  Note notes_[5] = {
      {"RegExp", -1}, {"Map", -1}, {"Set", -1}, {"WeakMap", -1}, {"WeakSet", -1}};
};

}  // namespace plts
