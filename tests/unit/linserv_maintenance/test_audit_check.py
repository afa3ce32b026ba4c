"""An audit looks at files that the host could not foresee, and believes nothing it did not ask for."""

from __future__ import annotations

import base64
import hashlib
import zlib

import pytest

from odoo.addons.linserv_maintenance.domain.audit_check import check_audit, choose, compare
from odoo.addons.linserv_maintenance.domain.tree_check import Limits, check_tree
from odoo.addons.linserv_maintenance.domain.value_check import TreeRefusedError
from odoo.addons.linserv_maintenance.tests.tree_builders import module, tree

CONTENT = b"import this\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
ROWS = [[f"{number}.py", DIGEST, 1, 1, "ok"] for number in range(10, 30)]
COUNTED = check_tree(tree([module("a", [*ROWS, ["broken.py", DIGEST, 0, 0, "syntax"]])]), Limits())


def handed_out(path="10.py", content=CONTENT, **changed):
    packed = base64.b64encode(zlib.compress(content)).decode("ascii")
    return {"module": "a", "path": path, "state": "ok", "content": packed, **changed}


def test_all_files_are_looked_at_when_there_are_few_and_broken_ones_never():
    assert len(choose(COUNTED, "seed", 500)) == 20
    assert ["a", "broken.py"] not in choose(COUNTED, "seed", 500)


def test_the_choice_depends_on_the_seed_and_on_nothing_else():
    assert choose(COUNTED, "one", 5) == choose(COUNTED, "one", 5)
    assert choose(COUNTED, "one", 5) != choose(COUNTED, "two", 5)
    assert len(choose(COUNTED, "one", 5)) == 5


def test_a_file_is_compared_with_the_hash_it_was_counted_under():
    asked = [["a", "10.py"], ["a", "11.py"], ["a", "12.py"]]
    answer = {
        "files": [handed_out(), handed_out("11.py", b"other\n"), {"module": "a", "path": "12.py", "state": "cut"}]
    }
    found = check_audit(answer, asked, COUNTED)
    assert [source.same for source in found.sources] == [True, False]
    assert found.missing == (("a", "12.py"),)
    assert found.official is None


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([handed_out("29.py")], "duplicate"),
        ([handed_out(), handed_out()], "duplicate"),
        ([{**handed_out(), "content": "###"}], "unreadable"),
        ([handed_out(module=7)], "bad_value"),
        (["10.py"], "bad_value"),
        ("10.py", "bad_value"),
    ],
)
def test_hostile_answers_are_refused(files, code):
    with pytest.raises(TreeRefusedError) as caught:
        check_audit({"files": files}, [["a", "10.py"]], COUNTED)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "official",
    [{"modules": []}, {"modules": {"a": [1]}}, {"modules": {"a": [1, -1]}}, {"modules": {}, "code": "1"}, 7],
)
def test_a_hostile_official_table_is_refused(official):
    with pytest.raises(TreeRefusedError):
        check_audit({"files": [], "official": official}, [], COUNTED)


def test_an_official_tool_that_stopped_is_told_apart():
    official = {"modules": {}, "code": None, "total": None, "tail": "Traceback <b>"}
    found = check_audit({"files": [], "official": official}, [], COUNTED)
    assert found.official.code is None
    assert "<" not in found.official.tail


def test_modules_that_differ_come_first():
    assert compare({"a": 5, "b": 7}, {"b": 9, "c": 0}) == [("a", 5, 0), ("b", 7, 9), ("c", 0, 0)]
