// Statement: execution, and what becomes of the result.

#include "api/statement.h"

#include "api/prepared.h"
#include "api/read_only.h"
#include "api/rows.h"
#include "api/savepoint.h"
#include "call/function.h"
#include "settings.h"

namespace plts {
namespace {

// Runs the statement in SPI, which is connected. May ereport.
void pg_execute(const Plan& plan, const std::string& sql, Parameters* parameters,
                bool stable, long limit) {
  const int outcome = plan.plan != nullptr
                          ? SPI_execute_plan(plan.plan, parameters->values(),
                                             parameters->nulls(), stable, limit)
                          : SPI_execute(sql.c_str(), stable, limit);
  if (outcome < 0) {
    if (outcome == SPI_ERROR_TRANSACTION) {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("transaction commands cannot run through ctx.db")));
    }
    if (outcome == SPI_ERROR_COPY) {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("COPY to and from the client cannot run through ctx.db")));
    }
    elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(outcome));
  }
  if (limit > 0 && SPI_processed >= static_cast<uint64_t>(limit)) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("the query returned more than %d rows", max_query_rows),
                    errdetail("\"plts.max_query_rows\" is the limit."),
                    errhint("Read large results with ctx.db.cursor.")));
  }
}

v8::Local<v8::Value> RowCount(Realm& realm, uint64_t count) {
  v8::Isolate* isolate = realm.v8();
  v8::Local<v8::Context> context = realm.context();
  v8::Local<v8::Object> result = v8::Object::New(isolate);
  const bool made =
      result->CreateDataProperty(context, Name(isolate, "ok"), v8::True(isolate))
          .FromMaybe(false) &&
      result
          ->CreateDataProperty(context, Name(isolate, "rowCount"),
                               v8::Number::New(isolate, static_cast<double>(count)))
          .FromMaybe(false);
  if (!made) throw Thrown{};
  return result;
}

v8::Local<v8::Value> Execute(Realm& realm, Connection& connection,
                             const StatementText& text, bool rows) {
  const CallFrame& frame = connection.frame();
  Prepared& prepared = PreparedFor(realm, text.sql, &connection);
  const PlanUse plan(prepared.plan);
  // Only a text of several commands is asked for again, after another may have taken
  // the place.
  const std::string sql = plan->plan == nullptr ? prepared.sql : std::string();
  Parameters parameters(*plan, text.params);
  const Conversion conversion{realm.v8(), realm.context()};
  const bool stable = frame.body != nullptr && frame.body->read_only_spi;
  const long limit = rows && max_query_rows > 0 ? max_query_rows + 1L : 0;
  try {
    // One Guard for all of it.
    Guard([&] {
      connection.pg_open();
      g_world = World::kMixed;
      parameters.pg_convert(conversion);
      g_world = World::kPostgres;
      pg_execute(*plan, sql, &parameters, stable, limit);
      pg_check_read_only(frame);
    });
  } catch (Error& error) {
    if (parameters.converting()) parameters.NameParameter(&error);
    throw;
  }
  return rows ? RowsToJs(realm, &prepared.shape, SPI_tuptable, SPI_processed)
                    .As<v8::Value>()
              : RowCount(realm, SPI_processed);
}

}  // namespace

v8::Local<v8::Value> RunStatement(Realm& realm, CallFrame& frame,
                                  const StatementText& text, bool rows) {
  v8::Local<v8::Value> result;
  Recoverable(realm, frame, [&] {
    WithConnection(frame, [&](Connection& connection) {
      result = Execute(realm, connection, text, rows);
    });
  });
  return result;
}

}  // namespace plts
