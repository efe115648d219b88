// Jsonb: finding values in the stored form, and numbers in that of numeric.

#include "convert/jsonb.h"

#include "convert/number.h"

namespace plts {
namespace {

char* BaseOf(JsonbContainer* data, uint32 entries) {
  return reinterpret_cast<char*>(&data->children[entries]);
}

// The value of entry `index`, whose data begin at `offset` from `base`.
void Fill(JsonbContainer* data, uint32 index, char* base, uint32 offset,
          JsonbValue* out) {
  const JEntry entry = data->children[index];
  switch (entry & JENTRY_TYPEMASK) {
    case JENTRY_ISSTRING:
      out->type = jbvString;
      out->val.string.val = base + offset;
      out->val.string.len =
          static_cast<int>(getJsonbLength(data, static_cast<int>(index)));
      return;
    case JENTRY_ISNUMERIC:
      out->type = jbvNumeric;
      out->val.numeric = reinterpret_cast<Numeric>(base + INTALIGN(offset));
      return;
    case JENTRY_ISBOOL_TRUE:
    case JENTRY_ISBOOL_FALSE:
      out->type = jbvBool;
      out->val.boolean = JBE_ISBOOL_TRUE(entry);
      return;
    case JENTRY_ISCONTAINER: {
      const auto padding = static_cast<uint32>(INTALIGN(offset) - offset);
      out->type = jbvBinary;
      out->val.binary.data = reinterpret_cast<JsonbContainer*>(base + INTALIGN(offset));
      out->val.binary.len =
          static_cast<int>(getJsonbLength(data, static_cast<int>(index)) - padding);
      return;
    }
    default:
      out->type = jbvNull;
  }
}

// How numeric is stored: numeric.c keeps these to itself, but what is on disk cannot
// change.
constexpr uint16 kSignMask = 0xC000;
constexpr uint16 kLongNegative = 0x4000;
constexpr uint16 kShort = 0x8000;
constexpr uint16 kSpecial = 0xC000;
constexpr uint16 kShortNegative = 0x2000;
constexpr uint16 kShortWeightNegative = 0x0040;
constexpr uint16 kShortWeightMask = 0x003F;
constexpr int kMostDigits = 4;  // of four decimals each: 9999^4 > 2^53

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

}  // namespace

bool FindMember(const JsonbPart& part, const char* key, int length, JsonbValue* out) {
  return getKeyJsonValueFromContainer(part.data, key, length, out) != nullptr;
}

void GetElement(const JsonbPart& part, uint32 index, JsonbValue* out) {
  Fill(part.data, index, BaseOf(part.data, part.count()),
       getJsonbOffset(part.data, static_cast<int>(index)), out);
}

JsonbWalk::JsonbWalk(const JsonbPart& part)
    : data_(part.data),
      base_(BaseOf(part.data, part.is_array() ? part.count() : part.count() * 2)),
      count_(part.count()),
      first_value_(part.is_array() ? 0 : part.count()) {
  if (count_ > 0 && first_value_ > 0) {
    value_offset_ = getJsonbOffset(data_, static_cast<int>(first_value_));
  }
}

bool JsonbWalk::Next(JsonbValue* key, JsonbValue* value) {
  if (at_ == count_) return false;
  if (first_value_ > 0) {
    Fill(data_, at_, base_, key_offset_, key);
    JBE_ADVANCE_OFFSET(key_offset_, data_->children[at_]);
  }
  const uint32 index = first_value_ + at_;
  Fill(data_, index, base_, value_offset_, value);
  JBE_ADVANCE_OFFSET(value_offset_, data_->children[index]);
  at_++;
  return true;
}

bool QuickNumber(Numeric value, double* out) {
  const char* data = VARDATA_ANY(value);
  const size_t size = VARSIZE_ANY_EXHDR(value);
  uint16 header;
  std::memcpy(&header, data, sizeof(header));
  size_t start = sizeof(header);
  int weight;
  bool negative;
  if ((header & kSignMask) == kSpecial) return false;
  if ((header & kSignMask) == kShort) {
    negative = (header & kShortNegative) != 0;
    weight = header & kShortWeightMask;
    if ((header & kShortWeightNegative) != 0) weight -= kShortWeightMask + 1;
  } else {
    negative = (header & kSignMask) == kLongNegative;
    int16 stored;
    std::memcpy(&stored, data + start, sizeof(stored));
    weight = stored;
    start += sizeof(stored);
  }
  const auto digits = static_cast<int>((size - start) / sizeof(int16));
  if (digits > kMostDigits || weight >= kMostDigits) return false;
  int64 number = 0;
  for (int i = 0; i < digits; i++) {
    int16 digit;
    std::memcpy(&digit, data + start + static_cast<size_t>(i) * sizeof(digit),
                sizeof(digit));
    number = number * 10000 + digit;
  }
  int power = (weight - digits + 1) * 4;  // of ten, that `number` is in terms of
  for (; power > 0 && digits > 0; power -= 4) number *= 10000;
  if (number > static_cast<int64>(kMaxSafeInteger)) return false;
  // Both are exact doubles, so that their quotient is rounded once.
  double result = static_cast<double>(number);
  if (digits > 0 && power < 0) {
    if (-power >= static_cast<int>(std::size(kPowersOfTen))) return false;
    result /= kPowersOfTen[-power];
  }
  *out = negative ? -result : result;
  return true;
}

}  // namespace plts
