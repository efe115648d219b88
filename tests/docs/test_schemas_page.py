"""What the page says that `v` lacks of zod/mini is what it lacks."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

from tests.docs.session import ROOT

_PAGE = ROOT / "docs" / "language" / "runtime.md"
_COMPARE = """
import * as zod from "zod/mini";
import { v } from "@stopgap/runtime";

const functions = (each) =>
  Object.keys(each).filter((key) => typeof each[key] === "function");
const lower = functions(zod).filter((key) => /^_?[a-z]/.test(key));
const names = [...new Set(lower.map((key) => key.replace(/^_/, "")))];
const lacks = (has, part) => part.filter((key) => !Object.hasOwn(has, key)).sort();
console.log(JSON.stringify({
  lacks: lacks(v, names),
  more: lacks(zod, functions(v).filter((key) => key !== "default")),
  iso: lacks(v.iso, functions(zod.iso).filter((key) => /^[a-z]/.test(key))),
  coerce: lacks(v.coerce, functions(zod.coerce).filter((key) => /^[a-z]/.test(key))),
}));
"""


def test_what_v_lacks_of_zod_is_listed() -> None:
    node = shutil.which("node")
    assert node is not None
    told = subprocess.run(
        [node, "--input-type=module", "--eval", _COMPARE],
        cwd=ROOT / "runtime",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    listed = re.search(
        r"`v` lacks these functions of `zod/mini`: (.*?)\.\n", _PAGE.read_text(), re.S
    )

    assert listed is not None
    assert json.loads(told) == {
        "lacks": re.findall(r"`(\w+)`", listed[1]),
        "more": [],
        "iso": [],
        "coerce": [],
    }
