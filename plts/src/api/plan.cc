// Plan: parameter inference, preparation and the cache.

#include "api/plan.h"

#include <list>
#include <unordered_map>

#include "api/transition.h"
#include "pg/guard.h"

namespace plts {
namespace {

constexpr size_t kMostPlans = 256;

uint64_t g_relation_generation = 1;

struct Cache {
  std::unordered_map<std::string, std::unique_ptr<Plan>> plans;
  uint64_t clock = 0;
};

Cache& TheCache() {
  static Cache* cache = new Cache();
  return *cache;
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

// Runs `body` in a Guard. A position in an error is one in our text, not in what the
// client sent.
template <class Body>
void Prepare(const std::string& sql, Body&& body) {
  try {
    Guard(body);
  } catch (Error& error) {
    ErrorData& data = error.data();
    if (data.cursorpos > 0 && data.internalquery == nullptr) {
      data.internalpos = data.cursorpos;
      data.internalquery = ErrorString(sql);
      data.cursorpos = 0;
    }
    throw;
  }
}

void DropOldest(Cache& cache) {
  while (cache.plans.size() >= kMostPlans) {
    auto oldest = cache.plans.end();
    for (auto at = cache.plans.begin(); at != cache.plans.end(); ++at) {
      if (at->second->running > 0) continue;
      if (oldest == cache.plans.end() ||
          at->second->last_used < oldest->second->last_used) {
        oldest = at;
      }
    }
    if (oldest == cache.plans.end()) return;
    cache.plans.erase(oldest);
  }
}

}  // namespace

Plan::~Plan() {
  if (plan != nullptr) SPI_freeplan(plan);
}

namespace {

void RelationsChanged(Datum, Oid) { g_relation_generation++; }

// Infers and prepares. Leaves the plan as it is where the types are the same.
void Refresh(const CallFrame* frame, const std::string& sql, Plan* plan) {
  Oid* types = nullptr;
  int count = 0;
  const uint64_t relations = g_relation_generation;
  Prepare(sql, [&] {
    pg_infer(sql.c_str(), pg_transition_environment(frame), &types, &count,
             &plan->statements);
  });
  const std::vector<Oid> inferred(types, types + count);
  // A text of several commands is not kept: see pg_infer.
  if (plan->statements == 1 && (plan->plan == nullptr || inferred != plan->types)) {
    SPIPlanPtr made = nullptr;
    Prepare(sql, [&] {
      made = SPI_prepare(sql.c_str(), count, types);
      if (made == nullptr) {
        elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
      }
      SPI_keepplan(made);
    });
    std::swap(plan->plan, made);
    if (made != nullptr) SPI_freeplan(made);
  }
  plan->types = inferred;
  plan->type_generation = 0;
  plan->relation_generation = relations;
}

}  // namespace

Plan& PlanFor(const CallFrame* frame, const std::string& sql) {
  Cache& cache = TheCache();
  cache.clock++;
  std::string key = sql;
  key += '\0';
  key += namespace_search_path;
  key += TransitionKey(frame);
  const auto known = cache.plans.find(key);
  Plan* plan = known != cache.plans.end() ? known->second.get() : nullptr;
  if (plan == nullptr) {
    auto made = std::make_unique<Plan>();
    Refresh(frame, sql, made.get());
    DropOldest(cache);
    plan = cache.plans.emplace(key, std::move(made)).first->second.get();
  } else if (plan->relation_generation != g_relation_generation && plan->running == 0) {
    Refresh(frame, sql, plan);
  }
  plan->last_used = cache.clock;
  if (plan->type_generation != TypeGeneration()) {
    plan->converters.resize(plan->types.size());
    Guard([&] {
      for (size_t i = 0; i < plan->types.size(); i++) {
        plan->converters[i] = pg_converter(plan->types[i]);
      }
    });
    plan->type_generation = TypeGeneration();
  }
  return *plan;
}

void pg_watch_relations() { CacheRegisterRelcacheCallback(RelationsChanged, 0); }

}  // namespace plts
