"""What a manifest leaves out, against the globs of Python's own pathlib on real folders."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.linserv_maintenance.agent.line_counter import (
    PROFILES,
    BadGlobError,
    Exclusion,
    Glob,
    manifest_patterns,
    walk,
)

OLD, NEW = PROFILES["14.0"], PROFILES["18.0"]
FILES = [
    "a.py",
    "b.xml",
    "demo/a.py",
    "demo/deep/b.xml",
    "demo/deep/a.py",
    "tests/a.py",
    "tests/x/b.py",
    ".hidden/a.py",
    "[a].py",
]


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    folder = tmp_path_factory.mktemp("module")
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x = 1\n")
    return folder


PARTS = st.sampled_from(
    ["**", "*", "*.py", "a.py", "demo", "d?mo", "deep", "[ab].*", "[[]a].py", ".hidden", "tests", "..", "."]
)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(PARTS, min_size=1, max_size=4))
def test_a_glob_means_what_pathlib_says(module, parts):
    pattern = "/".join(parts)
    try:
        glob = Glob(pattern, OLD)
    except BadGlobError:
        with pytest.raises((ValueError, IndexError, NotImplementedError)):
            list(Path(module).glob(pattern))
        return
    found = {str(path) for path in Path(module).glob(pattern)}
    assert {name for name in FILES if glob.matches(name.split("/"))} == {
        name for name in FILES if str(module / name) in found
    }


@pytest.mark.parametrize("pattern", ["", "/etc/*", 7, None, ["a"], "a*a*a*a*a*a*a*a*a*"])
def test_a_pattern_that_stops_the_official_tool_is_told(pattern):
    with pytest.raises(BadGlobError):
        Glob(pattern, OLD)


def test_newer_series_skip_empty_patterns_and_stop_at_two_dots():
    assert Exclusion([["demo", ""]], OLD).bad == [""]
    assert Exclusion([["demo", ""]], NEW).bad == []
    assert Exclusion([["demo", "../x"]], NEW).bad == ["../x"]


def write_manifest(folder, text, name="__manifest__.py"):
    (folder / name).write_text(text)
    patterns, notes = manifest_patterns(str(folder), OLD)
    return [pattern for key, pattern in patterns if key != "default"], [note["kind"] for note in notes], len(patterns)


def test_a_manifest_adds_three_keys(tmp_path):
    text = "{'cloc_exclude': ['a/*'], 'demo': ['demo/x.xml'], 'demo_xml': ('y.xml',), 'data': ['z.xml']}"
    assert write_manifest(tmp_path, text) == (["a/*", "demo/x.xml", "y.xml"], [], len(OLD.exclude) + 3)


def test_a_text_in_place_of_a_list_is_taken_letter_by_letter(tmp_path):
    assert write_manifest(tmp_path, "{'demo': 'ab'}")[0] == ["a", "b"]


def test_a_broken_manifest_keeps_the_default_exclusions(tmp_path):
    assert write_manifest(tmp_path, "{'demo': [") == ([], ["bad_manifest"], len(OLD.exclude))
    assert write_manifest(tmp_path, "{'cloc_exclude': ['a'], 'demo': None}")[0] == ["a"]


def test_without_a_manifest_nothing_is_left_out(tmp_path):
    assert manifest_patterns(str(tmp_path), OLD) == ([], [])


def test_walk_sorts_files_into_counted_and_excluded(module):
    patterns = [["default", pattern] for pattern in OLD.exclude] + [["cloc_exclude", "demo/**/*"]]
    seen = walk(str(module), Exclusion(patterns, OLD), OLD)
    assert sorted(seen.files) == [".hidden/a.py", "[a].py", "a.py", "b.xml"]
    assert sorted(seen.excluded) == [("demo/" + name, "cloc_exclude") for name in ("a.py", "deep/a.py", "deep/b.xml")]
