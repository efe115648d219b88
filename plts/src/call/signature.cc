// Signature: reading pg_proc.

#include "call/signature.h"

#include "pg/guard.h"

namespace plts {
namespace {

// What pg_proc says, in PostgreSQL's memory.
struct Raw {
  char* display_schema;
  char* schema;
  char* name;
  char* source;
  int count;  // of all parameters, OUT and TABLE ones included
  Oid* types;
  char** names;  // in the database's encoding, or null where none has one
  char** utf8_names;
  char* modes;
  Oid result;
  int outputs;
  bool polymorphic;
  const char** ts_types;         // of the inputs, as declared
  const char* ts_result;         // without null
  const Converter** converters;  // of the inputs that are known
  const Converter* result_type;
  const Converter* output_row;
};

char ModeOf(const Raw& raw, int i) {
  return raw.modes != nullptr ? raw.modes[i] : PROARGMODE_IN;
}

bool IsOutput(char mode) {
  return mode == PROARGMODE_OUT || mode == PROARGMODE_INOUT || mode == PROARGMODE_TABLE;
}

bool IsInput(char mode) { return mode != PROARGMODE_OUT && mode != PROARGMODE_TABLE; }

Kind KindOf(const FormData_pg_proc& proc) {
  if (proc.prorettype == TRIGGEROID) return Kind::kTrigger;
  if (proc.prorettype == EVENT_TRIGGEROID) return Kind::kEventTrigger;
  if (proc.prokind == PROKIND_WINDOW) return Kind::kWindow;
  if (proc.prokind == PROKIND_PROCEDURE) return Kind::kProcedure;
  return proc.proretset ? Kind::kSet : Kind::kFunction;
}

// From the database's encoding. May ereport.
char* pg_utf8(char* text) {
  if (text == nullptr) return nullptr;
  return pg_server_to_any(text, static_cast<int>(std::strlen(text)), PG_UTF8);
}

// What a polymorphic type is to TypeScript before a call says what it stands for;
// nullptr for other types.
const char* PolymorphicInput(Oid type) {
  switch (type) {
    case ANYELEMENTOID:
    case ANYNONARRAYOID:
      return "AnyElement";
    case ANYARRAYOID:
      return "Array<AnyElement | null>";
    case ANYCOMPATIBLEOID:
    case ANYCOMPATIBLENONARRAYOID:
      return "AnyCompatible";
    case ANYCOMPATIBLEARRAYOID:
      return "Array<AnyCompatible | null>";
    case ANYENUMOID:
    case ANYRANGEOID:
    case ANYMULTIRANGEOID:
    case ANYCOMPATIBLERANGEOID:
    case ANYCOMPATIBLEMULTIRANGEOID:
      return "string";
    default:
      return nullptr;
  }
}

// As a result it is whatever the body makes: the call converts it.
const char* PolymorphicResult(Oid type) {
  switch (type) {
    case ANYELEMENTOID:
    case ANYNONARRAYOID:
    case ANYCOMPATIBLEOID:
    case ANYCOMPATIBLENONARRAYOID:
      return "unknown";
    case ANYARRAYOID:
    case ANYCOMPATIBLEARRAYOID:
      return "unknown[]";
    default:
      return PolymorphicInput(type);
  }
}

void pg_check_input(Oid type) {
  if (get_typtype(type) != TYPTYPE_PSEUDO || type == RECORDOID) return;
  if (IsPolymorphicType(type)) return;
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("LANGUAGE plts functions cannot accept type %s",
                         format_type_be(type)),
                  type == ANYOID ? errhint("Declare VARIADIC with an array type, such "
                                           "as text[], anyarray or anycompatiblearray.")
                                 : errhint("Declare a type that has values, or "
                                           "anyelement for any of them.")));
}

void pg_check_result(Oid type) {
  if (get_typtype(type) != TYPTYPE_PSEUDO || type == VOIDOID || type == RECORDOID ||
      type == TRIGGEROID || type == EVENT_TRIGGEROID || IsPolymorphicType(type)) {
    return;
  }
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("LANGUAGE plts functions cannot return type %s",
                         format_type_be(type)),
                  errhint("Declare a type that has values, or void for none.")));
}

// The types that the call gives to polymorphic parameters and result.
void pg_resolve(Raw* raw, FmgrInfo* call) {
  if (!resolve_polymorphic_argtypes(raw->count, raw->types, raw->modes,
                                    call->fn_expr)) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("could not determine actual argument type for polymorphic "
                           "function \"%s\"",
                           raw->name),
                    errhint("Cast the arguments to the types that are meant.")));
  }
  if (!IsPolymorphicType(raw->result)) return;
  raw->result = get_fn_expr_rettype(call);
  if (!OidIsValid(raw->result) || IsPolymorphicType(raw->result)) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("could not determine actual return type for polymorphic "
                           "function \"%s\"",
                           raw->name)));
  }
}

// The name of an output, which is the `at`th of them, in the database's encoding.
const char* pg_output_name(const Raw& raw, int i, int at) {
  const char* name = raw.names != nullptr ? raw.names[i] : nullptr;
  return name != nullptr && name[0] != '\0' ? name : psprintf("column%d", at);
}

// The row of the output parameters.
TupleDesc pg_output_row(const Raw& raw) {
  TupleDesc row = CreateTemplateTupleDesc(raw.outputs);
  int at = 0;
  for (int i = 0; i < raw.count; i++) {
    if (!IsOutput(ModeOf(raw, i))) continue;
    at++;
    TupleDescInitEntry(row, static_cast<AttrNumber>(at), pg_output_name(raw, i, at),
                       raw.types[i], -1, 0);
  }
  return row;
}

// The declared types as TypeScript has them.
void pg_describe(Raw* raw) {
  raw->ts_types = static_cast<const char**>(
      palloc0(sizeof(char*) * static_cast<size_t>(raw->count + 1)));
  StringInfoData row;
  initStringInfo(&row);
  appendStringInfoString(&row, "{ ");
  int at = 0;
  for (int i = 0; i < raw->count; i++) {
    const char mode = ModeOf(*raw, i);
    const Oid type = raw->types[i];
    if (IsInput(mode)) {
      const char* open = PolymorphicInput(type);
      raw->ts_types[i] = open != nullptr ? open : pg_converter(type)->ts_type;
    }
    if (!IsOutput(mode)) continue;
    const char* open = PolymorphicResult(type);
    raw->ts_result = open != nullptr ? open : pg_converter(type)->ts_result;
    escape_json(&row, pg_utf8(pstrdup(pg_output_name(*raw, i, ++at))));
    appendStringInfo(&row, ": %s | null; ", raw->ts_result);
  }
  appendStringInfoChar(&row, '}');
  if (raw->outputs > 1) raw->ts_result = row.data;
  if (raw->outputs > 0) return;
  const char* open = PolymorphicResult(raw->result);
  raw->ts_result = open != nullptr ? open : pg_converter(raw->result)->ts_result;
}

// The converters of all types that are known.
void pg_find_converters(Raw* raw, Kind kind) {
  raw->converters = static_cast<const Converter**>(
      palloc0(sizeof(Converter*) * static_cast<size_t>(raw->count + 1)));
  bool open = false;
  const Converter* output = nullptr;
  for (int i = 0; i < raw->count; i++) {
    const char mode = ModeOf(*raw, i);
    if (IsPolymorphicType(raw->types[i])) {
      open = open || IsOutput(mode);
      continue;
    }
    if (IsInput(mode)) raw->converters[i] = pg_converter(raw->types[i]);
    if (IsOutput(mode)) output = pg_converter(raw->types[i]);
  }
  if (raw->outputs == 0) {
    // The columns of a record may be named after the call.
    const bool named_later =
        raw->result == RECORDOID && (kind == Kind::kFunction || kind == Kind::kSet);
    if (!named_later && !IsPolymorphicType(raw->result)) {
      raw->result_type = pg_converter(raw->result);
    }
    return;
  }
  if (open) return;
  if (raw->outputs > 1 || kind == Kind::kProcedure) {
    raw->output_row = pg_row_converter(pg_output_row(*raw));
  }
  raw->result_type = raw->outputs > 1 ? raw->output_row : output;
}

// `call` is null where none is there to resolve polymorphic types.
void pg_read(HeapTuple tuple, FmgrInfo* call, Raw* raw) {
  const auto* proc = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
  raw->display_schema = get_namespace_name(proc->pronamespace);
  if (raw->display_schema == nullptr) raw->display_schema = pstrdup("");
  raw->schema = pg_utf8(raw->display_schema);
  raw->name = pg_utf8(pstrdup(NameStr(proc->proname)));
  bool is_null;
  const Datum source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &is_null);
  if (is_null) elog(ERROR, "function %u has no source", proc->oid);
  raw->source = pg_utf8(TextDatumGetCString(source));
  raw->count = get_func_arg_info(tuple, &raw->types, &raw->names, &raw->modes);
  raw->utf8_names =
      static_cast<char**>(palloc0(sizeof(char*) * static_cast<size_t>(raw->count + 1)));
  for (int i = 0; i < raw->count; i++) {
    raw->utf8_names[i] = raw->names != nullptr ? pg_utf8(raw->names[i]) : pstrdup("");
  }
  const Kind kind = KindOf(*proc);
  if (raw->count > 0 && (kind == Kind::kTrigger || kind == Kind::kEventTrigger)) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
                    errmsg("a trigger function cannot have declared arguments"),
                    errhint("The arguments of a trigger are in ctx.trigger.args.")));
  }
  if (kind == Kind::kWindow && proc->proretset) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("LANGUAGE plts window functions cannot return sets")));
  }
  raw->result = proc->prorettype;
  pg_check_result(raw->result);
  raw->polymorphic = IsPolymorphicType(raw->result);
  for (int i = 0; i < raw->count; i++) {
    const char mode = ModeOf(*raw, i);
    if (IsInput(mode)) pg_check_input(raw->types[i]);
    if (IsOutput(mode)) raw->outputs++;
    raw->polymorphic = raw->polymorphic || IsPolymorphicType(raw->types[i]);
  }
  pg_describe(raw);
  if (raw->polymorphic && call != nullptr) pg_resolve(raw, call);
  pg_find_converters(raw, kind);
}

// As the result of a function or of one row of its set.
std::string OrNull(const char* type) {
  const std::string_view name = type;
  const bool has = name == "any" || name == "unknown" || name == "void";
  return has ? type : std::string(type) + " | null";
}

}  // namespace

Signature ReadSignature(HeapTuple proc_tuple, FmgrInfo* call) {
  Signature s;
  const auto* proc = reinterpret_cast<Form_pg_proc>(GETSTRUCT(proc_tuple));
  Raw raw = {};
  Guard([&] { pg_read(proc_tuple, call, &raw); });
  s.oid = proc->oid;
  s.owner = proc->proowner;
  s.kind = KindOf(*proc);
  // PostgreSQL calls window functions for null arguments too.
  s.strict = proc->proisstrict && s.kind != Kind::kWindow;
  s.read_only = proc->provolatile != PROVOLATILE_VOLATILE;
  s.schema = raw.schema;
  s.name = raw.name;
  s.display_name = std::string(raw.display_schema) + "." + NameStr(proc->proname);
  s.source = raw.source;
  for (int i = 0; i < raw.count; i++) {
    if (raw.ts_types[i] == nullptr) continue;
    s.inputs.push_back({raw.utf8_names[i], raw.converters[i], raw.ts_types[i]});
    if (i == 0) {
      s.document = s.inputs[0].name == "args" && raw.converters[0] != nullptr &&
                   raw.converters[0]->base == JSONBOID && !raw.polymorphic;
    }
  }
  s.document = s.document && s.inputs.size() == 1;
  s.result = raw.result_type;
  const bool procedure = s.kind == Kind::kProcedure;
  s.output_row = procedure ? raw.output_row : nullptr;
  // A procedure gives all its outputs.
  s.ts_result = procedure && raw.outputs > 1 ? raw.ts_result : OrNull(raw.ts_result);
  if (s.kind == Kind::kTrigger) s.ts_result = "TriggerResult";
  if (s.kind == Kind::kEventTrigger) s.ts_result = "void";
  s.polymorphic = raw.polymorphic;
  if (raw.polymorphic && call != nullptr) {
    s.resolved.assign(raw.types, raw.types + raw.count);
    s.resolved.push_back(raw.result);
  }
  return s;
}

Signature BlockSignature(const char* source) {
  Signature s;
  const char* utf8 = nullptr;
  Guard([&] {
    utf8 = pg_server_to_any(source, static_cast<int>(std::strlen(source)), PG_UTF8);
    s.result = pg_converter(VOIDOID);
  });
  s.owner = GetUserId();
  s.source = utf8;
  s.name = s.display_name = "inline_code_block";
  s.ts_result = "void";
  s.kind = Kind::kProcedure;
  return s;
}

}  // namespace plts
