"""`Intl` and time zones: ICU's data are there, and nothing hostile crashes it."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, define, evaluate, fetch

CONSTRUCTORS = [
    "Collator",
    "DateTimeFormat",
    "DisplayNames",
    "ListFormat",
    "Locale",
    "NumberFormat",
    "PluralRules",
    "RelativeTimeFormat",
    "Segmenter",
]

# Says how much worked and how much was refused: anything will do but a crash.
HOSTILE = r"""
// @ts-nocheck
const long = "a".repeat(100000);
const half = "\ud800";
const locales = [
  null, "", "x", "de-DE", long, "en-" + long, ["de", "en"], [1], {}, half, "en\0",
  "en-u-" + "co-emoji-".repeat(500) + "nu-latn", "und-u-ca-" + "x".repeat(8),
  Array(2000).fill("en"), "de-u-co-phonebk-kn-kf-upper", "ar-u-nu-deva", "i-klingon",
  "en-x-" + "y-".repeat(300) + "z",
];
const values = [
  undefined, null, "", long, NaN, -1, 1e9, 21, {}, [], half, "base", "word", "currency",
  "unit", "EUR", "percent", "best fit", "region", "type", "long", "full", "UTC",
  "Etc/Unknown", "+25:00", "xx-yyy",
];
const keys = [
  "style", "currency", "unit", "numeric", "type", "granularity", "timeZone", "calendar",
  "minimumFractionDigits", "maximumSignificantDigits", "numberingSystem", "usage",
  "localeMatcher", "dateStyle", "hourCycle", "notation", "sensitivity", "language",
  "fractionalSecondDigits", "script",
];
const inputs = [
  undefined, null, NaN, Infinity, -0, 1e308, 2n ** 200n, long, half, [], ["a", long],
  new Date(8.64e15), Symbol.iterator, {},
];
const methods = [
  "format", "formatToParts", "formatRange", "select", "compare", "of", "segment",
  "maximize", "minimize", "resolvedOptions",
];
export default () => {
  const base = "CONSTRUCTOR" === "DisplayNames" ? { type: "language" } : {};
  let worked = 0, refused = 0;
  const attempt = (act) => { try { act(); worked++ } catch { refused++ } };
  const use = (made, method, input) => {
    const out = made[method](input, input === undefined ? "day" : 1e308);
    let count = 0;
    if (method === "segment") for (const _ of out) if (++count > 50) break;
  };
  for (const locale of locales) {
    let made;
    attempt(() => { made = new Intl.CONSTRUCTOR(locale, base) });
    for (const method of made ? methods : []) {
      if (typeof made[method] !== "function") continue;
      for (const input of inputs) attempt(() => use(made, method, input));
    }
  }
  for (const key of keys) {
    const trap = { get [key]() { throw new Error("x") } };
    attempt(() => new Intl.CONSTRUCTOR("en", trap));
    for (const value of values) {
      attempt(() => new Intl.CONSTRUCTOR("en", { ...base, [key]: value }));
    }
  }
  return [worked, refused];
};
"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("new Intl.NumberFormat('de-DE').format(1234567.5)", "1.234.567,5"),
        (
            "new Intl.NumberFormat('ja', { style: 'currency', currency: 'JPY' })"
            ".format(12)",
            "\uffe512",
        ),
        (
            "new Intl.DateTimeFormat('fr', { dateStyle: 'long', timeZone: 'UTC' })"
            ".format(0)",
            "1 janvier 1970",
        ),
        ("['z', 'ä', 'a'].sort(new Intl.Collator('sv').compare).join('')", "azä"),
        ("new Intl.PluralRules('ar').select(3)", "few"),
        ("new Intl.RelativeTimeFormat('en').format(-1, 'day')", "1 day ago"),
        ("new Intl.ListFormat('en').format(['a', 'b', 'c'])", "a, b, and c"),
        ("new Intl.DisplayNames('es', { type: 'region' }).of('DE') ?? ''", "Alemania"),
        (
            "String([...new Intl.Segmenter('ja', { granularity: 'word' })"
            ".segment('吾輩は猫')].length)",
            "3",
        ),
        ("new Intl.Locale('sr-latn-rs').maximize().script ?? ''", "Latn"),
        ("'I'.toLocaleLowerCase('tr')", "\u0131"),
        ("'ä'.normalize('NFD').length + ''", "2"),
    ],
)
def test_locales_are_known(session: Connection, expression: str, expected: str) -> None:
    assert evaluate(session, "text", f"return {expression}") == expected


def test_local_time_is_the_sessions(session: Connection) -> None:
    define(
        session,
        "zone() returns text",
        "return [new Date(2024, 0, 15, 12).toISOString(),"
        " new Date(0).getTimezoneOffset(),"
        " Intl.DateTimeFormat().resolvedOptions().timeZone].join(' ')",
    )
    found = {}
    for zone in ("America/New_York", "Asia/Kolkata", "UTC", "Europe/Berlin"):
        session.execute("select set_config('timezone', %s, false)", [zone])
        found[zone] = fetch(session, "select zone()")

    # Calcutta is what ICU calls the zone.
    assert found == {
        "America/New_York": "2024-01-15T17:00:00.000Z 300 America/New_York",
        "Asia/Kolkata": "2024-01-15T06:30:00.000Z -330 Asia/Calcutta",
        "UTC": "2024-01-15T12:00:00.000Z 0 UTC",
        "Europe/Berlin": "2024-01-15T11:00:00.000Z -60 Europe/Berlin",
    }


def test_sql_goes_on_in_its_own_zone(session: Connection) -> None:
    session.execute("set timezone = 'Asia/Tokyo'")
    evaluate(session, "int", "return new Date(0).getHours()")

    shown = fetch(session, "select to_char('epoch'::timestamptz, 'HH24 TZ')")

    assert shown == "09 JST"


@pytest.mark.parametrize("constructor", CONSTRUCTORS)
def test_hostile_locales_and_options_crash_nothing(
    session: Connection, constructor: str
) -> None:
    worked, refused = evaluate(
        session, "int[]", HOSTILE.replace("CONSTRUCTOR", constructor)
    )

    assert worked > 10
    assert refused > 10
    assert fetch(session, "select 1") == 1
