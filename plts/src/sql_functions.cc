// The functions of schema plts, as SQL calls them.

#include "call/runtime_limit.h"
#include "call/signature.h"
#include "call/validate.h"
#include "compiler/compiler.h"
#include "js/snapshot.h"
#include "metrics.h"
#include "pg/guard.h"
#include "version.h"

#include <algorithm>

extern "C" {
#include <commands/trigger.h>
}

#include <unordered_set>

namespace plts {
namespace {

std::string Utf8Argument(FunctionCallInfo fcinfo, int n) {
  char* utf8 = nullptr;
  Guard([&] {
    char* own = text_to_cstring(PG_GETARG_TEXT_PP(n));
    utf8 = pg_server_to_any(own, static_cast<int>(std::strlen(own)), PG_UTF8);
  });
  return utf8;
}

// The options as canonical JSON text, which is what their part of a hash is made of.
std::string OptionsArgument(FunctionCallInfo fcinfo, int n) {
  char* text = nullptr;
  Guard([&] {
    Jsonb* options = PG_GETARG_JSONB_P(n);
    if (!JB_ROOT_IS_OBJECT(options)) {
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                      errmsg("compiler_opts must be a JSON object")));
    }
    text = JsonbToCString(nullptr, &options->root, static_cast<int>(VARSIZE(options)));
    text = pg_server_to_any(text, static_cast<int>(std::strlen(text)), PG_UTF8);
  });
  return text;
}

std::vector<std::string> Utf8Array(FunctionCallInfo fcinfo, int n) {
  char** texts = nullptr;
  int count = 0;
  Guard([&] {
    Datum* items;
    bool* nulls;
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(n);
    deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &count);
    texts = static_cast<char**>(palloc(sizeof(char*) * static_cast<size_t>(count + 1)));
    for (int i = 0; i < count; i++) {
      if (nulls[i]) {
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                        errmsg("source %d is null", i + 1)));
      }
      char* own = TextDatumGetCString(items[i]);
      texts[i] = pg_server_to_any(own, static_cast<int>(std::strlen(own)), PG_UTF8);
    }
  });
  return {texts, texts + count};
}

Datum TextDatum(const std::string& utf8) {
  Datum result = 0;
  Guard([&] {
    result = CStringGetTextDatum(
        pg_any_to_server(utf8.c_str(), static_cast<int>(utf8.size()), PG_UTF8));
  });
  return result;
}

Datum JsonbDatum(const std::string& utf8) {
  Datum result = 0;
  Guard([&] {
    char* text = pg_any_to_server(utf8.c_str(), static_cast<int>(utf8.size()), PG_UTF8);
    result = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
  });
  return result;
}

// Compiles under the metrics.
Compilation Measured(const std::vector<std::string>& texts, const std::string& options,
                     bool emit) {
  const Measure measure(&g_compile_metrics);
  std::vector<Source> sources;
  sources.reserve(texts.size());
  for (const std::string& text : texts) {
    sources.push_back({text, {}, {}, ArtifactHash(text, options)});
  }
  try {
    StartCompiler();
    Compilation compiled = WithinRuntimeLimit(
        [&] { return Compile(sources, options, emit, GetUserId()); });
    if (!compiled.diagnostics.empty()) CountCompileError(Origin::kDiagnostics);
    return compiled;
  } catch (const Error& error) {
    CountCompileError(error.origin());
    throw;
  }
}

// The hashes of the sources, after those that are not stored yet were compiled as one
// program and stored in the order of their hashes, so that two sessions that store the
// same ones cannot wait for each other.
std::vector<std::string> CompileAndStore(const std::vector<std::string>& texts,
                                         const std::string& options) {
  std::vector<std::string> hashes;
  std::vector<std::string> missing;
  std::vector<size_t> places;
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < texts.size(); i++) {
    hashes.push_back(ArtifactHash(texts[i], options));
    if (!seen.insert(hashes[i]).second || ArtifactExists(hashes[i])) continue;
    missing.push_back(texts[i]);
    places.push_back(i);
  }
  if (missing.empty()) return hashes;
  Compilation compiled = Measured(missing, options, true);
  for (Diagnostic& diagnostic : compiled.diagnostics) {
    const auto at = static_cast<size_t>(diagnostic.source - 1);
    if (at < places.size()) diagnostic.source = static_cast<int>(places[at]) + 1;
  }
  ThrowDiagnostics(compiled);
  for (size_t i = 0; i < places.size(); i++) {
    compiled.artifacts.at(i).hash = hashes[places[i]];
  }
  std::sort(compiled.artifacts.begin(), compiled.artifacts.end(),
            [](const Artifact& a, const Artifact& b) { return a.hash < b.hash; });
  StoreArtifacts(compiled.artifacts);
  return hashes;
}

// Stores the sources that compile; warns of those that do not, by the names of the
// functions that they are of. Returns how many it stored.
int StoreWhatCompiles(const std::vector<std::string>& texts,
                      const std::vector<std::string>& names) {
  if (texts.empty()) return 0;
  Compilation compiled = Measured(texts, "{}", true);
  std::vector<Artifact> good;
  size_t next = 0;
  for (size_t i = 0; i < texts.size(); i++) {
    const Diagnostic* fault = nullptr;
    // Diagnostics come in the order of the sources.
    while (next < compiled.diagnostics.size() &&
           compiled.diagnostics[next].source == static_cast<int>(i) + 1) {
      if (fault == nullptr) fault = &compiled.diagnostics[next];
      next++;
    }
    if (fault == nullptr) {
      good.push_back(std::move(compiled.artifacts.at(i)));
      good.back().hash = ArtifactHash(texts[i], "{}");
      continue;
    }
    const std::string what = fault->code + ": " + fault->message;
    // In the author's text.
    const int line = fault->line - (texts[i].starts_with(kPlainMark) ? 1 : 0);
    Guard([&] {
      ereport(WARNING,
              (errmsg("function %s does not compile", names.at(i).c_str()),
               errdetail("line %d, column %d: %s", line, fault->column,
                         pg_any_to_server(what.c_str(), static_cast<int>(what.size()),
                                          PG_UTF8)),
               errhint("Create the function again with a body that does.")));
    });
  }
  std::sort(good.begin(), good.end(),
            [](const Artifact& a, const Artifact& b) { return a.hash < b.hash; });
  StoreArtifacts(good);
  return static_cast<int>(good.size());
}

Datum TextArrayDatum(const std::vector<std::string>& texts) {
  Datum result = 0;
  Guard([&] {
    auto* items = static_cast<Datum*>(palloc(sizeof(Datum) * (texts.size() + 1)));
    for (size_t i = 0; i < texts.size(); i++) {
      items[i] = CStringGetTextDatum(texts[i].c_str());
    }
    result = PointerGetDatum(construct_array(items, static_cast<int>(texts.size()),
                                             TEXTOID, -1, false, TYPALIGN_INT));
  });
  return result;
}

}  // namespace
}  // namespace plts

extern "C" {

PG_FUNCTION_INFO_V1(plts_version);
PG_FUNCTION_INFO_V1(plts_metrics);
PG_FUNCTION_INFO_V1(plts_library_directory);
PG_FUNCTION_INFO_V1(plts_artifact_hash);
PG_FUNCTION_INFO_V1(plts_artifact_source);
PG_FUNCTION_INFO_V1(plts_compile_ts);
PG_FUNCTION_INFO_V1(plts_typecheck_ts);
PG_FUNCTION_INFO_V1(plts_typecheck_sources);
PG_FUNCTION_INFO_V1(plts_compile_and_store);
PG_FUNCTION_INFO_V1(plts_compile_and_store_sources);
PG_FUNCTION_INFO_V1(plts_store_what_compiles);
PG_FUNCTION_INFO_V1(plts_skip_stored);
PG_FUNCTION_INFO_V1(plts_upsert_artifact);

PGDLLEXPORT Datum plts_version(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  return CStringGetTextDatum(plts::kVersion);
}

PGDLLEXPORT Datum plts_metrics(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  return plts::Border([&] { return plts::JsonbDatum(plts::MetricsJson()); });
}

PGDLLEXPORT Datum plts_library_directory(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  return plts::Border([&] { return plts::TextDatum(plts::LibraryDirectory()); });
}

PGDLLEXPORT Datum plts_artifact_hash(PG_FUNCTION_ARGS) {
  return plts::Border([&] {
    return plts::TextDatum(plts::ArtifactHash(plts::Utf8Argument(fcinfo, 0),
                                              plts::OptionsArgument(fcinfo, 1)));
  });
}

PGDLLEXPORT Datum plts_artifact_source(PG_FUNCTION_ARGS) {
  return plts::Border([&]() -> Datum {
    const std::string source = plts::WithinRuntimeLimit(
        [&] { return plts::ArtifactSource(PG_GETARG_OID(0)); });
    fcinfo->isnull = source.empty();
    return fcinfo->isnull ? Datum{0} : plts::TextDatum(source);
  });
}

PGDLLEXPORT Datum plts_compile_ts(PG_FUNCTION_ARGS) {
  return plts::Border([&] {
    const plts::Compilation compiled = plts::Measured(
        {plts::Utf8Argument(fcinfo, 0)}, plts::OptionsArgument(fcinfo, 1), true);
    Datum values[3];
    bool nulls[3] = {};
    nulls[0] = !compiled.diagnostics.empty();
    values[0] =
        nulls[0] ? Datum{0} : plts::TextDatum(compiled.artifacts.at(0).compiled_js);
    values[1] = plts::JsonbDatum(compiled.diagnostics_json);
    values[2] = plts::TextDatum(plts::CompilerFingerprint());
    return plts::Guard([&] {
      TupleDesc row;
      if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) {
        elog(ERROR, "return type must be a row type");
      }
      return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
    });
  });
}

PGDLLEXPORT Datum plts_typecheck_ts(PG_FUNCTION_ARGS) {
  return plts::Border([&] {
    return plts::JsonbDatum(plts::Measured({plts::Utf8Argument(fcinfo, 0)},
                                           plts::OptionsArgument(fcinfo, 1), false)
                                .diagnostics_json);
  });
}

PGDLLEXPORT Datum plts_typecheck_sources(PG_FUNCTION_ARGS) {
  return plts::Border([&] {
    return plts::JsonbDatum(plts::Measured(plts::Utf8Array(fcinfo, 0),
                                           plts::OptionsArgument(fcinfo, 1), false)
                                .diagnostics_json);
  });
}

PGDLLEXPORT Datum plts_compile_and_store(PG_FUNCTION_ARGS) {
  return plts::Border([&] {
    return plts::TextDatum(plts::CompileAndStore({plts::Utf8Argument(fcinfo, 0)},
                                                 plts::OptionsArgument(fcinfo, 1))
                               .at(0));
  });
}

PGDLLEXPORT Datum plts_compile_and_store_sources(PG_FUNCTION_ARGS) {
  return plts::Border([&] {
    return plts::TextArrayDatum(plts::CompileAndStore(
        plts::Utf8Array(fcinfo, 0), plts::OptionsArgument(fcinfo, 1)));
  });
}

PGDLLEXPORT Datum plts_store_what_compiles(PG_FUNCTION_ARGS) {
  return plts::Border([&] {
    const std::vector<std::string> sources = plts::Utf8Array(fcinfo, 0);
    const std::vector<std::string> names = plts::Utf8Array(fcinfo, 1);
    if (names.size() != sources.size()) {
      throw plts::Error(ERRCODE_INVALID_PARAMETER_VALUE,
                        "there must be a name for each source");
    }
    return Int32GetDatum(plts::StoreWhatCompiles(sources, names));
  });
}

// BEFORE INSERT on plts.artifact: what is stored already stays. A restore of data alone
// meets what the validator has stored; both are the same.
PGDLLEXPORT Datum plts_skip_stored(PG_FUNCTION_ARGS) {
  return plts::Border([&] {
    std::string hash;
    HeapTuple row = nullptr;
    plts::Guard([&] {
      if (!CALLED_AS_TRIGGER(fcinfo)) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("plts.skip_stored() is a trigger of plts.artifact")));
      }
      auto* trigger = reinterpret_cast<TriggerData*>(fcinfo->context);
      row = trigger->tg_trigtuple;
      char* text = SPI_getvalue(row, RelationGetDescr(trigger->tg_relation), 1);
      if (text != nullptr) hash.assign(text);
    });
    return PointerGetDatum(plts::ArtifactExists(hash) ? nullptr : row);
  });
}

// The JavaScript is the caller's: the source is compiled only to learn what it exports
// and imports, which no module is ever run for.
PGDLLEXPORT Datum plts_upsert_artifact(PG_FUNCTION_ARGS) {
  return plts::Border([&] {
    plts::Guard([] {
      if (!superuser()) {
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("permission denied for function upsert_artifact"),
                        errdetail("Only superusers may store JavaScript that the "
                                  "compiler did not make.")));
      }
    });
    const std::string source = plts::Utf8Argument(fcinfo, 0);
    const std::string compiled_js = plts::Utf8Argument(fcinfo, 1);
    const std::string options = plts::OptionsArgument(fcinfo, 2);
    plts::Compilation compiled = plts::Measured({source}, options, true);
    plts::ThrowDiagnostics(compiled);
    plts::Artifact& artifact = compiled.artifacts.at(0);
    artifact.hash = plts::SuppliedArtifactHash(source, options, compiled_js);
    artifact.compiled_js = compiled_js;
    // The compiler's map does not describe it.
    artifact.source_map.clear();
    plts::StoreArtifact(artifact, true);
    return plts::TextDatum(artifact.hash);
  });
}

}  // extern "C"
