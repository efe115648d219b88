// Transition tables: what SPI and the parser are told of them.

#include "api/transition.h"

#include "api/trigger_row.h"

namespace plts {
namespace {

// The trigger that has tables, or null.
TriggerData* Transition(const CallFrame* frame) {
  if (frame == nullptr || frame->trigger == nullptr) return nullptr;
  TriggerData* data = frame->trigger->data;
  const bool any = data->tg_oldtable != nullptr || data->tg_newtable != nullptr;
  return any ? data : nullptr;
}

void pg_add(QueryEnvironment* environment, const TriggerData& data, char* name,
            Tuplestorestate* rows) {
  if (rows == nullptr) return;
  auto* table =
      static_cast<EphemeralNamedRelation>(palloc0(sizeof(EphemeralNamedRelationData)));
  table->md.name = name;
  table->md.reliddesc = RelationGetRelid(data.tg_relation);
  table->md.enrtype = ENR_NAMED_TUPLESTORE;
  table->md.enrtuples = static_cast<double>(tuplestore_tuple_count(rows));
  table->reldata = rows;
  register_ENR(environment, table);
}

}  // namespace

std::string TransitionKey(const CallFrame* frame) {
  const TriggerData* data = Transition(frame);
  if (data == nullptr) return {};
  std::string key(1, '\0');
  key += std::to_string(RelationGetRelid(data->tg_relation));
  key += '\0';
  if (data->tg_oldtable != nullptr) key += data->tg_trigger->tgoldtable;
  key += '\0';
  if (data->tg_newtable != nullptr) key += data->tg_trigger->tgnewtable;
  return key;
}

QueryEnvironment* pg_transition_environment(const CallFrame* frame) {
  const TriggerData* data = Transition(frame);
  if (data == nullptr) return nullptr;
  QueryEnvironment* environment = create_queryEnv();
  pg_add(environment, *data, data->tg_trigger->tgoldtable, data->tg_oldtable);
  pg_add(environment, *data, data->tg_trigger->tgnewtable, data->tg_newtable);
  return environment;
}

void pg_register_transition_tables(const CallFrame* frame) {
  TriggerData* data = Transition(frame);
  if (data == nullptr) return;
  const int outcome = SPI_register_trigger_data(data);
  if (outcome != SPI_OK_TD_REGISTER) {
    elog(ERROR, "SPI_register_trigger_data failed: %s",
         SPI_result_code_string(outcome));
  }
}

}  // namespace plts
