"""Pointers, the bodies of live functions."""

from __future__ import annotations

import json

from stopgap.engine.pointer import (
    canonical_pointer,
    render_pointer,
    stored_pointer,
)


def test_a_pointer_is_the_json_of_the_design() -> None:
    assert render_pointer("sha256:ab") == (
        '{"plts":1,"kind":"artifact_ptr","artifact_hash":"sha256:ab",'
        '"export":"default","mode":"stopgap_deployed"}'
    )


def test_a_pointer_comes_back_from_jsonb_byte_for_byte() -> None:
    pointer = render_pointer("sha256:ab")
    as_jsonb_orders_it = json.dumps(json.loads(pointer), sort_keys=True, indent=1)

    assert canonical_pointer(as_jsonb_orders_it) == pointer


def test_the_usual_pointer_comes_back_from_jsonb_byte_for_byte() -> None:
    pointer = render_pointer("sha256:" + "ab" * 32)
    as_jsonb_writes_it = json.dumps(
        dict(sorted(json.loads(pointer).items(), key=lambda each: (len(each[0]), each)))
    )

    assert stored_pointer(as_jsonb_writes_it, "sha256:" + "ab" * 32) == pointer


def test_a_pointer_that_leads_elsewhere_is_kept() -> None:
    pointer = render_pointer("sha256:cd")

    assert stored_pointer(pointer, "sha256:ab") == pointer


def test_keys_of_later_versions_are_kept_in_a_fixed_order() -> None:
    pointer = '{"z":1,"import_map":{"b":"é","a":1},"plts":1,"y":2}'

    assert canonical_pointer(pointer) == (
        '{"plts":1,"import_map":{"b":"é","a":1},"y":2,"z":1}'
    )
