"""Every kind of alert has its runbook, and every runbook can be read in Odoo."""

import re
from pathlib import Path

import pytest

from odoo.addons.linserv_backup.domain import alerts, plain_markdown

SUITE = Path(__file__).resolve().parents[3]
FOLDER = SUITE / "addons" / "linserv_backup" / "runbooks"
PARTS = {
    "": ["What it means", "What is safe", "What to do", "How you know it is mended"],
    "sv": ["Vad det betyder", "Vad som är säkert", "Vad du ska göra", "Hur du vet att det är avhjälpt"],
}
SCREEN = dict(
    re.findall(
        r'^msgid "(.+)"\nmsgstr "(.+)"$',
        "".join(
            (SUITE / "addons" / addon / "i18n" / "sv.po").read_text() for addon in ("linserv_hosting", "linserv_backup")
        ),
        re.MULTILINE,
    )
)
BOTH = pytest.mark.parametrize("language", sorted(PARTS))
EACH = pytest.mark.parametrize("code", sorted(alerts.RULES))


def read(language, code):
    return (FOLDER / language / (code + ".md")).read_text(encoding="utf-8")


def find_all(pattern, text):
    return re.findall(pattern, text, re.MULTILINE)


@BOTH
def test_there_is_one_for_each_alert_and_no_other(language):
    assert {file.stem for file in (FOLDER / language).glob("*.md")} == set(alerts.RULES)
    assert (SUITE / "docs" / "runbooks").resolve() == FOLDER


@BOTH
@EACH
def test_it_says_what_it_means_what_is_safe_what_to_do_and_when_it_is_over(code, language):
    text = read(language, code)
    assert find_all(r"^## (.+)$", text) == PARTS[language]
    assert all(part.strip() for part in re.split(r"^## .+$", text, flags=re.MULTILINE))
    assert max(map(len, text.splitlines())) <= 120


@EACH
def test_both_languages_have_the_same_steps_and_names(code):
    english, swedish = read("", code), read("sv", code)
    assert len(find_all(r"^\d+\. ", swedish)) == len(find_all(r"^\d+\. ", english))
    assert sorted(find_all(r"`([^`]+)`", swedish)) == sorted(find_all(r"`([^`]+)`", english))


@EACH
def test_buttons_are_called_as_on_the_screen(code):
    pressed = [re.findall(r"\*\*([^*]+)\*\*", " ".join(read(language, code).split())) for language in ("", "sv")]
    assert [SCREEN.get(button) for button in pressed[0]] == pressed[1]


@EACH
def test_what_it_refers_to_exists(code):
    known = set(alerts.RULES)
    for word in find_all(r"[Ff]ollow(?:s)? (?:the runbook )?`([a-z_]+)`", read("", code)):
        assert word in known, word


def test_markdown_becomes_harmless_html():
    html = plain_markdown.to_html("# A & B\n\n1. one `x`\n2. *two*\n   lines\n\n- **dot**\n\n<script>")
    assert html == (
        "<h1>A &amp; B</h1><ol><li>one <code>x</code></li><li><em>two</em> lines</li></ol>"
        "<ul><li><b>dot</b></li></ul><p>&lt;script&gt;</p>"
    )
