"""A Date is an instant; its local time is that of the session's zone, as in SQL."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.plts.support import Connection, define, evaluate, fetch, refused

# Names, abbreviations with rules of their own, fixed offsets, and POSIX rules.
ZONES = [
    "UTC",
    "America/New_York",
    "Asia/Kolkata",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "America/Mexico_City",
    "Africa/Cairo",
    "America/Nuuk",
    "EST5EDT",
    "Etc/GMT+5",
    "Etc/GMT-14",
    "<+03>-03",
    "interval '-00:44:30'",
    "PST8PDT,M3.2.0,M11.1.0",
    "XST-2XDT,M1.1.0/-10,M12.5.6/30",
    "localtime",
    "posix/Asia/Tokyo",
    "america/sao_paulo",
]

# Names that the system's zone data have, and a packaged server's own may lack.
SYSTEM_ZONES = {"localtime", "posix/Asia/Tokyo"}

# Around changes of clocks, with offsets that have seconds, and far from today.
INSTANTS = [
    "2024-07-04 10:00Z",
    "2024-03-10 06:59:59.999Z",
    "2024-03-10 07:00Z",
    "2024-11-03 05:30Z",
    "2024-11-03 06:30Z",
    "2024-04-06 15:15Z",
    "2023-12-31 23:30Z",
    "1969-12-31 23:59:59.999Z",
    "1883-11-18 16:59:00Z",
    "1850-01-01 12:00Z",
    "1930-06-01 00:44Z",
    "0001-01-01 00:00Z",
    "0044-03-15 12:00Z BC",
    "4713-01-01 12:00Z BC",
    "9999-12-31 23:59:59Z",
    "12024-07-04 10:00Z",
    "270000-01-01 00:00Z",
]

SHAPE = """
    create type local_times as (
        stamp timestamp, day date, clock time, zoned timetz, instant timestamptz,
        short timestamp(0), stamps timestamp[], days date[]
    );
    create function expected(i timestamptz) returns local_times language sql as $$
        select row(i::timestamp, i::date, i::time, i::timetz, i, i::timestamp(0),
            array[i::timestamp], array[i::date])::local_times
    $$;
"""

LOCAL = """
    const date = new Date(ms);
    return { stamp: date, day: date, clock: date, zoned: date, instant: date,
        short: date, stamps: [date], days: [date] }
"""


def set_zone(connection: Connection, zone: str) -> None:
    """Set the zone of the session; skip the test where the server has none of it."""
    try:
        connection.execute("select set_config('timezone', %s, false)", [zone])
    except psycopg.errors.InvalidParameterValue:
        if zone not in SYSTEM_ZONES:
            raise
        pytest.skip(f"this server's zone data have no {zone}")


@pytest.fixture
def local_times(session: Connection) -> Connection:
    """A session with a function that returns one Date as every type of time."""
    session.execute(SHAPE)
    define(session, "local(ms float8) returns local_times strict", LOCAL)
    return session


@pytest.mark.parametrize("zone", ZONES)
def test_date_becomes_the_local_time_that_sql_has(
    local_times: Connection, zone: str
) -> None:
    set_zone(local_times, zone)

    differing = local_times.execute(
        """
        select i, found, wanted from unnest(%s::text[]) t,
        lateral (select t::timestamptz) instant(i),
        lateral (select local(extract(epoch from i)::float8 * 1000)) f(found),
        lateral (select expected(i)) w(wanted)
        where found is distinct from wanted
        """,
        [INSTANTS],
    ).fetchall()

    assert differing == []


def test_date_of_a_timestamp_comes_back(session: Connection) -> None:
    session.execute("set timezone = 'America/New_York'")
    define(session, "f(t timestamp) returns timestamp strict", "return new Date(t)")

    assert fetch(session, "select f('2024-07-04 10:00')::text") == "2024-07-04 10:00:00"


def test_local_fields_are_those_of_sql(session: Connection) -> None:
    session.execute("set timezone = 'Asia/Kathmandu'")
    define(
        session,
        "noon() returns text",
        "const d = new Date(2024, 1, 29, 12, 30);"
        "return (await ctx.db.query<any>("
        "'select concat_ws(chr(32), $1::timestamp, $2::date, $3::time, $4::timetz,"
        " $5::timestamp[]) as t', [d, d, d, d, [d]]))[0].t",
    )

    assert fetch(session, "select noon()") == (
        '2024-02-29 12:30:00 2024-02-29 12:30:00 12:30:00+05:45 {"2024-02-29 12:30:00"}'
    )


def test_date_in_a_trigger_column_is_local(session: Connection) -> None:
    session.execute("set timezone = 'Pacific/Auckland'")
    session.execute("create table t (id int, at timestamp, day date, doc jsonb)")
    define(
        session,
        "stamps() returns trigger",
        "const d = new Date('2024-01-01T12:00:00Z'); const row: any = "
        "ctx.trigger.new; row.at = d; row.day = d; row.doc = { d }; return row",
    )
    session.execute(
        "create trigger t before insert on t for each row execute function stamps()"
    )
    session.execute("insert into t values (1)")

    assert session.execute("select at::text, day::text, doc from t").fetchall() == [
        ("2024-01-02 01:00:00", "2024-01-02", {"d": "2024-01-01T12:00:00.000Z"})
    ]


@pytest.mark.parametrize(
    "sql_type",
    ["timestamp", "timestamptz", "date", "time", "timetz", "timestamp[]", "date[]"],
)
def test_invalid_date_is_an_error(session: Connection, sql_type: str) -> None:
    value = "[new Date(NaN)]" if sql_type.endswith("[]") else "new Date(NaN)"
    with refused("22003") as refusal:
        evaluate(session, sql_type, f"return {value}")

    assert refusal.detail == "It is an invalid Date."


@pytest.mark.parametrize("sql_type", ["timestamp", "timestamptz", "date"])
def test_date_before_what_sql_has_is_an_error(
    session: Connection, sql_type: str
) -> None:
    session.execute("set timezone = 'America/New_York'")
    with refused("22003") as refusal:
        evaluate(session, sql_type, "return new Date(-8.64e15)")

    assert refusal.detail == "It is out of range."


def test_infinity_has_no_date(session: Connection) -> None:
    define(session, "g(t timestamptz) returns timestamp strict", "return new Date(t)")

    with refused("22003"):
        fetch(session, "select g('infinity')")


def test_first_instant_of_sql_is_out_of_range_in_a_zone_behind(
    session: Connection,
) -> None:
    session.execute("set timezone = 'America/New_York'")
    body = "return new Date(Date.UTC(-4713, 10, 24))"

    with refused("22008"):
        evaluate(session, "timestamp", body)


class TestEveryZone:
    """JavaScript has the offsets of SQL, for every name that SQL knows."""

    # Enough instants to meet each period of a zone of the last 220 years.
    INSTANTS = (
        "select array_agg(extract(epoch from at)::float8 * 1000 order by at) from "
        "generate_series('1880-01-01 00:10Z'::timestamptz, '2100-01-01Z', "
        "interval '41 days 05:17:13') at"
    )
    OFFSETS = """
        return instants.map((ms) => {
            const d = new Date(ms!);
            const local = Date.UTC(d.getFullYear(), d.getMonth(), d.getDate(),
                d.getHours(), d.getMinutes(), d.getSeconds(), d.getMilliseconds());
            const back = new Date(d.getFullYear(), d.getMonth(), d.getDate(),
                d.getHours(), d.getMinutes(), d.getSeconds(), d.getMilliseconds());
            if (back > d || back.getHours() !== d.getHours()) return null;
            return (local - ms!) / 1000
        })
    """

    def test_offsets(self, session: Connection) -> None:
        define(session, "offsets(instants float8[]) returns int[] strict", self.OFFSETS)
        instants = fetch(session, self.INSTANTS)
        names = session.execute("select name from pg_timezone_names order by 1")
        wanted = (
            "select array_agg(extract(timezone from to_timestamp(ms / 1000))::int "
            "order by n) = offsets(%s) from unnest(%s::float8[]) "
            "with ordinality as u(ms, n)"
        )
        differing = []
        checked = 0
        for (name,) in names.fetchall():
            set_zone(session, str(name))
            checked += 1
            if not fetch(session, wanted, [instants, instants]):
                differing.append(name)

        assert differing == []
        assert checked > 400


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/New_York", "America/New_York 300 GMT-0500 (Eastern Standard Time)"),
        ("posix/Asia/Tokyo", "Asia/Tokyo -540 GMT+0900 (Japan Standard Time)"),
        ("EST5EDT", "EST5EDT 300 GMT-0500 (Eastern Standard Time)"),
        ("Etc/GMT+5", "Etc/GMT+5 300 GMT-0500 (GMT-05:00)"),
        ("<+03>-03", "GMT+03:00 -180 GMT+0300 (GMT+03:00)"),
        ("UTC", "UTC 0 GMT+0000 (Coordinated Universal Time)"),
        ("Europe/Dublin", "Europe/Dublin 0 GMT+0000 (Greenwich Mean Time)"),
        ("Etc/UTC", "UTC 0 GMT+0000 (Coordinated Universal Time)"),
        ("XYZ3", "GMT-03:00 180 GMT-0300 (GMT-03:00)"),
        ("AAA-2BBB", "undefined -120 GMT+0200 (GMT+02:00)"),
    ],
)
def test_zones_have_their_names(session: Connection, zone: str, expected: str) -> None:
    define(
        session,
        "names() returns text",
        "const d = new Date(2024, 0, 15, 12);"
        "return [Intl.DateTimeFormat().resolvedOptions().timeZone,"
        " d.getTimezoneOffset(), String(d).slice(25)].join(' ')"
        ".replace(/^ /, 'undefined ')",
    )
    set_zone(session, zone)

    assert fetch(session, "select names()") == expected


def test_daylight_saving_time_has_its_name(session: Connection) -> None:
    define(
        session,
        "summer() returns text",
        "const d = new Date(2024, 6, 15, 12); return String(d).slice(25) + '; ' +"
        "d.toLocaleTimeString('en', { timeZoneName: 'short' })",
    )
    found = {}
    for zone in ("America/Los_Angeles", "Europe/Dublin", "Asia/Tokyo"):
        set_zone(session, zone)
        found[zone] = fetch(session, "select summer()").replace("\u202f", " ")

    assert found == {
        "America/Los_Angeles": "GMT-0700 (Pacific Daylight Time); 12:00:00 PM PDT",
        "Europe/Dublin": "GMT+0100 (Irish Standard Time); 12:00:00 PM GMT+1",
        "Asia/Tokyo": "GMT+0900 (Japan Standard Time); 12:00:00 PM GMT+9",
    }


def test_offset_of_a_number_of_hours(session: Connection) -> None:
    define(
        session,
        "off() returns text",
        "return new Date(0).getTimezoneOffset() + ' ' + new Date(0).toLocaleString()",
    )
    session.execute("set time zone -3.5")

    assert fetch(session, "select off()").replace("\u202f", " ") == (
        "210 12/31/1969, 8:30:00 PM"
    )


class TestFollowing:
    """JavaScript sees a change of the zone in its next step, whoever made it."""

    HOUR = "new Date(0).getHours()"

    @pytest.fixture
    def tokyo(self, session: Connection) -> Connection:
        """A session in Tokyo, where 1970 began at 9."""
        session.execute("set timezone = 'Asia/Tokyo'")
        define(
            session,
            "in_delhi() returns int set timezone = 'Asia/Kolkata'",
            f"return {self.HOUR}",
        )
        return session

    @pytest.mark.parametrize(
        ("step", "hour"),
        [
            ("ctx.db.sync.query('select in_delhi()')", 9),
            ("await ctx.db.query('select in_delhi()')", 9),
            ("ctx.settings.set('timezone', 'UTC')", 0),
            ("ctx.settings.set('timezone', '<+03>-03', { local: false })", 3),
            ("await ctx.db.exec(\"set local timezone = 'Asia/Kolkata'\")", 5),
            ("ctx.db.sync.exec('reset timezone; set time zone 2')", 2),
            (
                "try { ctx.db.sync.exec(\"set timezone = 'UTC'; select 1 / 0\") }"
                " catch {}",
                9,
            ),
            (
                "await ctx.db.savepoint(async (db) => {"
                " await db.exec(\"set local timezone = 'UTC'\");"
                f" seen.push({HOUR}); throw 1 }}).catch(() => undefined)",
                9,
            ),
            (
                "try { ctx.db.sync.savepoint((db) => {"
                " ctx.db.sync; (db as any).sync.exec(\"set local timezone = 'UTC'\");"
                f" seen.push({HOUR}); throw 1 }}) }} catch {{}}",
                9,
            ),
            (
                'for await (const row of ctx.db.cursor("select set_config('
                f"'timezone', 'UTC', true)\")) seen.push({HOUR})",
                0,
            ),
        ],
    )
    def test_at_once(self, tokyo: Connection, step: str, hour: int) -> None:
        body = (
            f"const seen: number[] = [{self.HOUR}]; {step};"
            f" return [...seen, {self.HOUR}]"
        )

        seen = evaluate(tokyo, "int[]", body)

        assert (seen[0], seen[-1]) == (9, hour)
        assert seen[1:-1] in ([], [0])

    def test_nested_calls_each_have_their_own(self, tokyo: Connection) -> None:
        define(
            tokyo,
            "outer() returns int[] set timezone = 'Europe/Berlin'",
            f"const before = {self.HOUR};"
            "const [row] = await ctx.db.query<any>('select in_delhi() as hour');"
            f"return [before, row.hour, {self.HOUR}]",
        )
        body = (
            "return [...ctx.db.sync.query<any>('select outer()')[0].outer, "
            f"{self.HOUR}]"
        )

        assert evaluate(tokyo, "int[]", body) == [1, 5, 1, 9]

    def test_a_date_that_is_there_already_changes_its_fields(
        self, tokyo: Connection
    ) -> None:
        body = (
            "const d = new Date(0); const before = d.getHours();"
            "ctx.settings.set('timezone', 'UTC');"
            "return [before, d.getHours(), new Date(1970, 0, 1).getTime()]"
        )

        assert evaluate(tokyo, "int[]", body) == [9, 0, 0]

    def test_the_next_call_after_a_rollback(self, tokyo: Connection) -> None:
        define(tokyo, "hour() returns int", f"return {self.HOUR}")
        tokyo.execute("begin; set timezone = 'UTC'")
        inside = fetch(tokyo, "select hour()")
        tokyo.execute("rollback")

        assert (inside, fetch(tokyo, "select hour()")) == (0, 9)

    def test_what_is_returned_after_it(self, tokyo: Connection) -> None:
        body = "ctx.settings.set('timezone', 'UTC'); return new Date(0)"

        assert str(evaluate(tokyo, "timestamp", body)) == "1970-01-01 00:00:00"

    def test_a_set_that_is_returned_row_by_row(self, tokyo: Connection) -> None:
        define(
            tokyo,
            "hours() returns setof int",
            f"yield {self.HOUR}; ctx.settings.set('timezone', 'UTC');yield {self.HOUR}",
        )

        assert tokyo.execute("select * from hours()").fetchall() == [(9,), (0,)]


class TestText:
    """A Date reads the text that we make, and we read the text that a Date makes."""

    @pytest.mark.parametrize(
        ("sql_type", "zone", "literal", "text"),
        [
            ("timestamptz", "UTC", "0044-03-15 BC", "-000043-03-15T00:00:00+00:00"),
            ("timestamp", "UTC", "0001-03-15 BC", "0000-03-15T00:00:00"),
            ("date", "UTC", "0002-12-31 BC", "-000001-12-31"),
            ("date", "UTC", "0001-01-01", "0001-01-01"),
            ("timestamptz", "UTC", "12345-06-07", "+012345-06-07T00:00:00+00:00"),
            ("date", "UTC", "5874897-12-31", "+5874897-12-31"),
            (
                "timestamptz",
                "America/New_York",
                "1883-11-18 12:00:00.5-04:56:02",
                "1883-11-18T16:56:02.5+00:00",
            ),
            (
                "timestamptz",
                "Africa/Monrovia",
                "1971-12-31 23:15:30-00:44:30",
                "1972-01-01T00:00:00+00:00",
            ),
            ("timestamptz", "<X>-100", "2024-01-01Z", "2024-01-01T00:00:00+00:00"),
            ("timestamp", "UTC", "-infinity", "-infinity"),
            ("timestamptz", "UTC", "infinity", "infinity"),
            ("date", "UTC", "-infinity", "-infinity"),
        ],
    )
    def test_years_and_offsets_are_of_iso_8601(
        self, session: Connection, sql_type: str, zone: str, literal: str, text: str
    ) -> None:
        set_zone(session, zone)
        define(session, f"seen(v {sql_type}) returns text strict", "return v")
        define(session, f"same(v {sql_type}) returns {sql_type} strict", "return v")

        told = fetch(session, f"select seen(%s::text::{sql_type})", [literal])
        survives = f"select same(v) = v from (select %s::text::{sql_type}) t(v)"

        assert told == text
        assert fetch(session, survives, [literal]) is True

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("-000043-03-15T12:00:00.000Z", "0044-03-15 12:00:00+00 BC"),
            ("0000-02-29T00:00:00.000Z", "0001-02-29 00:00:00+00 BC"),
            ("+012345-06-07T00:00:00.000Z", "12345-06-07 00:00:00+00"),
            ("-infinity", "-infinity"),
            ("0044-03-15 12:00:00+00 BC", "0044-03-15 12:00:00+00 BC"),
        ],
    )
    def test_what_a_date_prints_is_read(
        self, session: Connection, text: str, expected: str
    ) -> None:
        session.execute("set timezone = 'UTC'")
        body = (
            "return (await ctx.db.query<any>('select $1::timestamptz::text as t',"
            f" ['{text}']))[0].t"
        )

        assert evaluate(session, "text", body) == expected

    @pytest.mark.parametrize(
        "text", ["+12-01-01", "-0043-01-01", "-000043", "+-012345-01-01", "0000-13-01"]
    )
    def test_other_text_stays_an_error(self, session: Connection, text: str) -> None:
        with pytest.raises(Exception, match=r"date/time|time zone"):
            evaluate(session, "timestamptz", f"return '{text}'")

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        milliseconds=st.lists(
            st.integers(-210_866_803_200_000 + 10**9, 8_640_000_000_000_000 - 10**9),
            min_size=1,
            max_size=50,
        ),
        zone=st.sampled_from([each for each in ZONES if each not in SYSTEM_ZONES]),
    )
    def test_every_instant_survives_as_text_and_as_date(
        self, round_trips: Connection, milliseconds: list[int], zone: str
    ) -> None:
        set_zone(round_trips, zone)
        instants = [float(at) for at in milliseconds]

        differing = fetch(
            round_trips,
            "select array_agg(ms) from unnest(%s::float8[]) ms, "
            "lateral (select 'epoch'::timestamptz + (ms::bigint || ' ms')::interval) "
            "i(at) where parsed(at) <> ms "
            "or at_date(at) <> at or stamp_date(at::timestamp) <> at::timestamp "
            "or iso(at) <> at",
            [instants],
        )

        assert differing is None

    @pytest.fixture
    def round_trips(self, session: Connection) -> Connection:
        """A session with functions that read our texts with Date, and give back."""
        for head, body in {
            "parsed(t timestamptz) returns float8": "return Date.parse(t)",
            "at_date(t timestamptz) returns timestamptz": "return new Date(t)",
            "iso(t timestamptz) returns timestamptz": "return new Date(t).toJSON()",
            "stamp_date(t timestamp) returns timestamp": "return new Date(t)",
        }.items():
            define(session, f"{head} strict", body)
        return session
