// Document: the handlers of the proxies, their traps, and who owns the bytes.

#include "convert/document.h"

#include <algorithm>

#include "call/frame.h"
#include "js/exception.h"
#include "pg/guard.h"

namespace plts {
namespace {

using Arguments = v8::FunctionCallbackInfo<v8::Value>;

// What a handler's first field points to; its address is what tells our handlers from
// every object that user code may make a proxy with.
struct alignas(8) State {
  bool filled;
  bool owned;
  bool whole;  // the document itself, which follows its varlena header
};
State g_filled = {true, false, false};
State g_borrowed_whole = {false, false, true};
State g_borrowed_part = {false, false, false};
State g_owned = {false, true, false};

// The internal fields of a handler. Numbers are kept as pointers to even addresses,
// which are small integers to V8.
enum Field : int {
  kState,
  kOwner,  // the lease, or the Owned
  kData,   // the part
  kSize,
  kReads,  // how often a member was read
  kCache,  // a Map of the objects that members have become, by their place
  kRoot,   // of an owned part: the handler that keeps the bytes
  kFields,
};

void* FromNumber(uint64_t number) { return reinterpret_cast<void*>(number << 1); }
uint64_t ToNumber(void* field) { return reinterpret_cast<uint64_t>(field) >> 1; }

// A copy of a document that a handler keeps alive.
struct Owned {
  v8::Global<v8::Object> handler;  // weak
  Owned* next;
  Owned* previous;
  size_t size;
  Jsonb* document() { return reinterpret_cast<Jsonb*>(this + 1); }
};

// All of them, of the one isolate that runs user code.
v8::Isolate* g_owner = nullptr;
Owned* g_first_owned = nullptr;
size_t g_owned_bytes = 0;

void FreeOwned(Owned* owned) {
  (owned->previous != nullptr ? owned->previous->next : g_first_owned) = owned->next;
  if (owned->next != nullptr) owned->next->previous = owned->previous;
  g_owned_bytes -= owned->size;
  owned->handler.Reset();
  owned->~Owned();
  std::free(owned);
}

void OnCollected(const v8::WeakCallbackInfo<Owned>& info) {
  const auto size = static_cast<int64_t>(info.GetParameter()->size);
  FreeOwned(info.GetParameter());
  info.GetIsolate()->AdjustAmountOfExternalAllocatedMemory(-size);
}

void ForgetDocuments(v8::Isolate* isolate) {
  if (isolate != g_owner) return;
  while (g_first_owned != nullptr) FreeOwned(g_first_owned);
}

// A copy of the document, which nobody keeps alive yet. May ereport.
Owned* pg_own(const Conversion& c, Jsonb* document) {
  const size_t size = VARSIZE(document);
  const size_t limit =
      static_cast<size_t>(g_frame->realm->isolate().heap_mb()) * 1024 * 1024;
  if (g_owned_bytes + size > limit) c.isolate->LowMemoryNotification();
  void* memory =
      g_owned_bytes + size > limit ? nullptr : std::malloc(sizeof(Owned) + size);
  if (memory == nullptr) {
    ereport(ERROR,
            (errcode(ERRCODE_OUT_OF_MEMORY),
             errmsg("JSON documents need more memory than JavaScript may use"),
             errdetail("The limit is %d MB.", g_frame->realm->isolate().heap_mb()),
             errhint("Raise \"plts.max_heap_mb\", or read fewer documents at once.")));
  }
  g_owner = c.isolate;
  auto* owned = new (memory) Owned();
  owned->size = size;
  owned->previous = nullptr;
  owned->next = g_first_owned;
  if (g_first_owned != nullptr) g_first_owned->previous = owned;
  g_first_owned = owned;
  g_owned_bytes += size;
  std::memcpy(static_cast<void*>(owned->document()), document, size);
  return owned;
}

bool LeaseHolds(uint64_t lease) {
  for (const CallFrame* frame = g_frame; frame != nullptr; frame = frame->previous) {
    if (frame->lease == lease) return true;
  }
  return false;
}

// Our handler of a proxy, empty for every other object.
v8::Local<v8::Object> HandlerOf(v8::Local<v8::Value> value) {
  if (!value->IsProxy()) return {};
  v8::Local<v8::Value> found = value.As<v8::Proxy>()->GetHandler();
  if (!found->IsObject()) return {};
  auto handler = found.As<v8::Object>();
  if (handler->InternalFieldCount() != kFields) return {};
  const void* state = handler->GetAlignedPointerFromInternalField(kState);
  const bool ours = state == &g_filled || state == &g_borrowed_whole ||
                    state == &g_borrowed_part || state == &g_owned;
  return ours ? handler : v8::Local<v8::Object>();
}

State* StateOf(v8::Local<v8::Object> handler) {
  return static_cast<State*>(handler->GetAlignedPointerFromInternalField(kState));
}

// Throws Error where the bytes are gone.
void CheckAlive(v8::Local<v8::Object> handler, const State& state) {
  if (state.owned) return;
  if (LeaseHolds(ToNumber(handler->GetAlignedPointerFromInternalField(kOwner)))) {
    return;
  }
  throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "a JSON document is read after the call whose argument it was",
              "Large documents are read where they lie, and their memory goes with the "
              "call.",
              "Keep a copy, such as structuredClone(document), of what is needed "
              "longer.");
}

JsonbPart PartBehind(v8::Local<v8::Object> handler) {
  return {
      static_cast<JsonbContainer*>(handler->GetAlignedPointerFromInternalField(kData)),
      static_cast<uint32>(
          ToNumber(handler->GetAlignedPointerFromInternalField(kSize)))};
}

v8::Local<v8::ObjectTemplate> Handlers(const Conversion& c);

v8::Local<v8::Object> MakeHandler(const Conversion& c, State* state, void* owner,
                                  const JsonbPart& part) {
  v8::Local<v8::Object> handler = Checked(Handlers(c)->NewInstance(c.context));
  int fields[] = {kState, kOwner, kData, kSize, kReads};
  void* values[] = {state, owner, part.data, FromNumber(part.size), nullptr};
  handler->SetAlignedPointerInInternalFields(5, fields, values);
  return handler;
}

v8::Local<v8::Value> MakeProxy(const Conversion& c, const JsonbPart& part,
                               v8::Local<v8::Object> handler) {
  v8::Local<v8::Object> target = part.is_array()
                                     ? v8::Array::New(c.isolate).As<v8::Object>()
                                     : v8::Object::New(c.isolate);
  return Checked(v8::Proxy::New(c.context, target, handler));
}

// The value of a member of the document of `handler`. May ereport.
v8::Local<v8::Value> pg_member(const Conversion& c, v8::Local<v8::Object> handler,
                               const JsonbValue& item) {
  if (item.type != jbvBinary) return pg_item_to_js(c, item);
  const JsonbPart part = PartOf(item);
  v8::Local<v8::Value> known = handler->GetInternalField(kCache).As<v8::Value>();
  v8::Local<v8::Value> place = v8::Number::New(
      c.isolate,
      static_cast<double>(
          reinterpret_cast<char*>(part.data) -
          static_cast<char*>(handler->GetAlignedPointerFromInternalField(kData))));
  if (known->IsMap()) {
    v8::Local<v8::Value> value = Checked(known.As<v8::Map>()->Get(c.context, place));
    if (!value->IsUndefined()) return value;
  }
  v8::Local<v8::Value> made;
  if (!IsLazy(part)) {
    made = pg_part_to_js(c, part);
  } else {
    const State& state = *StateOf(handler);
    v8::Local<v8::Object> inner =
        MakeHandler(c, state.owned ? &g_owned : &g_borrowed_part,
                    handler->GetAlignedPointerFromInternalField(kOwner), part);
    if (state.owned) {
      v8::Local<v8::Value> root = handler->GetInternalField(kRoot).As<v8::Value>();
      inner->SetInternalField(kRoot, root->IsObject() ? root : handler.As<v8::Value>());
    }
    made = MakeProxy(c, part, inner);
  }
  if (!known->IsMap()) {
    known = v8::Map::New(c.isolate);
    handler->SetInternalField(kCache, known);
  }
  Checked(known.As<v8::Map>()->Set(c.context, place, made));
  return made;
}

// Runs `body` in a Guard, with memory that goes when it ends.
template <class Body>
void WithScratch(Body&& body) {
  static MemoryContext scratch = nullptr;
  struct Restore {
    MemoryContext memory = CurrentMemoryContext;
    ~Restore() { CurrentMemoryContext = memory; }
  } const restore;
  Guard(
      [&] {
        if (scratch == nullptr) {
          scratch = AllocSetContextCreate(TopMemoryContext, "plts documents",
                                          ALLOCSET_DEFAULT_SIZES);
        }
        MemoryContextReset(scratch);
        MemoryContextSwitchTo(scratch);
        body();
      },
      World::kMixed);
}

// Makes `target` what the document says, and takes the traps away. Runs no code of
// users.
void pg_fill(const Conversion& c, v8::Local<v8::Object> handler,
             v8::Local<v8::Object> target) {
  JsonbWalk walk(PartBehind(handler));
  const bool array = PartBehind(handler).is_array();
  JsonbValue key;
  JsonbValue item;
  for (uint32_t i = 0; walk.Next(&key, &item); i++) {
    if (i % 1024 == 1023) CHECK_FOR_INTERRUPTS();
    v8::Local<v8::Value> value = pg_member(c, handler, item);
    const v8::Maybe<bool> made =
        array ? target->CreateDataProperty(c.context, i, value)
              : target->CreateDataProperty(c.context, pg_key_to_js(c, key), value);
    if (!made.FromMaybe(false)) throw Thrown{};
  }
  handler->SetAlignedPointerInInternalField(kState, &g_filled);
  handler->SetInternalField(kCache, v8::Undefined(c.isolate));
  handler->SetInternalField(kRoot, v8::Undefined(c.isolate));
  if (!handler->SetPrototype(c.context, v8::Null(c.isolate)).FromMaybe(false)) {
    throw Thrown{};
  }
}

void Fill(const Conversion& c, v8::Local<v8::Object> handler,
          v8::Local<v8::Object> target) {
  const State* state = StateOf(handler);
  if (state->filled) return;
  CheckAlive(handler, *state);
  WithScratch([&] { pg_fill(c, handler, target); });
}

// Many reads of one document are better made where it is plain. Each level is filled
// once for a number of reads that grows with it.
void CountRead(const Conversion& c, v8::Local<v8::Object> handler,
               v8::Local<v8::Object> target, uint32 members) {
  const uint64_t reads =
      ToNumber(handler->GetAlignedPointerFromInternalField(kReads)) + 1;
  handler->SetAlignedPointerInInternalField(kReads, FromNumber(reads));
  if (reads > std::max<uint64_t>(8, members / 4)) Fill(c, handler, target);
}

// Quicker than asking V8 for UTF-8. False for any other text.
bool WriteAscii(v8::Isolate* isolate, v8::Local<v8::String> key, int length,
                char* out) {
  if (!key->IsOneByte()) return false;
  key->WriteOneByte(isolate, reinterpret_cast<uint8_t*>(out), 0, length,
                    v8::String::NO_NULL_TERMINATION);
  return std::all_of(out, out + length,
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool FindByKey(v8::Isolate* isolate, const JsonbPart& part, v8::Local<v8::String> key,
               JsonbValue* item) {
  constexpr int kOnStack = 256;
  char small[kOnStack];
  std::vector<char> large;
  char* text = small;
  int size = key->Length();
  if (size > kOnStack || !WriteAscii(isolate, key, size, text)) {
    size = key->Utf8Length(isolate);
    if (size > kOnStack) {
      large.resize(static_cast<size_t>(size));
      text = large.data();
    }
    // Half of a surrogate pair is written as what no text of PostgreSQL's contains.
    key->WriteUtf8(isolate, text, size, nullptr, v8::String::NO_NULL_TERMINATION);
  }
  if (GetDatabaseEncoding() == PG_UTF8) return FindMember(part, text, size, item);
  bool found = false;
  try {
    WithScratch([&] {
      char* encoded = pg_any_to_server(text, size, PG_UTF8);
      const int length =
          encoded == text ? size : static_cast<int>(std::strlen(encoded));
      found = FindMember(part, encoded, length, item);
    });
  } catch (const Error& error) {
    // What the database's encoding cannot say is no key of it.
    if (error.Uncatchable() || error.sqlstate() == ERRCODE_OUT_OF_MEMORY) throw;
  }
  return found;
}

bool Find(const Conversion& c, const JsonbPart& part, v8::Local<v8::Value> key,
          JsonbValue* item) {
  if (!key->IsString()) return false;
  if (!part.is_array()) return FindByKey(c.isolate, part, key.As<v8::String>(), item);
  v8::Local<v8::Uint32> index;
  if (!key->ToArrayIndex(c.context).ToLocal(&index)) return false;
  if (index->Value() >= part.count()) return false;
  GetElement(part, index->Value(), item);
  return true;
}

v8::Local<v8::Value> Member(const Conversion& c, v8::Local<v8::Object> handler,
                            const JsonbValue& item) {
  double number;
  switch (item.type) {
    case jbvNull:
      return v8::Null(c.isolate);
    case jbvBool:
      return v8::Boolean::New(c.isolate, item.val.boolean);
    case jbvNumeric:
      if (QuickNumber(item.val.numeric, &number)) {
        return v8::Number::New(c.isolate, number);
      }
      break;
    case jbvString:
      if (GetDatabaseEncoding() == PG_UTF8) {
        return Utf8ToJs(
            c.isolate, {item.val.string.val, static_cast<size_t>(item.val.string.len)});
      }
      break;
    default:
      break;
  }
  v8::Local<v8::Value> value;
  WithScratch([&] { value = pg_member(c, handler, item); });
  return value;
}

bool IsLength(const Conversion& c, v8::Local<v8::Value> key) {
  return key->StrictEquals(Name(c.isolate, "length"));
}

// What V8 calls; see api/natives.cc. Traps are called with the handler as `this`.
template <class Body>
void RunTrap(const Arguments& arguments, Body&& body) {
  v8::Isolate* isolate = arguments.GetIsolate();
  const Conversion c{isolate, isolate->GetCurrentContext()};
  try {
    body(c);
  } catch (const Thrown&) {
    // The exception is pending in V8 and goes on from here.
  } catch (Error& error) {
    if (g_frame != nullptr) ThrowToJs(g_frame->realm, std::move(error));
  } catch (const std::exception&) {
    if (g_frame != nullptr) {
      ThrowToJs(g_frame->realm, Error(ERRCODE_OUT_OF_MEMORY, "out of memory"));
    }
  }
}

// (target, key, receiver)
void OnGet(const Arguments& arguments) {
  RunTrap(arguments, [&](const Conversion& c) {
    v8::Local<v8::Object> handler = arguments.This();
    auto target = arguments[0].As<v8::Object>();
    v8::Local<v8::Value> key = arguments[1];
    CheckAlive(handler, *StateOf(handler));
    const JsonbPart part = PartBehind(handler);
    JsonbValue item;
    if (Find(c, part, key, &item)) {
      arguments.GetReturnValue().Set(Member(c, handler, item));
      CountRead(c, handler, target, part.count());
    } else if (part.is_array() && IsLength(c, key)) {
      arguments.GetReturnValue().Set(part.count());
    } else {
      arguments.GetReturnValue().Set(Checked(target->Get(c.context, key)));
    }
  });
}

// (target, key)
void OnHas(const Arguments& arguments) {
  RunTrap(arguments, [&](const Conversion& c) {
    v8::Local<v8::Object> handler = arguments.This();
    CheckAlive(handler, *StateOf(handler));
    JsonbValue item;
    bool has = Find(c, PartBehind(handler), arguments[1], &item);
    if (!has) {
      const v8::Maybe<bool> inherited =
          arguments[0].As<v8::Object>()->Has(c.context, arguments[1]);
      if (inherited.IsNothing()) throw Thrown{};
      has = inherited.FromMaybe(false);
    }
    arguments.GetReturnValue().Set(has);
  });
}

// (handler, target): what every other trap does first.
void OnFill(const Arguments& arguments) {
  RunTrap(arguments, [&](const Conversion& c) {
    Fill(c, arguments[0].As<v8::Object>(), arguments[1].As<v8::Object>());
  });
}

v8::Local<v8::Value> MakeFunction(const Conversion& c, v8::FunctionCallback callback) {
  return Checked(v8::Function::New(c.context, callback, v8::Local<v8::Value>(), 0,
                                   v8::ConstructorBehavior::kThrow));
}

// Handlers are made from a template, with fields that JavaScript cannot reach, and have
// the traps from their prototype: V8 collects such an object early only while nothing
// was added to it.
v8::Local<v8::ObjectTemplate> Handlers(const Conversion& c) {
  Realm& realm = *g_frame->realm;
  if (!realm.document_handlers.IsEmpty()) {
    return realm.document_handlers.Get(c.isolate);
  }
  v8::Local<v8::FunctionTemplate> constructor = v8::FunctionTemplate::New(c.isolate);
  v8::Local<v8::ObjectTemplate> handlers = constructor->InstanceTemplate();
  handlers->SetInternalFieldCount(kFields);
  v8::Local<v8::Function> function = Checked(constructor->GetFunction(c.context));
  v8::Local<v8::Value> arguments[] = {
      Checked(function->Get(c.context, Name(c.isolate, "prototype"))),
      MakeFunction(c, OnGet), MakeFunction(c, OnHas), MakeFunction(c, OnFill)};
  Checked(realm.set_document_traps()->Call(c.context, v8::Undefined(c.isolate), 4,
                                           arguments));
  realm.document_handlers.Reset(c.isolate, handlers);
  g_before_dispose = ForgetDocuments;
  return handlers;
}

}  // namespace

v8::Local<v8::Value> pg_lazy_document(const Conversion& c, Jsonb* document) {
  if (c.lease != 0) {
    const JsonbPart part = WholePart(document);
    return MakeProxy(c, part,
                     MakeHandler(c, &g_borrowed_whole, FromNumber(c.lease), part));
  }
  Owned* owned = pg_own(c, document);
  const JsonbPart part = WholePart(owned->document());
  v8::Local<v8::Object> handler = MakeHandler(c, &g_owned, owned, part);
  owned->handler.Reset(c.isolate, handler);
  owned->handler.SetWeak(owned, OnCollected, v8::WeakCallbackType::kParameter);
  c.isolate->AdjustAmountOfExternalAllocatedMemory(static_cast<int64_t>(owned->size));
  return MakeProxy(c, part, handler);
}

namespace {

// What was read of a document and is an object may have been changed, unless it is
// itself a document that is as it was.
bool pg_unchanged(const Conversion& c, v8::Local<v8::Object> handler) {
  if (StateOf(handler)->filled || stack_is_too_deep()) return false;
  v8::Local<v8::Value> cache = handler->GetInternalField(kCache).As<v8::Value>();
  if (!cache->IsMap()) return true;
  v8::Local<v8::Array> pairs = cache.As<v8::Map>()->AsArray();
  for (uint32_t i = 1; i < pairs->Length(); i += 2) {
    v8::Local<v8::Object> inner = HandlerOf(Checked(pairs->Get(c.context, i)));
    if (inner.IsEmpty() || !pg_unchanged(c, inner)) return false;
  }
  return true;
}

}  // namespace

bool pg_unread(const Conversion& c, v8::Local<v8::Value> value, Unread* out) {
  v8::Local<v8::Object> handler = HandlerOf(value);
  if (handler.IsEmpty()) return false;
  const State& state = *StateOf(handler);
  if (state.filled) return false;
  CheckAlive(handler, state);
  if (!pg_unchanged(c, handler)) return false;
  out->part = PartBehind(handler);
  out->argument =
      state.whole &&
      g_frame->lease == ToNumber(handler->GetAlignedPointerFromInternalField(kOwner));
  return true;
}

v8::Local<v8::Value> pg_plain(const Conversion& c, v8::Local<v8::Value> value) {
  v8::Local<v8::Object> handler = HandlerOf(value);
  if (handler.IsEmpty()) return value;
  auto target = value.As<v8::Proxy>()->GetTarget().As<v8::Object>();
  const State& state = *StateOf(handler);
  if (!state.filled) {
    CheckAlive(handler, state);
    pg_fill(c, handler, target);
  }
  return target;
}

}  // namespace plts
