// Plan: parameter inference, preparation and the cache.

#include "api/plan.h"

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "api/transition.h"
#include "pg/guard.h"
#include "pg/statement_context.h"

namespace plts {
namespace {

constexpr size_t kMostPlans = 256;

// Grows with every change of a relation or a schema.
uint64_t g_catalog_generation = 1;
// Grows with every plan that leaves the cache.
uint64_t g_dropped = 1;

struct Cache {
  std::unordered_map<std::string, Plan*> plans;
  uint64_t clock = 0;
};

Cache& TheCache() {
  static Cache* cache = new Cache();
  return *cache;
}

// The plan leaves the cache, and is freed once nobody runs it.
void Drop(Plan* plan) {
  g_dropped++;
  plan->cached = false;
  if (plan->users == 0) delete plan;
}

// Finds the types of $1, $2, … as the server does for a protocol-level Parse that
// leaves them unspecified. Types and their number are returned in the current memory
// context.
void pg_infer(const char* sql, QueryEnvironment* environment, Oid** types, int* count,
              int* statements) {
  *types = nullptr;
  *count = 0;
  List* parsed = raw_parser(sql, RAW_PARSE_DEFAULT);
  *statements = list_length(parsed);
  // Statements of one text are analyzed one by one as they run: an earlier one may make
  // what a later one needs. Without parameters there is nothing to infer.
  if (*statements != 1 || std::strchr(sql, '$') == nullptr) return;
  auto* raw = linitial_node(RawStmt, parsed);
  pg_analyze_and_rewrite_varparams(raw, sql, types, count, environment);
  for (int i = 0; i < *count; i++) {
    const Oid type = (*types)[i];
    if (type == InvalidOid || type == UNKNOWNOID) {
      ereport(ERROR, (errcode(ERRCODE_INDETERMINATE_DATATYPE),
                      errmsg("could not determine data type of parameter $%d", i + 1),
                      errhint("Cast it, as in $%d::text.", i + 1)));
    }
  }
}

void DropOldest(Cache& cache) {
  while (cache.plans.size() >= kMostPlans) {
    auto oldest = cache.plans.begin();
    for (auto at = cache.plans.begin(); at != cache.plans.end(); ++at) {
      if (at->second->last_used < oldest->second->last_used) oldest = at;
    }
    Drop(oldest->second);
    cache.plans.erase(oldest);
  }
}

void CatalogChanged() { g_catalog_generation++; }

// What a text means depends on the schemas that are searched: those that the setting
// names, as far as they exist for the role.
std::string KeyOf(const CallFrame& frame, const std::string& sql) {
  constexpr int kMostSchemas = 64;
  Oid schemas[kMostSchemas];
  int count = 0;
  Guard([&] { count = fetch_search_path_array(schemas, kMostSchemas); });
  std::string key = sql;
  key += '\0';
  key += namespace_search_path;
  key += '\0';
  key.append(reinterpret_cast<const char*>(schemas),
             sizeof(Oid) * static_cast<size_t>(std::min(count, kMostSchemas)));
  key += TransitionKey(&frame);
  return key;
}

// Infers and prepares.
std::unique_ptr<Plan> MakePlan(const CallFrame& frame, const std::string& sql) {
  auto plan = std::make_unique<Plan>();
  plan->catalog_generation = g_catalog_generation;
  plan->search_path = namespace_search_path;
  Oid* types = nullptr;
  int count = 0;
  int statements = 1;
  Guard([&] {
    pg_in_statement(sql.c_str(), [&] {
      pg_infer(sql.c_str(), pg_transition_environment(&frame), &types, &count,
               &statements);
    });
  });
  plan->types.assign(types, types + count);
  // A text of several commands is not kept: see pg_infer.
  if (statements != 1) return plan;
  Guard([&] {
    SPIPlanPtr made =
        SPI_prepare_cursor(sql.c_str(), count, types, CURSOR_OPT_PARALLEL_OK);
    if (made == nullptr) {
      elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
    }
    SPI_keepplan(made);
    plan->plan = made;
  });
  return plan;
}

bool AreCurrent(const Plan& plan) {
  return plan.converters != nullptr &&
         std::all_of(plan.converters->begin(), plan.converters->end(),
                     [](const ConverterRef& known) { return IsCurrent(known); });
}

void FindConverters(Plan* plan) {
  SweepConverters();
  auto converters = std::make_shared<std::vector<ConverterRef>>();
  for (const Oid type : plan->types) {
    converters->emplace_back(Guard([&] { return pg_converter(type); }));
  }
  plan->converters = std::move(converters);
}

}  // namespace

Plan::~Plan() {
  if (plan != nullptr) SPI_freeplan(plan);
}

uint64_t PlansDropped() { return g_dropped; }

bool PlanIsCurrent(const Plan* plan, uint64_t dropped) {
  return dropped == g_dropped && plan->catalog_generation == g_catalog_generation &&
         plan->type_generation == TypeGeneration() &&
         std::strcmp(plan->search_path.c_str(), namespace_search_path) == 0;
}

Plan* PlanFor(const CallFrame& frame, const std::string& sql) {
  Cache& cache = TheCache();
  const std::string key = KeyOf(frame, sql);
  const auto known = cache.plans.find(key);
  Plan* plan = known != cache.plans.end() ? known->second : nullptr;
  if (plan == nullptr || plan->catalog_generation != g_catalog_generation) {
    std::unique_ptr<Plan> made = MakePlan(frame, sql);
    // What was analyzed meanwhile may have changed the cache.
    const auto before = cache.plans.find(key);
    if (before != cache.plans.end() && made->types == before->second->types) {
      // The server revalidates the plan itself.
      plan = before->second;
      plan->catalog_generation = made->catalog_generation;
    } else {
      if (before != cache.plans.end()) {
        Drop(before->second);
        cache.plans.erase(before);
      }
      DropOldest(cache);
      plan = cache.plans.emplace(key, made.get()).first->second;
      made.release();
    }
  }
  plan->last_used = ++cache.clock;
  if (plan->type_generation != TypeGeneration()) {
    // Read before they are found, so that a change that arrives meanwhile is not
    // missed.
    const uint64_t generation = TypeGeneration();
    if (!AreCurrent(*plan)) FindConverters(plan);
    plan->type_generation = generation;
  }
  return plan;
}

void pg_watch_relations() {
  CacheRegisterRelcacheCallback([](Datum, Oid) { CatalogChanged(); }, 0);
  CacheRegisterSyscacheCallback(
      NAMESPACEOID, [](Datum, int, uint32) { CatalogChanged(); }, 0);
}

}  // namespace plts
