// Dates and times: ISO 8601 text with microseconds, whatever DateStyle says.

#include <cmath>

#include "convert/families.h"

namespace plts {
namespace {

constexpr double kMillisecondsADay = 86400000.0;
// From JavaScript's epoch (1970) to PostgreSQL's (2000), in days.
constexpr int kEpochDays = POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE;

// A Date as the timestamp of the same instant; as timestamp and date, in UTC, which is
// how JavaScript prints it.
Datum pg_from_date(const Converter& converter, const Conversion& c,
                   v8::Local<v8::Value> value) {
  const double milliseconds = value.As<v8::Date>()->ValueOf();
  if (std::isnan(milliseconds)) {
    pg_cannot_convert(converter, c, value, "It is an invalid Date.");
  }
  const double since = milliseconds - kEpochDays * kMillisecondsADay;
  if (converter.base == DATEOID) {
    const auto date = static_cast<DateADT>(std::floor(since / kMillisecondsADay));
    if (!IS_VALID_DATE(date)) {
      pg_cannot_convert(converter, c, value, "It is out of range.");
    }
    return DateADTGetDatum(date);
  }
  const auto stamp = static_cast<Timestamp>(since) * 1000;
  if (!IS_VALID_TIMESTAMP(stamp)) {
    pg_cannot_convert(converter, c, value, "It is out of range.");
  }
  return TimestampGetDatum(stamp);
}

}  // namespace

v8::Local<v8::Value> TimeToJs(const Converter& converter, const Conversion& c,
                              Datum value) {
  char buffer[MAXDATELEN + 1];
  JsonEncodeDateTime(buffer, value, converter.base, nullptr);
  return Utf8ToJs(c.isolate, buffer);
}

Datum TimeToDatum(const Converter& converter, const Conversion& c,
                  v8::Local<v8::Value> value) {
  if (value->IsDate() && converter.base != TIMEOID && converter.base != TIMETZOID) {
    const Datum instant = pg_from_date(converter, c, value);
    if (converter.typmod < 0 || converter.base == DATEOID) return instant;
    return converter.base == TIMESTAMPTZOID
               ? DirectFunctionCall2(timestamptz_scale, instant,
                                     Int32GetDatum(converter.typmod))
               : DirectFunctionCall2(timestamp_scale, instant,
                                     Int32GetDatum(converter.typmod));
  }
  return OtherToDatum(converter, c, value);
}

}  // namespace plts
