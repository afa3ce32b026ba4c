"""pygount really counts, in a process of its own, and what breaks it breaks nothing else."""

from __future__ import annotations

import pytest

pytest.importorskip("pygount")

from odoo.addons.linserv_maintenance.adapters import pygount_counter  # noqa: E402


def test_lines_are_told_apart_by_language_and_kind():
    python = b'"""Doc."""\n\nimport os\n\nNAME = "x"\n# why\n'
    xml = "<odoo>\n    <!-- a -->\n    <t>å</t>\n</odoo>\n".encode()
    one, two = pygount_counter.count_sources([("a.py", python), ("b.xml", xml)])
    assert (one.language, one.code + one.string, one.empty) == ("Python", 2, 2)
    assert (two.language, two.code) == ("XML", 3)


def test_a_process_that_runs_into_its_limit_gives_up_on_what_is_left(monkeypatch):
    monkeypatch.setattr(pygount_counter, "CPU_SECONDS", 1)
    large = b"<a b='c'/>\n" * 1_000_000
    found = pygount_counter.count_sources([("a.py", b"x = 1\n"), ("b.xml", large), ("c.py", b"x = 1\n")])
    assert found[0].code == 1
    assert found[2] is None


def test_no_sources_start_no_process():
    assert pygount_counter.count_sources([]) == []
