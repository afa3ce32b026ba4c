"""The rule of the official tool, told in cases and as properties against slow but obvious readings of it."""

import ast
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from odoo.addons.linserv_maintenance.agent import line_counter
from odoo.addons.linserv_maintenance.agent.line_counter import PROFILES, count_text

OLD, NEW = PROFILES["14.0"], PROFILES["17.0"]

PYTHON_CASES = [
    ("", 0, 1),
    ("# only a remark", 0, 1),
    ("import os", 1, 1),
    ("import os\n\n\nimport sys\n\n", 2, 4),
    ('"""One\ndocstring\nof three lines"""', 1, 3),
    ("x = [\n    1,\n    2,\n]", 3, 4),
    ("call(\n    first,\n    # why\n    second=2,\n)", 3, 5),
    ("@decorator\ndef name(): pass", 2, 2),
    ("@decorator(\n    1,\n)\nclass Name: pass", 3, 4),
    ("if x:\n    pass\nelse:\n    pass", 3, 4),
    ("x = 1; y = 2", 1, 1),
    ("text = 'a' \\\n    'b'", 1, 2),
]


@pytest.mark.parametrize(("text", "code", "total"), PYTHON_CASES)
def test_python_counts_the_lines_on_which_a_node_begins(text, code, total):
    assert count_text(text, ".py", OLD) == (code, total, "ok")


@pytest.mark.parametrize("text", ["for x in:", "x = 1\n  y = 2", "a\0b", "\ud800", "print 'old'", "x = '\u00bf\u00ef"])
def test_python_that_does_not_parse_counts_nothing(text):
    assert count_text(text, ".py", OLD) == (0, 0, "syntax")


def test_utf8_read_as_latin1_is_no_identifier_but_may_be_in_a_string():
    assert count_text("namn = 'å'".encode().decode("latin-1"), ".py", OLD) == (1, 1, "ok")
    assert count_text("år = 1".encode().decode("latin-1"), ".py", OLD)[2] == "syntax"


XML_CASES = [
    ("<a>\n\n  <b/>\n</a>", 3, 4),
    ("<!-- all\nof it -->", 0, 2),
    ("<a/> <!-- x\ny --> <b/>", 1, 2),
    ("<a>\n<!-- never closed\n</a>", 3, 3),
    ("<!--> not yet closed --><a/>", 1, 1),
    ("<a>\n\x0b\x85\xa0\n</a>", 2, 3),
]


@pytest.mark.parametrize(("text", "code", "total"), XML_CASES)
def test_xml_counts_the_lines_with_something_outside_comments(text, code, total):
    assert count_text(text, ".xml", OLD) == (code, total, "ok")


SCRIPT_CASES = [
    (".js", "a();\n// b\n\nc();", 2),
    (".js", "a(); /* b\nc */ d();", 1),
    (".js", "x = 'http://y'; // z\n", 1),
    (".js", 'x = "a\\"b // c";\n/* d */', 1),
    (".js", "it's // never closed\n// gone", 1),
    (".js", "/* never closed\n// gone\nx", 2),
    (".js", "x = /\\/*/;\ny", 2),
    (".css", "a {}\n// kept here\n/* gone */", 2),
    (".scss", "a {}\n// gone here\n\\/* gone */", 2),
]


@pytest.mark.parametrize(("extension", "text", "code"), SCRIPT_CASES)
def test_scripts_and_styles_leave_comments_out(extension, text, code):
    assert count_text(text, extension, NEW)[0] == code


def test_only_newer_series_refuse_a_very_long_line():
    text = "x" * 100001
    assert count_text(text, ".js", OLD) == (1, 1, "ok")
    assert count_text(text, ".js", NEW) == (0, 0, "line_too_long")
    assert count_text(text, ".xml", NEW) == (1, 1, "ok")


def test_series_differ_in_extensions_and_exclusions():
    assert ".scss" not in OLD.extensions and ".scss" in NEW.extensions
    assert "upgrades/**/*" not in OLD.exclude and "upgrades/**/*" in NEW.exclude


# ---------------------------------------------------------------- properties


def lines_of_all_nodes(text):
    """The rule for Python, read literally."""
    return len({node.lineno for node in ast.walk(ast.parse(text.strip() + "\n")) if hasattr(node, "lineno")})


PIECES = [
    "x = 1\n",
    "@deco\n",
    "@deco(\n  1)\n",
    "def f(a,\n      b=2): return a\n",
    "class A: pass\n",
    "class B(\n  A): x = 1\n",
    "f'{a}{b!r:>{w}}'\n",
    "f'''{\na\n}\n{b}'''\n",
    "x = f'a' \\\n  f'{b}'\n",
    "x = ('a'\n  f'{y}'\n  'b')\n",
    "y = [i\n  for i in x\n  if i]\n",
    "with a as b, \\\n  c as d: pass\n",
    "try:\n  pass\nexcept (A,\n  B) as e:\n  pass\n",
    "lambda x,\\\n y: x\n",
    "d = {**a,\n 'k':\n 1}\n",
    "async def g():\n  await (\n  h())\n",
    "x: int = \\\n  3\n",
    "import a, \\\n  b\n",
    "from a import (\n  b,\n  c)\n",
    "'''doc\nstring'''\n",
    "print(*a,\n**b)\n",
]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_pruned_search_finds_what_a_full_walk_finds(text):
    try:
        expected = (lines_of_all_nodes(text), "ok")
    except SyntaxError:
        expected = (0, "syntax")
    code, _total, state = count_text(text, ".py", OLD)
    assert (code, state) == expected


def script_code(text, line_comments, escapable):
    """The rule for scripts, one character after the other."""
    text, kept, i = text.strip() + "\n", [], 0
    while i < len(text):
        if line_comments and text.startswith("//", i):
            i = text.index("\n", i)
            continue
        end = (
            text.find("*/", i + 2) if text.startswith("/*", i) and not (escapable and i and text[i - 1] == "\\") else -1
        )
        if end >= 0:
            i = end + 2
            continue
        string = re.compile(r"'(?:\\.|[^\\'])*'|" r'"(?:\\.|[^\\"])*"', re.DOTALL).match(text, i)
        kept.append(string.group() if string else text[i])
        i += len(kept[-1])
    return sum(1 for line in "".join(kept).split("\n") if line.strip())


@settings(deadline=None, max_examples=1500)
@given(st.text("ax/*'\"\\\n ", max_size=40), st.sampled_from([".js", ".css", ".scss"]))
@example("\\'/*'\\'*/", ".js")
def test_scripts_are_read_alike_in_one_go_step_by_step_and_literally(text, extension):
    expected = script_code(text, extension != ".css", extension == ".js")
    whole = text.strip() + "\n"
    stepwise = line_counter._filled_lines(line_counter._without_comments_stepwise(whole, extension))
    assert count_text(text, extension, NEW)[0] == stepwise == expected


@settings(deadline=None, max_examples=500)
@given(st.text("a<!-> \n", max_size=40))
def test_xml_is_read_as_the_expression_says(text):
    rest = re.sub("<!--.*?-->", "", text.strip() + "\n", flags=re.DOTALL)
    assert count_text(text, ".xml", OLD)[0] == sum(1 for line in rest.split("\n") if line.strip())


@pytest.mark.parametrize(
    ("extension", "unit"),
    [
        (".js", "'\\'"),
        (".js", "/*"),
        (".js", "\\"),
        (".js", "/***"),
        (".css", '"\\'),
        (".xml", "<!--"),
        (".xml", " "),
        (".js", "' "),
    ],
)
def test_time_grows_no_faster_than_the_text(extension, unit):
    """A million characters of what is slow elsewhere; were it not linear, this test would last for hours."""
    text = "x" + unit * (10**6 // len(unit)) + "x"
    assert count_text(text, extension, OLD) == (1, 1, "ok")
