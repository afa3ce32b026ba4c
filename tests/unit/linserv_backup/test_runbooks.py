"""Every kind of alert has its runbook, and every runbook can be read in Odoo."""

import re
from pathlib import Path

import pytest

from odoo.addons.linserv_backup.domain import alerts, plain_markdown

SUITE = Path(__file__).resolve().parents[3]
FOLDER = SUITE / "addons" / "linserv_backup" / "runbooks"
PARTS = ["What it means", "What is safe", "What to do", "How you know it is mended"]


def test_there_is_one_for_each_alert_and_no_other():
    assert {file.stem for file in FOLDER.glob("*.md")} == set(alerts.RULES)
    assert (SUITE / "docs" / "runbooks").resolve() == FOLDER


@pytest.mark.parametrize("code", sorted(alerts.RULES))
def test_it_says_what_it_means_what_is_safe_what_to_do_and_when_it_is_over(code):
    text = (FOLDER / (code + ".md")).read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    assert "mended" in text or "closes" in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("code", sorted(alerts.RULES))
def test_what_it_refers_to_exists(code):
    known = set(alerts.RULES)
    for word in re.findall(r"[Ff]ollow(?:s)? (?:the runbook )?`([a-z_]+)`", (FOLDER / (code + ".md")).read_text()):
        assert word in known, word


def test_markdown_becomes_harmless_html():
    html = plain_markdown.to_html("# A & B\n\n1. one `x`\n2. *two*\n   lines\n\n- **dot**\n\n<script>")
    assert html == (
        "<h1>A &amp; B</h1><ol><li>one <code>x</code></li><li><em>two</em> lines</li></ol>"
        "<ul><li><b>dot</b></li></ul><p>&lt;script&gt;</p>"
    )
