"""The rules of the house that no linter knows: who may import what, and that Swedish is complete."""

import ast
import re
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ADDONS = sorted(path.parent for path in (REPOSITORY / "addons").glob("*/__manifest__.py"))
STANDARD = set(sys.stdlib_module_names) if hasattr(sys, "stdlib_module_names") else None
NOT_STANDARD = {"odoo", "psycopg2", "paramiko", "cryptography", "requests", "pygount", "lxml", "dateutil", "werkzeug"}
# Runs under the customer's own Python, where Odoo and so psycopg2 are at home.
RUNS_IN_THE_INSTANCE = {"linserv_maintenance/agent/database_reader.py"}


def list_files(folder):
    return sorted(path for addon in ADDONS for path in (addon / folder).rglob("*.py"))


def imported_modules(path):
    """(module, level) of every import statement of a file, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level


def foreign_imports(path):
    """Absolute imports that are not of the standard library."""
    for module, level in imported_modules(path):
        top = module.split(".")[0]
        known = top in STANDARD if STANDARD is not None else top not in NOT_STANDARD
        if not level and not known:
            yield module


def short(path):
    return str(path.relative_to(REPOSITORY / "addons"))


@pytest.mark.parametrize("path", list_files("domain"), ids=short)
def test_domain_imports_only_itself_and_the_standard_library(path):
    assert list(foreign_imports(path)) == []


@pytest.mark.parametrize("path", list_files("agent"), ids=short)
def test_agent_needs_nothing_installed_on_the_host(path):
    if short(path) in RUNS_IN_THE_INSTANCE:
        assert set(foreign_imports(path)) <= {"psycopg2", "psycopg2.extras"}
    else:
        assert list(foreign_imports(path)) == []


def test_only_one_file_knows_ssh():
    knowing = {
        short(path)
        for addon in ADDONS
        for path in addon.rglob("*.py")
        if any(module.split(".")[0] == "paramiko" for module, _level in imported_modules(path))
    }
    assert knowing <= {"linserv_hosting/adapters/ssh.py"}


def named_methods(path):
    """The names of a controller file's methods that are not Odoo's own to override."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith(("__", "_prepare_home_portal")):
            yield node.name


def test_no_two_portal_controllers_share_a_method():
    """Odoo 14 makes one class of all controllers that inherit CustomerPortal: one `_render` would replace the other."""
    owners = {}
    for path in list_files("controllers"):
        for name in named_methods(path):
            owners.setdefault(name, []).append(short(path))
    assert {name: files for name, files in owners.items() if len(files) > 1} == {}


def untranslated(text):
    """The terms of a .po file that have no translation."""
    entries = re.split(r"\n\s*\n", text)
    for entry in entries[1:]:
        translation = re.search(r'^msgstr(?:\[\d\])? ((?:".*"\n?)+)', entry, re.MULTILINE)
        term = re.search(r'^msgid ((?:".*"\n?)+)', entry, re.MULTILINE)
        if term and translation and not entry.startswith("#~") and translation.group(1).strip() == '""':
            yield term.group(1).strip()


def test_an_untranslated_term_is_found():
    assert list(untranslated('msgid ""\nmsgstr ""\n"x"\n\n#: a\nmsgid "Host"\nmsgstr ""\n')) == ['"Host"']


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_every_term_is_translated_to_swedish(addon):
    assert list(untranslated((addon / "i18n" / "sv.po").read_text("utf-8"))) == []
