"""What a host answers is hostile until each value has been checked."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_maintenance.domain.tree_check import Limits, check_count
from odoo.addons.linserv_maintenance.domain.value_check import TreeRefusedError, printable
from odoo.addons.linserv_maintenance.tests.tree_builders import (
    ROOT,
    RULE,
    answer,
    file_row,
    module,
    pack,
    pack_bytes,
    tree,
)

SMALL = Limits(tree_bytes=4_000, files=3, modules=3, file_lines=1_000, instance_lines=2_000)


def checked(told: Any, known_root: str | None = None, root: str = ROOT, limits: Limits | None = None) -> Any:
    return check_count(told, known_root, lambda _tree: root, limits)


def refused(told: Any, **options: Any) -> str:
    with pytest.raises(TreeRefusedError) as caught:
        checked(told, **options)
    return caught.value.code


def test_an_honest_answer_is_taken_as_it_is():
    count = checked(answer(tree([module("a", [file_row(code=3, total=4)]), module("b")])))
    assert [item.name for item in count.tree.modules] == ["a", "b"]
    assert (count.tree.code, count.tree.total) == (13, 16)
    assert count.rule.python == "3.9"


def test_unchanged_is_believed_only_for_the_root_that_was_sent():
    told = {"root": ROOT, "unchanged": True, "rule": RULE}
    assert checked(told, known_root=ROOT).tree is None
    assert refused(told, known_root=None) == "unchanged_unknown"
    assert refused(told, known_root="c" * 64) == "unchanged_unknown"


def test_a_claimed_root_that_is_not_the_tree_s_is_refused():
    assert refused(answer(), root="d" * 64) == "root_mismatch"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (None, "bad_value"),
        ([], "bad_value"),
        ({}, "bad_value"),
        (answer(root="A" * 64), "bad_value"),
        (answer(root=ROOT + "\n"), "bad_value"),
        (answer(unchanged="no"), "bad_value"),
        (answer(unchanged=0), "bad_value"),
        (answer(rule={**RULE, "profile": "14.0; rm -rf /"}), "bad_value"),
        (answer(rule={**RULE, "python": "<b>3.9</b>"}), "bad_value"),
        (answer(rule={**RULE, "cloc_sha256": "x"}), "bad_value"),
        (answer(tree=None), "bad_value"),
        (answer(tree="not base64"), "unreadable"),
        (answer(tree=base64.b64encode(b"not zlib").decode()), "unreadable"),
        (answer(tree=pack_bytes(b"not json")), "unreadable"),
        (answer(tree=pack_bytes(b'{"modules":[],"modules":[]}')), "unreadable"),
        (answer(tree=pack_bytes(b'{"modules":NaN}')), "unreadable"),
        (answer(tree=pack_bytes(b"[" * 100_000)), "unreadable"),
        (answer(tree=pack_bytes(b'{"a":' + b"1" * 100_000 + b"}")), "unreadable"),
        (answer(code=11), "does_not_add_up"),
        (answer(total=11), "does_not_add_up"),
        (answer(code=True), "does_not_add_up"),
        (answer(code="10"), "does_not_add_up"),
    ],
)
def test_answers_that_are_not_an_answer(told, code):
    assert refused(told) == code


@pytest.mark.parametrize(
    ("modules", "code"),
    [
        ([module(), module()], "duplicate"),
        ([module("b"), module("a")], "bad_value"),
        ([module("<script>alert(1)</script>")], "bad_value"),
        ([module("a\nb")], "bad_value"),
        ([module("")], "bad_value"),
        ([module("../../etc")], "bad_value"),
        ([module("a" * 129)], "bad_value"),
        ([module(path="/opt/<b>")], "bad_name"),
        ([module(code=11)], "does_not_add_up"),
        ([module(total=11)], "does_not_add_up"),
        ([module(files=None, code=None)], "does_not_add_up"),
        ([module(files=[file_row("a.py"), file_row("a.py")])], "duplicate"),
        ([module(files=[file_row("b.py"), file_row("a.py")])], "bad_value"),
        ([module(files=[file_row("x<img src=x>.py")])], "bad_name"),
        ([module(files=[file_row("a\nb.py")])], "bad_name"),
        ([module(files=[file_row("\u202egpj.py")])], "bad_name"),
        ([module(files=[file_row("/etc/passwd")])], "bad_name"),
        ([module(files=[file_row("a/../../b.py")])], "bad_name"),
        ([module(files=[file_row(code=-1)])], "negative"),
        ([module(files=[file_row(total=-1)])], "negative"),
        ([module(files=[file_row(code=2**31)])], "too_large"),
        ([module(files=[file_row(state="<b>")])], "bad_value"),
        ([module(files=[file_row(state="syntax")])], "does_not_add_up"),
        ([module(files=[["a.py", "no hash", 1, 1, "ok"]])], "bad_value"),
        ([module(files=[["a.py", "", 1, 1, "ok"]])], "bad_value"),
        ([module(excluded=["tests/<a>.py"])], "bad_name"),
        ([module(excluded=[["demo", "demo/a.xml"]])], "bad_value"),
        ([{"name": "a"}], "bad_value"),
        (["a"], "bad_value"),
    ],
)
def test_trees_that_cannot_be_believed(modules, code):
    told = {"root": ROOT, "unchanged": False, "rule": RULE, "code": 10, "total": 12}
    assert refused({**told, "tree": pack(tree(modules))}) == code


@pytest.mark.parametrize("lines", [True, 1.0, "1", None, [1]])
def test_lines_are_whole_numbers_and_nothing_else(lines):
    row = ["a.py", ROOT, lines, 1, "ok"]
    told = tree([{"name": "a", "path": "a", "files": [row], "code": 1, "total": 1, "excluded": []}])
    wrapped = {"root": ROOT, "unchanged": False, "rule": RULE, "code": 1, "total": 1, "tree": pack(told)}
    assert refused(wrapped) in {"bad_value", "unreadable"}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["ir.actions.server", "7", ROOT, 5, 6, "ok"], None),
        (["ir.actions.server; DROP TABLE x", "7", ROOT, 5, 6, "ok"], "bad_value"),
        (["ir.actions.server", "7: Order -> <invoice>\n", ROOT, 5, 6, "ok"], None),
        (["ir.actions.server", 7, ROOT, 5, 6, "ok"], "bad_value"),
        (["ir.actions.server", "7", ROOT, -5, 6, "ok"], "negative"),
        (["ir.actions.server", "7", ROOT, 5, 6, "syntax"], "does_not_add_up"),
        (["ir.actions.server", "7", ROOT, 5, 6], "bad_value"),
    ],
)
def test_customisations_are_checked_like_files(row, code):
    told = answer(tree([], customisations=[row]), code=5, total=6)
    if code is None:
        assert checked(told).tree.code == 5
    else:
        assert refused(told) == code


def test_a_customisation_told_twice_is_refused():
    row = ["ir.actions.server", "7", ROOT, 5, 6, "ok"]
    assert refused(answer(tree([], customisations=[row, row]), code=10, total=12)) == "duplicate"


@pytest.mark.parametrize(
    "told",
    [
        tree([module(name, []) for name in "abcd"]),
        tree([module("a", [file_row(f"{n}.py", 1, 1) for n in range(4)])]),
        tree([module("a", [file_row("a.py", 1_001, 1_001)])]),
        tree([module("a", [file_row(f"{n}.py", 900, 900) for n in range(3)])]),
    ],
    ids=["modules", "files", "lines of a file", "lines of the instance"],
)
def test_absurd_sizes_are_refused(told):
    assert refused(answer(told), limits=SMALL) == "too_large"


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused():
    bomb = base64.b64encode(zlib.compress(b" " * 50_000_000, 9)).decode("ascii")
    assert refused(answer(tree=bomb), limits=SMALL) == "too_large"


def test_a_tree_that_was_cut_off_is_refused():
    packed = zlib.compress(json.dumps(tree()).encode())[:-6]
    assert refused(answer(tree=base64.b64encode(packed).decode("ascii"))) == "unreadable"


def test_names_in_other_encodings_are_names():
    told = tree([module("a", [file_row("mod\udce5l.py")])])
    assert checked(answer(told)).tree.modules[0].files[0].path == "mod\udce5l.py"


def test_notes_may_carry_what_they_complain_about():
    note = {"kind": "syntax", "module": "a", "path": "x\n<b>.py", "lines": None, "message": "line 3: \x00"}
    count = checked(answer(tree(notes=[note])))
    assert printable(count.tree.notes[0].path) == "x\\u000a\\u003cb\\u003e.py"


@pytest.mark.parametrize("note", [{"kind": "<b>"}, {"kind": "a", "lines": -1}, {"kind": "a", "message": 5}, 7])
def test_notes_are_checked_too(note):
    assert refused(answer(tree(notes=[note]))) in {"bad_value", "negative"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_whatever_a_host_says_there_is_an_answer_or_a_refusal(value):
    assert refused({"root": ROOT, "unchanged": False, "rule": RULE, "tree": value}) in {
        "bad_value",
        "unreadable",
        "too_large",
    }


@given(json_values, st.sampled_from(["modules", "customisations", "notes"]))
def test_whatever_stands_in_a_tree_there_is_an_answer_or_a_refusal(value, key):
    told = answer(tree())
    told["tree"] = pack({**tree(), key: value})
    try:
        assert checked(told).tree.code == told["code"]
    except TreeRefusedError as error:
        assert error.code


@given(st.text())
def test_printable_text_can_be_stored_and_shown(text):
    shown = printable(text)
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert not set(shown) & set("<>\x00\n")
