// Dates and times: ISO 8601 text with microseconds, whatever DateStyle says. It is text
// that a Date reads too, wherever it can hold the value.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "convert/families.h"

namespace plts {
namespace {

constexpr double kMillisecondsADay = 86400000.0;
// From JavaScript's epoch (1970) to PostgreSQL's (2000), in days.
constexpr int kEpochDays = POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE;

constexpr char kBeforeChrist[] = " BC";
// ISO 8601 writes years of four digits without a sign, and all others with six.
constexpr long kLastShortYear = 9999;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Room for the text of any date or time, with a longer year.
struct Text {
  char buffer[MAXDATELEN + 16];
};

// Where the year of PostgreSQL's text is one that ISO 8601 writes otherwise: 1 BC is
// the year 0. In place.
void PutYear(Text* text) {
  char* const buffer = text->buffer;
  const size_t length = std::strlen(buffer);
  constexpr size_t kSuffix = sizeof(kBeforeChrist) - 1;
  const bool before_christ =
      length > kSuffix && std::strcmp(buffer + length - kSuffix, kBeforeChrist) == 0;
  char* rest = nullptr;
  long year = std::strtol(buffer, &rest, 10);
  // infinity has none.
  if (rest == buffer || (!before_christ && year <= kLastShortYear)) return;
  if (before_christ) {
    buffer[length - kSuffix] = '\0';
    year = 1 - year;
  }
  Text iso;
  if (year == 0) {
    snprintf(iso.buffer, sizeof(iso.buffer), "0000%s", rest);
  } else {
    snprintf(iso.buffer, sizeof(iso.buffer), "%c%06ld%s", year < 0 ? '-' : '+',
             std::labs(year), rest);
  }
  *text = iso;
}

// The reverse, for what a Date prints too: years with a sign, and the year 0. A copy,
// or null where `text` has no such year.
char* pg_without_signed_year(const char* text) {
  const bool sign = text[0] == '+' || text[0] == '-';
  const char* const digits = sign ? text + 1 : text;
  size_t count = 0;
  while (IsDigit(digits[count])) count++;
  if (digits[count] != '-') return nullptr;
  if (sign ? count < 6 || count > 7 : std::strncmp(digits, "0000-", 5) != 0) {
    return nullptr;
  }
  const long size = std::strtol(digits, nullptr, 10);
  const long year = text[0] == '-' ? -size : size;
  return year > 0 ? psprintf("%04ld%s", year, digits + count)
                  : psprintf("%04ld%s%s", 1 - year, digits + count, kBeforeChrist);
}

// Whether the offset of a timestamptz's text is none of ISO 8601: it has seconds, which
// no zone has had since 1972, or more than a day, as POSIX rules may.
bool HasOddOffset(const char* text) {
  const char* const time = std::strchr(text, 'T');
  const char* const offset = time != nullptr ? std::strpbrk(time, "+-") : nullptr;
  if (offset == nullptr) return false;
  const size_t length = std::strspn(offset + 1, "0123456789:");
  return length != std::strlen("00:00") || std::atoi(offset + 1) >= 24;
}

// A Date as the timestamptz of the same instant.
Datum pg_instant(const Converter& converter, const Conversion& c,
                 v8::Local<v8::Value> value) {
  const double milliseconds = value.As<v8::Date>()->ValueOf();
  if (std::isnan(milliseconds)) {
    pg_cannot_convert(converter, c, value, "It is an invalid Date.");
  }
  const double since = milliseconds - kEpochDays * kMillisecondsADay;
  const auto stamp = static_cast<TimestampTz>(since) * 1000;
  if (!IS_VALID_TIMESTAMP(stamp)) {
    pg_cannot_convert(converter, c, value, "It is out of range.");
  }
  return TimestampTzGetDatum(stamp);
}

// A Date is an instant. What has no zone is its local time in the session's, by the
// casts of SQL.
Datum pg_from_date(const Converter& converter, const Conversion& c,
                   v8::Local<v8::Value> value) {
  const Datum instant = pg_instant(converter, c, value);
  const Datum typmod = Int32GetDatum(converter.typmod);
  const bool any_precision = converter.typmod < 0;
  Datum local;
  switch (converter.base) {
    case DATEOID:
      return DirectFunctionCall1(timestamptz_date, instant);
    case TIMEOID:
      local = DirectFunctionCall1(timestamptz_time, instant);
      return any_precision ? local : DirectFunctionCall2(time_scale, local, typmod);
    case TIMETZOID:
      local = DirectFunctionCall1(timestamptz_timetz, instant);
      return any_precision ? local : DirectFunctionCall2(timetz_scale, local, typmod);
    case TIMESTAMPOID:
      local = DirectFunctionCall1(timestamptz_timestamp, instant);
      return any_precision ? local
                           : DirectFunctionCall2(timestamp_scale, local, typmod);
    default:
      return any_precision ? instant
                           : DirectFunctionCall2(timestamptz_scale, instant, typmod);
  }
}

}  // namespace

v8::Local<v8::Value> TimeToJs(const Converter& converter, const Conversion& c,
                              Datum value) {
  Text text;
  JsonEncodeDateTime(text.buffer, value, converter.base, nullptr);
  if (converter.base == TIMESTAMPTZOID && HasOddOffset(text.buffer)) {
    const int utc = 0;
    JsonEncodeDateTime(text.buffer, value, converter.base, &utc);
  }
  PutYear(&text);
  return Utf8ToJs(c.isolate, text.buffer);
}

Datum TimeToDatum(const Converter& converter, const Conversion& c,
                  v8::Local<v8::Value> value) {
  if (value->IsDate()) return pg_from_date(converter, c, value);
  if (!value->IsString()) pg_cannot_convert(converter, c, value);
  int length;
  const char* text = pg_js_to_text(c.isolate, value.As<v8::String>(), &length);
  const char* known = pg_without_signed_year(text);
  return pg_text_to_datum(converter, known != nullptr ? known : text);
}

}  // namespace plts
