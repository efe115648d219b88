// Statement: limits, parameters, execution, and what becomes of the result.

#include "api/statement.h"

#include "api/plan.h"
#include "api/rows.h"
#include "api/transition.h"
#include "call/function.h"
#include "pg/subtransaction.h"
#include "settings.h"

namespace plts {
namespace {

// A plan that runs is not freed by the cache.
class Running {
 public:
  explicit Running(Plan& plan) : plan_(plan) { plan_.running++; }
  ~Running() { plan_.running--; }

 private:
  Plan& plan_;
};

struct Values {
  Datum* values = nullptr;
  char* nulls = nullptr;  // 'n' or ' ', as SPI wants them
};

std::string CheckedText(Realm& realm, v8::Local<v8::String> sql) {
  std::string text = JsToUtf8(realm.v8(), sql);
  if (max_sql_bytes > 0 && text.size() > static_cast<size_t>(max_sql_bytes)) {
    throw Error(ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                "the SQL text has " + std::to_string(text.size()) + " bytes",
                "\"plts.max_sql_bytes\" allows " + std::to_string(max_sql_bytes) + ".");
  }
  if (GetDatabaseEncoding() == PG_UTF8) return text;
  std::string encoded;
  Guard([&] {
    encoded.assign(
        pg_any_to_server(text.c_str(), static_cast<int>(text.size()), PG_UTF8));
  });
  return encoded;
}

Values ConvertParameters(Realm& realm, const Plan& plan, v8::Local<v8::Value> given) {
  const uint32_t count = given->IsArray() ? given.As<v8::Array>()->Length() : 0;
  if (count > static_cast<uint32_t>(max_params)) {
    throw Error(ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                "the statement has " + std::to_string(count) + " parameters",
                "\"plts.max_params\" allows " + std::to_string(max_params) + ".");
  }
  if (count != plan.types.size()) {
    throw Error(ERRCODE_SYNTAX_ERROR,
                "the statement has " + std::to_string(plan.types.size()) +
                    " parameters, but " + std::to_string(count) + " were given");
  }
  Values out;
  if (count == 0) return out;
  const Conversion conversion{realm.v8(), realm.context()};
  uint32_t at = 0;
  try {
    Guard(
        [&] {
          out.values = static_cast<Datum*>(palloc(count * sizeof(Datum)));
          out.nulls = static_cast<char*>(palloc(count));
          for (at = 0; at < count; at++) {
            v8::Local<v8::Value> item =
                Checked(given.As<v8::Array>()->Get(conversion.context, at));
            const NullableDatum value =
                pg_parameter_to_datum(*plan.converters[at], conversion, item);
            out.values[at] = value.value;
            out.nulls[at] = value.isnull ? 'n' : ' ';
          }
        },
        World::kMixed);
  } catch (Error& error) {
    error.AddContext("parameter $" + std::to_string(at + 1) + " of SQL type " +
                     plan.converters[at]->sql_name);
    throw;
  }
  return out;
}

v8::Local<v8::Value> MakeResult(Realm& realm, int outcome, bool rows) {
  v8::Isolate* isolate = realm.v8();
  if (rows) return RowsToJs(realm, SPI_tuptable, SPI_processed);
  (void)outcome;
  v8::Local<v8::Context> context = realm.context();
  v8::Local<v8::Object> result = v8::Object::New(isolate);
  const bool made =
      result->CreateDataProperty(context, Name(isolate, "ok"), v8::True(isolate))
          .FromMaybe(false) &&
      result
          ->CreateDataProperty(
              context, Name(isolate, "rowCount"),
              v8::Number::New(isolate, static_cast<double>(SPI_processed)))
          .FromMaybe(false);
  if (!made) throw Thrown{};
  return result;
}

// Runs the statement with SPI connected. The body of the subtransaction.
v8::Local<v8::Value> Execute(Realm& realm, const CallFrame& frame,
                             const StatementText& text, const std::string& sql,
                             bool rows) {
  Guard([&] {
    SPI_connect();
    pg_register_transition_tables(&frame);
  });
  Plan& plan = PlanFor(&frame, sql);
  const Running running(plan);
  const Values values = ConvertParameters(realm, plan, text.params);
  const bool stable = frame.body != nullptr && frame.body->read_only_spi;
  const long limit = rows && max_query_rows > 0 ? max_query_rows + 1L : 0;
  int outcome = 0;
  Guard([&] {
    outcome = plan.plan != nullptr ? SPI_execute_plan(plan.plan, values.values,
                                                      values.nulls, stable, limit)
                                   : SPI_execute(sql.c_str(), stable, limit);
    if (outcome < 0) {
      if (outcome == SPI_ERROR_TRANSACTION) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("transaction commands cannot run through ctx.db")));
      }
      if (outcome == SPI_ERROR_COPY) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("COPY to and from the client cannot run through "
                               "ctx.db")));
      }
      elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(outcome));
    }
    if (limit > 0 && SPI_processed >= static_cast<uint64_t>(limit)) {
      ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                      errmsg("the query returned more than %d rows", max_query_rows),
                      errdetail("\"plts.max_query_rows\" is the limit."),
                      errhint("Read large results with ctx.db.cursor.")));
    }
    // Without a subtransaction the id would be the whole transaction's; that is
    // parallel mode, which cannot write anyway.
    if (frame.read_only && SubtransactionsAllowed() &&
        TransactionIdIsValid(GetCurrentTransactionIdIfAny())) {
      ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
                      errmsg("a query handler cannot write to the database"),
                      errhint("Declare the function with mutation instead of query.")));
    }
  });
  v8::Local<v8::Value> result = MakeResult(realm, outcome, rows);
  Guard([] { SPI_finish(); });
  return result;
}

}  // namespace

v8::Local<v8::Value> RunStatement(Realm& realm, const CallFrame& frame,
                                  const StatementText& text, bool rows) {
  const std::string sql = CheckedText(realm, text.sql);
  v8::Local<v8::Value> result;
  if (!SubtransactionsAllowed()) {
    try {
      return Execute(realm, frame, text, sql, rows);
    } catch (Error& error) {
      // Nothing was undone: no JavaScript may go on as if it had been.
      realm.isolate().TerminateWith(std::move(error));
      throw Thrown{};
    }
  }
  InSubtransaction([&] { result = Execute(realm, frame, text, sql, rows); });
  return result;
}

}  // namespace plts
