"""Splitting SQL into statements."""

from __future__ import annotations

import pytest

from stopgap.statements import Statement, split_statements


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        (" ; ;\n", []),
        ("select 1", ["select 1"]),
        ("select 1; select 2;", ["select 1", "select 2"]),
        ("select ';'; x", ["select ';'", "x"]),
        ("select 'it''s;'; x", ["select 'it''s;'", "x"]),
        (r"select E'\';'; x", [r"select E'\';'", "x"]),
        ('select ";"";"; x', ['select ";"";"', "x"]),
        ("select $$;$$; x", ["select $$;$$", "x"]),
        ("select $a$;$$;$a$; x", ["select $a$;$$;$a$", "x"]),
        ("select a$b;c$b; x", ["select a$b", "c$b", "x"]),
        ("select 1 -- ;\n; x", ["select 1 -- ;", "x"]),
        ("select /* ; /* ; */ ; */ 1; x", ["select /* ; /* ; */ ; */ 1", "x"]),
        ("-- only\n/* comments */", []),
        ("select 'open; x", ["select 'open; x"]),
        ("select $$open; x", ["select $$open; x"]),
    ],
)
def test_semicolons_that_are_quoted_end_nothing(
    text: str, statements: list[str]
) -> None:
    assert [each.text for each in split_statements(text)] == statements


def test_a_statement_begins_in_the_line_of_its_first_word() -> None:
    text = "-- one\nselect 1;\n\n/* a\nb */ select\n2;"

    assert split_statements(text) == [
        Statement("select 1", 2),
        Statement("select\n2", 5),
    ]
