// SessionZone: every offset comes from the functions that SQL's come from, so that the
// two agree for whatever the server takes as a zone: names, fixed offsets, POSIX rules.
//
// The one file that is compiled with type information: ICU tells zones apart by it.

#include "js/session_zone.h"

#include <unicode/basictz.h>
#include <unicode/tzrule.h>
#include <unicode/tztrans.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>

#include "pg/pg.h"

extern "C" {
#include <pgtime.h>
}

namespace plts {
namespace {

constexpr int32_t kHour = 60 * 60 * 1000;
constexpr pg_time_t kDay = 24 * 60 * 60;
constexpr pg_time_t kYear = 366 * kDay;
// POSIX rules have offsets of up to a week.
constexpr pg_time_t kMostOffset = 7 * kDay;
// No zone has a transition before 1800.
constexpr pg_time_t kFirstTransition = -170 * kYear;
constexpr pg_time_t kForever = std::numeric_limits<pg_time_t>::max();

// From `start` up to `end`, seconds since 1970, the clock does not change.
struct Period {
  pg_time_t start = 0;
  pg_time_t end = 0;  // the next transition, or kForever
  int32_t raw = 0;    // milliseconds of the offset that are no daylight saving time
  int32_t saving = 0;

  bool Contains(pg_time_t time) const { return start <= time && time < end; }
  int32_t offset() const { return raw + saving; }
  bool SameClock(const Period& other) const {
    return raw == other.raw && saving == other.saving;
  }
};

pg_time_t ToSeconds(UDate date) {
  // Far more than any Date, and within what PostgreSQL can calculate with.
  constexpr double kMost = 1e16;
  if (std::isnan(date)) return 0;
  return static_cast<pg_time_t>(
      std::floor(std::fmin(std::fmax(date, -kMost), kMost) / 1000.0));
}

UDate ToDate(pg_time_t time) { return static_cast<UDate>(time) * 1000.0; }

class SessionZone final : public icu::BasicTimeZone {
 public:
  SessionZone(pg_tz* zone, const icu::UnicodeString& id)
      : icu::BasicTimeZone(id), zone_(zone) {}
  SessionZone(const SessionZone& other) = default;
  ~SessionZone() override;

  SessionZone* clone() const override { return new SessionZone(*this); }

  static UClassID getStaticClassID() {
    static char id = 0;
    return &id;
  }
  UClassID getDynamicClassID() const override { return getStaticClassID(); }

  using icu::BasicTimeZone::getOffset;
  int32_t getOffset(uint8_t era, int32_t year, int32_t month, int32_t day,
                    uint8_t weekday, int32_t millis, UErrorCode& status) const override;
  int32_t getOffset(uint8_t era, int32_t year, int32_t month, int32_t day,
                    uint8_t weekday, int32_t millis, int32_t month_length,
                    UErrorCode& status) const override;
  void getOffset(UDate date, UBool local, int32_t& raw, int32_t& saving,
                 UErrorCode& status) const override;
  void getOffsetFromLocal(UDate date, UTimeZoneLocalOption skipped,
                          UTimeZoneLocalOption repeated, int32_t& raw, int32_t& saving,
                          UErrorCode& status) const override;

  // The zone is PostgreSQL's: ICU may not change it.
  void setRawOffset(int32_t) override {}
  int32_t getRawOffset() const override { return Now().raw; }
  int32_t getDSTSavings() const override;
  UBool useDaylightTime() const override { return getDSTSavings() != 0; }
  UBool inDaylightTime(UDate date, UErrorCode&) const override {
    return PeriodAt(ToSeconds(date)).saving != 0;
  }
  UBool hasSameRules(const icu::TimeZone& other) const override {
    return other.getDynamicClassID() == getStaticClassID() &&
           static_cast<const SessionZone&>(other).zone_ == zone_;
  }

  UBool getNextTransition(UDate base, UBool inclusive,
                          icu::TimeZoneTransition& result) const override;
  UBool getPreviousTransition(UDate base, UBool inclusive,
                              icu::TimeZoneTransition& result) const override;

  // ICU asks for rules only to write a zone down, which nothing here does.
  int32_t countTransitionRules(UErrorCode& status) const override {
    status = U_UNSUPPORTED_ERROR;
    return 0;
  }
  void getTimeZoneRules(const icu::InitialTimeZoneRule*& initial,
                        const icu::TimeZoneRule* rules[], int32_t& count,
                        UErrorCode& status) const override {
    initial = nullptr;
    if (count > 0) rules[0] = nullptr;
    count = 0;
    status = U_UNSUPPORTED_ERROR;
  }

 private:
  struct Clock {
    int32_t offset;
    bool daylight;
  };

  Clock ClockAt(pg_time_t time) const;
  // The first transition after `time`, of those that PostgreSQL knows: the clock need
  // not change in it.
  pg_time_t BoundaryAfter(pg_time_t time) const;
  const Period& PeriodAt(pg_time_t time) const;
  Period Now() const { return PeriodAt(static_cast<pg_time_t>(std::time(nullptr))); }
  Period LocalPeriod(UDate date, UTimeZoneLocalOption skipped,
                     UTimeZoneLocalOption repeated) const;
  void Describe(pg_time_t at, icu::TimeZoneTransition* result) const;

  pg_tz* const zone_;
  mutable Period last_;  // the answer that was given last
};

SessionZone::~SessionZone() = default;

SessionZone::Clock SessionZone::ClockAt(pg_time_t time) const {
  const pg_tm* tm = pg_localtime(&time, zone_);
  if (tm == nullptr) return {0, false};
  return {static_cast<int32_t>(tm->tm_gmtoff * 1000), tm->tm_isdst > 0};
}

pg_time_t SessionZone::BoundaryAfter(pg_time_t time) const {
  pg_time_t boundary = 0;
  long before_offset = 0;
  long after_offset = 0;
  int before_daylight = 0;
  int after_daylight = 0;
  const int found =
      pg_next_dst_boundary(&time, &before_offset, &before_daylight, &boundary,
                           &after_offset, &after_daylight, zone_);
  return found > 0 && boundary > time ? boundary : kForever;
}

// ICU wants to know how much of an offset is daylight saving time; the database of
// zones only says whether it is in force. The difference to the next period tells. In
// some zones what is called daylight saving time is winter's, and less: to ICU,
// summer's is.
const Period& SessionZone::PeriodAt(pg_time_t time) const {
  if (last_.Contains(time)) return last_;
  const Clock clock = ClockAt(time);
  Period period;
  period.start = time;
  period.end = BoundaryAfter(time);
  period.raw = clock.offset;
  int32_t saving = clock.daylight ? kHour : 0;
  if (period.end != kForever && period.end - time < kYear) {
    const Clock next = ClockAt(period.end);
    if (next.daylight != clock.daylight) saving = clock.offset - next.offset;
  }
  if (saving > 0) {
    period.raw -= saving;
    period.saving = saving;
  }
  last_ = period;
  return last_;
}

int32_t SessionZone::getDSTSavings() const {
  const Period now = Now();
  if (now.saving != 0 || now.end == kForever || now.end - now.start > kYear) {
    return now.saving;
  }
  return PeriodAt(now.end).saving;
}

// A local time has one period that it is in, two where the clock was put back, and none
// where it was put forward: then it is read by the clock before or after.
Period SessionZone::LocalPeriod(UDate date, UTimeZoneLocalOption skipped,
                                UTimeZoneLocalOption repeated) const {
  const pg_time_t local = ToSeconds(date);
  const pg_time_t end = local + kMostOffset;
  // Options are made of what to prefer: bits 0 and 1 the kind, bits 2 and 3 the order.
  const auto choose = [](const Period& former, const Period& latter,
                         UTimeZoneLocalOption option) {
    const int kind = option & 3;
    if (kind != 0 && (former.saving != 0) != (latter.saving != 0)) {
      const bool daylight = kind == 3;
      return (former.saving != 0) == daylight ? former : latter;
    }
    return (option & 12) == 12 ? latter : former;
  };
  Period before = PeriodAt(local - kMostOffset);
  while (true) {
    const bool last = before.end == kForever || before.end > end;
    if (last) return before;
    const Period after = PeriodAt(before.end);
    const pg_time_t at = before.end;
    const bool in_before = local < at + before.offset() / 1000;
    const bool in_after = local >= at + after.offset() / 1000;
    if (in_before && in_after) return choose(before, after, repeated);
    if (in_before) return before;
    if (!in_after) return choose(before, after, skipped);
    before = after;
  }
}

void SessionZone::getOffset(UDate date, UBool local, int32_t& raw, int32_t& saving,
                            UErrorCode& status) const {
  if (U_FAILURE(status)) return;
  const Period period =
      local ? LocalPeriod(date, UCAL_TZ_LOCAL_FORMER, UCAL_TZ_LOCAL_LATTER)
            : PeriodAt(ToSeconds(date));
  raw = period.raw;
  saving = period.saving;
}

void SessionZone::getOffsetFromLocal(UDate date, UTimeZoneLocalOption skipped,
                                     UTimeZoneLocalOption repeated, int32_t& raw,
                                     int32_t& saving, UErrorCode& status) const {
  if (U_FAILURE(status)) return;
  const Period period = LocalPeriod(date, skipped, repeated);
  raw = period.raw;
  saving = period.saving;
}

int32_t SessionZone::getOffset(uint8_t era, int32_t year, int32_t month, int32_t day,
                               uint8_t, int32_t millis, UErrorCode& status) const {
  if (U_FAILURE(status)) return 0;
  constexpr uint8_t kBeforeChrist = 0;
  if (era == kBeforeChrist) year = 1 - year;
  const pg_time_t days = date2j(year, month + 1, day) - UNIX_EPOCH_JDATE;
  return LocalPeriod(ToDate(days * kDay) + millis, UCAL_TZ_LOCAL_FORMER,
                     UCAL_TZ_LOCAL_LATTER)
      .offset();
}

int32_t SessionZone::getOffset(uint8_t era, int32_t year, int32_t month, int32_t day,
                               uint8_t weekday, int32_t millis, int32_t,
                               UErrorCode& status) const {
  return getOffset(era, year, month, day, weekday, millis, status);
}

void SessionZone::Describe(pg_time_t at, icu::TimeZoneTransition* result) const {
  const Period before = PeriodAt(at - 1);
  const Period after = PeriodAt(at);
  const auto rule = [](const Period& period) {
    return new icu::InitialTimeZoneRule(icu::UnicodeString(), period.raw,
                                        period.saving);
  };
  result->setTime(ToDate(at));
  result->adoptFrom(rule(before));
  result->adoptTo(rule(after));
}

UBool SessionZone::getNextTransition(UDate base, UBool inclusive,
                                     icu::TimeZoneTransition& result) const {
  pg_time_t time = ToSeconds(base);
  if (inclusive && ToDate(time) == base) time--;
  while (true) {
    const Period before = PeriodAt(time);
    if (before.end == kForever) return false;
    if (!PeriodAt(before.end).SameClock(before)) {
      Describe(before.end, &result);
      return true;
    }
    time = before.end;
  }
}

UBool SessionZone::getPreviousTransition(UDate base, UBool inclusive,
                                         icu::TimeZoneTransition& result) const {
  const pg_time_t time = ToSeconds(base);
  const bool itself = inclusive || ToDate(time) != base;
  // PostgreSQL looks forward only, so the steps back become longer.
  for (pg_time_t span = kYear;; span *= 4) {
    pg_time_t found = kForever;
    Period period = PeriodAt(time - span);
    while (period.end != kForever &&
           (itself ? period.end <= time : period.end < time)) {
      const Period after = PeriodAt(period.end);
      if (!after.SameClock(period)) found = period.end;
      period = after;
    }
    if (found != kForever) {
      Describe(found, &result);
      return true;
    }
    if (time - span < kFirstTransition) return false;
  }
}

// What ICU calls the zone, for the names of it that people see; a name that it does not
// know where it has none.
icu::UnicodeString IdOf(pg_tz* zone) {
  const char* name = pg_get_timezone_name(zone);
  if (name == nullptr) name = "UTC";
  constexpr char kPosix[] = "posix/";
  if (std::strncmp(name, kPosix, sizeof(kPosix) - 1) == 0) name += sizeof(kPosix) - 1;
  const icu::UnicodeString id(name, -1, US_INV);
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString canonical;
  UBool known = false;
  icu::TimeZone::getCanonicalID(id, canonical, known, status);
  if (U_SUCCESS(status) && known) return id;
  long offset = 0;
  if (!pg_get_timezone_offset(zone, &offset)) return id;
  if (offset == 0) return icu::UnicodeString("UTC", -1, US_INV);
  char fixed[32];
  const long size = std::labs(offset);
  snprintf(fixed, sizeof(fixed),
           size % 60 != 0 ? "GMT%c%02ld:%02ld:%02ld" : "GMT%c%02ld:%02ld",
           offset < 0 ? '-' : '+', size / 3600, size / 60 % 60, size % 60);
  return icu::UnicodeString(fixed, -1, US_INV);
}

}  // namespace

void MakeDefaultZone(pg_tz* zone) {
  icu::TimeZone::adoptDefault(new SessionZone(zone, IdOf(zone)));
}

}  // namespace plts
