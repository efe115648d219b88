"""URL and URLSearchParams keep to the standard, as Node mostly does too."""

# ruff: noqa: RUF001 — characters that look alike are what is tested.

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.plts.differential import differences, in_node, in_plts, program
from tests.plts.support import Connection, evaluate

# Hosts as written, and as they are looked up and compared; None where there is no such.
HOSTS: dict[str, str | None] = {
    "ſhop.de": "shop.de",
    "ﬂat.org": "flat.org",
    "Ｅxample．ｃom": "example.com",
    "ex\u00adample.com": "example.com",
    "straße.de": "xn--strae-oqa.de",
    "Bücher.example": "xn--bcher-kva.example",
    "bu\u0308cher.example": "xn--bcher-kva.example",
    "一。二": "xn--4gq.xn--4kq",
    "①②.net": "12.net",
    "℡.com": "tel.com",
    "１２７.０.０.１": "127.0.0.1",
    "ex%41mple.com": "example.com",
    "%e2%84%ab.com": "xn--5ca.com",
    "مثال.إختبار": "xn--mgbh0fb.xn--kgbechtv",
    "a\u05d0.com": None,
    "\u0300a.com": None,
    "a\u200db.com": None,
    "≠.com": "xn--1ch.com",
    "a⒈com": None,
    "℀.com": None,
    "..": "..",
    "xn--bcher-kva.example": "xn--bcher-kva.example",
    # The standard takes what is ASCII as it is, for the web's sake.
    "XN--A": "xn--a",
    "a.xn--é": None,
    "\u00ad": None,
    "a b": None,
    "a%00b": None,
}

FILES = {
    "file://Server/share/../x": "file://server/x",
    "file:////host/x": "file:////host/x",
    "file:///C|/x/../../y": "file:///C:/y",
    "file:c:\\dir\\a.txt": "file:///c:/dir/a.txt",
    "file://localhost/etc": "file:///etc",
    "file:\\\\nas\\data": "file://nas/data",
    "file:/a//b": "file:///a//b",
    "file:?q": "file:///?q",
}


# What Node 20 has otherwise than the standard: the cases, and why ours is right. Left
# out of what is generated are: `^` in paths, which the standard escapes by now; hosts
# written from right to left, whose rules Node does not check; ports set to what is no
# number, which Node removes; relative URLs on a base with an opaque path, which must
# fail; and `URL.canParse` of text beyond ASCII, which Node 20 denies.
DEVIATIONS: dict[str, Callable[[list[str]], bool]] = {
    "a host that is set with a port that is none leaves the port": (
        lambda case: case[0] == "set" and case[2] == "host" and ":" in case[3]
    ),
    "the parent of a root is the root, whatever the scheme": (
        lambda case: "x://h/p" in case and ".." in str(case).lower().replace("%2e", ".")
    ),
}


def test_hosts_are_mapped_as_uts_46_says(session: Connection) -> None:
    cases = [[f"https://{host}/p", None] for host in HOSTS]

    found = in_plts(session, program("url_parts"), cases)

    hosts = [None if isinstance(each, str) else each["hostname"] for each in found]
    assert dict(zip(HOSTS, hosts, strict=True)) == HOSTS


def test_files_keep_hosts_and_slashes(session: Connection) -> None:
    cases = [[text, None] for text in FILES]

    found = in_plts(session, program("url_parts"), cases)

    assert dict(zip(FILES, (each["href"] for each in found), strict=True)) == FILES


@pytest.mark.parametrize("seed", [34, 46, 2024])
def test_generated_cases_are_as_in_node(session: Connection, seed: int) -> None:
    module = program("random", "url_generated")

    ours, theirs = in_plts(session, module, seed), in_node(module, seed)

    assert len(ours) == 9_500
    cases = [json.loads(ours) for ours, _ in differences(ours, theirs)]
    assert [
        case for case in cases if not any(why(case) for why in DEVIATIONS.values())
    ] == []
    assert len(cases) < 40


def test_arguments_are_taken_as_in_node(session: Connection) -> None:
    module = program("url_api")

    ours, theirs = in_plts(session, module), in_node(module)

    assert differences(ours, theirs) == []


def test_can_parse_says_whether_parsing_would_succeed(session: Connection) -> None:
    found = evaluate(
        session,
        "jsonb",
        """
        const texts = ["http://é.de", "é", "", "/a", "http://[", "mailto:x", "x://a b"];
        const bases = [undefined, "http://ü/x", "mailto:x", "nope"];
        const different: unknown[] = [];
        for (const text of texts) {
          for (const base of bases) {
            let parsed = true;
            try { new URL(text, base) } catch { parsed = false }
            const can = [URL.canParse(text, base), URL.parse(text, base) !== null];
            if (can.some((each) => each !== parsed)) different.push([text, base]);
          }
        }
        return different
        """,
    )

    assert found == []
