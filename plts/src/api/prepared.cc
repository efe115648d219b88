// Prepared: the realm's table of statements, and their parameters.

#include "api/prepared.h"

#include "api/transition.h"
#include "call/frame.h"
#include "pg/subtransaction.h"
#include "settings.h"

namespace plts {
namespace {

[[noreturn]] void RefuseLength(size_t bytes) {
  throw Error(ERRCODE_PROGRAM_LIMIT_EXCEEDED,
              "the SQL text has " + std::to_string(bytes) + " bytes",
              "\"plts.max_sql_bytes\" allows " + std::to_string(max_sql_bytes) + ".");
}

bool TooLong(size_t bytes) {
  return max_sql_bytes > 0 && bytes > static_cast<size_t>(max_sql_bytes);
}

std::string ToServer(const std::string& text) {
  if (GetDatabaseEncoding() == PG_UTF8) return text;
  std::string encoded;
  Guard([&] {
    encoded.assign(
        pg_any_to_server(text.c_str(), static_cast<int>(text.size()), PG_UTF8));
  });
  return encoded;
}

Prepared& PlaceOf(Realm& realm, v8::Local<v8::String> text) {
  if (realm.prepared == nullptr) {
    realm.prepared = std::make_unique<PreparedTable>();
  }
  const auto hash = static_cast<uint32_t>(text->GetIdentityHash());
  return realm.prepared->places[hash % PreparedTable::kSize];
}

}  // namespace

void Connection::Open() {
  if (!opened_) Guard([&] { pg_open(); });
}

void Connection::pg_open() {
  if (opened_) return;
  SPI_connect();
  opened_ = true;
  pg_register_transition_tables(&frame_);
}

void Connection::Close() {
  if (!opened_) return;
  Guard([] { SPI_finish(); });
  opened_ = false;
}

Prepared& PreparedFor(Realm& realm, v8::Local<v8::String> text,
                      Connection* connection) {
  Prepared& place = PlaceOf(realm, text);
  const bool known =
      !place.text.IsEmpty() &&
      (place.text == text || text->StringEquals(place.text.Get(realm.v8())));
  // Transition tables mean something else for every trigger.
  const bool common = TransitionKey(&connection->frame()).empty();
  if (known && common && place.role == GetUserId() &&
      PlanIsCurrent(place.plan, place.dropped) && !TooLong(place.bytes)) {
    return place;
  }
  if (!known) {
    const std::string utf8 = JsToUtf8(realm.v8(), text);
    if (TooLong(utf8.size())) RefuseLength(utf8.size());
    std::string sql = ToServer(utf8);
    place.text.Reset(realm.v8(), text);
    place.sql = std::move(sql);
    place.bytes = utf8.size();
    place.role = InvalidOid;
    place.shape = {};
  }
  if (TooLong(place.bytes)) RefuseLength(place.bytes);
  connection->Open();
  place.role = InvalidOid;
  // Copied, since what is analyzed may call functions, whose statements take the place.
  const std::string sql = place.sql;
  Plan* plan = PlanFor(connection->frame(), sql);
  Prepared& now = PlaceOf(realm, text);
  now.text.Reset(realm.v8(), text);
  now.sql = sql;
  now.plan = plan;
  now.dropped = PlansDropped();
  now.role = common ? GetUserId() : InvalidOid;
  return now;
}

Parameters::Parameters(const Plan& plan, v8::Local<v8::Value> given)
    : converters_(plan.converters),
      given_(given),
      count_(given->IsArray() ? given.As<v8::Array>()->Length() : 0) {
  if (count_ > static_cast<uint32_t>(max_params)) {
    throw Error(ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                "the statement has " + std::to_string(count_) + " parameters",
                "\"plts.max_params\" allows " + std::to_string(max_params) + ".");
  }
  if (count_ != converters_->size()) {
    throw Error(ERRCODE_SYNTAX_ERROR,
                "the statement has " + std::to_string(converters_->size()) +
                    " parameters, but " + std::to_string(count_) + " were given");
  }
}

void Parameters::pg_convert(const Conversion& conversion) {
  if (count_ > kFew) {
    values_ = static_cast<Datum*>(palloc(count_ * sizeof(Datum)));
    nulls_ = static_cast<char*>(palloc(count_));
  }
  for (at_ = 0; at_ < count_; at_++) {
    v8::Local<v8::Value> item =
        Checked(given_.As<v8::Array>()->Get(conversion.context, at_));
    const NullableDatum value =
        pg_parameter_to_datum(*(*converters_)[at_], conversion, item);
    values_[at_] = value.value;
    nulls_[at_] = value.isnull ? 'n' : ' ';
  }
}

void Parameters::Convert(Realm& realm) {
  const Conversion conversion{realm.v8(), realm.context()};
  try {
    Guard([&] { pg_convert(conversion); }, World::kMixed);
  } catch (Error& error) {
    NameParameter(&error);
    throw;
  }
}

void Parameters::NameParameter(Error* error) const {
  error->InsertContext("parameter $" + std::to_string(at_ + 1) + " of SQL type " +
                       (*converters_)[at_]->sql_name);
}

}  // namespace plts
