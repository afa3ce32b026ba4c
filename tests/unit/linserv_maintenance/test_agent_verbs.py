"""The verbs on a small real instance: folders on the disk, and a real PostgreSQL database with Odoo's tables."""

import base64
import json
import os
import resource
import signal
import sys
import time
import uuid
import zlib
from pathlib import Path
from types import SimpleNamespace

import psycopg2
import pytest

from odoo.addons.linserv_maintenance.agent import audit, cache, rule, verbs
from odoo.addons.linserv_maintenance.agent.errors import CountError
from odoo.addons.linserv_maintenance.agent.line_counter import PROFILES
from odoo.addons.linserv_maintenance.domain.merkle import tree_faults
from odoo.addons.linserv_maintenance.domain.tree_check import check_count
from odoo.addons.linserv_maintenance.domain.tree_store import root_of

TABLES = """
CREATE TABLE ir_module_module (name varchar, state varchar, imported boolean);
CREATE TABLE ir_model_data (module varchar, name varchar, model varchar, res_id integer);
CREATE TABLE ir_act_server (id serial, name varchar, state varchar, code text);
CREATE TABLE ir_model_fields (id serial, name varchar, state varchar, compute text);
INSERT INTO ir_module_module VALUES ('base', 'installed', false), ('web', 'installed', NULL),
    ('sale_x', 'installed', NULL), ('never', 'uninstalled', false);
INSERT INTO ir_act_server (id, name, state, code) VALUES (1, 'Ours', 'code', 'x = 1' || chr(10) || 'y = 2'),
    (2, 'Odoo''s own', 'code', 'z = 1'), (3, 'Exported', 'code', 'z = 1'), (4, 'Mail', 'email', NULL),
    (5, 'Broken', 'code', 'for x in:');
INSERT INTO ir_model_data VALUES ('base', 'a', 'ir.actions.server', 2), ('__export__', 'b', 'ir.actions.server', 3),
    ('base', 'f', 'ir.model.fields', 2);
INSERT INTO ir_model_fields (id, name, state, compute) VALUES
    (1, 'x_twice', 'manual', 'for r in self:' || chr(10) || '    r.x = 1'),
    (2, 'owned', 'base', 'pass'), (3, 'plain', 'base', NULL);
"""


@pytest.fixture(scope="module")
def server():
    connection = psycopg2.connect(dbname="postgres")
    connection.autocommit = True
    yield connection.cursor()
    connection.close()


@pytest.fixture
def database(server):
    name = "linserv_unit_" + uuid.uuid4().hex[:12]
    server.execute('CREATE DATABASE "%s"' % name)
    connection = psycopg2.connect(dbname=name)
    connection.autocommit = True
    connection.cursor().execute(TABLES)
    yield connection.cursor()
    connection.close()
    server.execute('DROP DATABASE "%s"' % name)


def write_module(folder, name, files, manifest="{'author': 'Norrvik'}"):
    for path, text in {"__manifest__.py": manifest, **files}.items():
        (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / name / path).write_text(text)


@pytest.fixture
def instance(tmp_path, database):
    for name in ("base", "web"):
        write_module(tmp_path / "odoo" / "addons", name, {"a.py": "x = 1\n"}, "{'author': 'Odoo S.A.'}")
    write_module(
        tmp_path / "custom", "sale_x", {"models/a.py": "x = 1\ny = 2\n", "tests/test_a.py": "z = 3\n", "bad.py": "for"}
    )
    write_module(tmp_path / "custom", "never", {"a.py": "x = 1\n"})
    database.execute("SELECT current_database()")
    return {
        "database": database.fetchone()[0],
        "series": "14.0",
        "python": sys.executable,
        "addons_path": [str(tmp_path / "custom")],
        "core_addons_path": [str(tmp_path / "odoo" / "addons")],
    }


@pytest.fixture
def context(tmp_path, instance):
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    return SimpleNamespace(
        instance=instance,
        instance_name="norrvik-prod",
        cache_directory=folder,
        progress=lambda *_told: None,
        run_id="1",
        detached=False,
    )


def count(context, known_root=None, profile=None):
    return verbs.VERBS["code.count"](context, {"profile": profile, "known_root": known_root})


def tree_of(answer):
    return json.loads(zlib.decompress(base64.b64decode(answer["tree"])))


def settle():
    """Wait until what was just written is old enough to be believed unread."""
    time.sleep(2.1)


def kinds(answer):
    return {(note["kind"], note["module"]) for note in tree_of(answer)["notes"]}


def test_a_count_holds_modules_customisations_and_notes(context):
    answer = count(context)
    tree = tree_of(answer)
    assert [(one["name"], one["code"], [row[0] for row in one["files"]]) for one in tree["modules"]] == [
        ("sale_x", 2, ["bad.py", "models/a.py"])
    ]
    assert [(row[0], row[1], row[3], row[5]) for row in tree["customisations"]] == [
        ("ir.actions.server", "1: Ours", 2, "ok"),
        ("ir.actions.server", "3: Exported", 1, "ok"),
        ("ir.actions.server", "5: Broken", 0, "syntax"),
        ("ir.model.fields", "1: x_twice", 2, "ok"),
    ]
    assert answer["code"] == 7
    assert answer["rule"] == {"profile": "14.0", "cloc_sha256": None, "python": "%d.%d" % sys.version_info[:2]}
    assert kinds(answer) == {("syntax", "sale_x"), ("syntax", "")}


def test_the_office_accepts_the_answer(context):
    answer = count(context)
    assert tree_faults(tree_of(answer), answer["root"], answer["code"], answer["total"]) == []
    assert check_count(answer, None, root_of).tree.code == 7


def test_an_unchanged_instance_is_answered_from_memory(context):
    settle()
    root = count(context)["root"]
    before = (context.cache_directory / verbs.CACHE_NAME).stat().st_mtime_ns
    answer = count(context, root)
    assert answer["unchanged"] is True
    assert len(json.dumps(answer)) < 1024
    assert (context.cache_directory / verbs.CACHE_NAME).stat().st_mtime_ns == before
    assert tree_of(count(context, "0" * 64))["modules"][0]["name"] == "sale_x"


def change_same_size(path, database):
    file = path / "custom" / "sale_x" / "models" / "a.py"
    times = file.stat()
    file.write_text("x = 1;y = 2\n")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


CHANGES = {
    "a file of the same size and time": change_same_size,
    "a new file in a folder": lambda path, db: (path / "custom" / "sale_x" / "models" / "b.py").write_text("x = 1\n"),
    "a file that went": lambda path, db: (path / "custom" / "sale_x" / "models" / "a.py").unlink(),
    "a manifest": lambda path, db: (path / "custom" / "sale_x" / "__manifest__.py").write_text(
        "{'cloc_exclude': ['models/*']}"
    ),
    "a module that was installed": lambda path, db: db.execute("UPDATE ir_module_module SET state = 'installed'"),
    "code in the database": lambda path, db: db.execute("UPDATE ir_act_server SET code = 'a = 1' WHERE id = 1"),
}


@pytest.mark.parametrize("change", list(CHANGES.values()), ids=list(CHANGES))
def test_every_change_is_seen(context, tmp_path, database, change):
    settle()
    root = count(context)["root"]
    change(tmp_path, database)
    answer = count(context, root)
    assert answer["unchanged"] is False
    assert answer["root"] != root
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    context.cache_directory = fresh
    assert count(context)["root"] == answer["root"]


def test_a_change_right_after_a_count_is_seen(context, tmp_path):
    root = count(context)["root"]
    (tmp_path / "custom" / "sale_x" / "models" / "a.py").write_text("x = 1;y = 2\n")
    assert count(context, root)["unchanged"] is False


def test_a_damaged_memory_is_rebuilt(context):
    root = count(context)["root"]
    path = context.cache_directory / verbs.CACHE_NAME
    for damage in (b"", b"x", path.read_bytes()[:-5], path.read_bytes().replace(b'"code": 2', b'"code": 9')):
        path.write_bytes(damage)
        assert cache.load(path) == {}
        assert count(context)["root"] == root


def test_a_full_disk_is_told_by_its_code(context):
    """A limit on the size of files refuses a write as a full disk does; nothing half written is left behind."""
    path = context.cache_directory / verbs.CACHE_NAME
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    usual = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, old[1]))
    try:
        with pytest.raises(CountError) as refused:
            cache.save(path, {"counts": "x" * 2000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, usual)
    assert (refused.value.code, refused.value.retryable) == ("disk_full", True)
    assert list(context.cache_directory.iterdir()) == []


def test_what_the_official_tool_does_not_bill_is_noted_with_its_lines(context, tmp_path, instance, database):
    write_module(tmp_path / "odoo" / "addons_more", "shadow", {"a.py": "x = 1\ny = 2\n"})
    write_module(tmp_path / "odoo" / "addons", "inside", {"a.py": "x = 1\n"})
    instance["addons_path"].append(str(tmp_path / "odoo" / "addons_more"))
    database.execute(
        "INSERT INTO ir_module_module VALUES ('shadow', 'installed'), ('inside', 'installed'), ('gone', 'installed')"
    )
    answer = count(context)
    lines = {(note["kind"], note["module"]): note["lines"] for note in tree_of(answer)["notes"]}
    assert lines[("prefix_shadow", "shadow")] == 2
    assert lines[("in_core_folder", "inside")] == 1
    assert ("missing_source", "gone") in lines
    assert answer["code"] == 7


def test_exclusions_by_manifest_are_noted_with_their_lines(context, tmp_path):
    manifest = "{'cloc_exclude': ['models/**/*'], 'demo': ['demo/d.xml', '']}"
    write_module(tmp_path / "custom", "sale_x", {"demo/d.xml": "<a>\n</a>\n"}, manifest)
    answer = count(context)
    lines = {note["kind"]: note["lines"] for note in tree_of(answer)["notes"]}
    assert (lines["manifest_exclusion"], lines["demo_exclusion"]) == (2, 2)
    assert "bad_glob" in lines
    assert tree_of(answer)["modules"][0]["excluded"] == ["demo/d.xml", "models/a.py"]


def test_modules_imported_as_data_are_not_looked_for_on_the_disk(context, database):
    database.execute("INSERT INTO ir_module_module VALUES ('data_only', 'installed', true)")
    database.execute("INSERT INTO ir_model_data VALUES ('data_only', 'x', 'ir.actions.server', 2)")
    database.execute("DELETE FROM ir_model_data WHERE module = 'base' AND res_id = 2 AND model = 'ir.actions.server'")
    answer = count(context)
    assert ("imported_module", "data_only") in kinds(answer)
    assert "2: Odoo's own" in {row[1] for row in tree_of(answer)["customisations"]}


FAULTS = [
    ({"database": "linserv_no_such"}, "database_missing", False),
    ({"db_host": "127.0.0.1", "db_port": 1}, "database_unreachable", True),
    ({"python": "/no/such/python"}, "python_missing", False),
    ({"python": "/bin/true"}, "python_broken", False),
    ({"series": "9.0"}, "profile_unknown", False),
    ({"core_addons_path": ["/no/such/folder"]}, "core_missing", False),
    ({"database": ""}, "config_invalid", False),
]


@pytest.mark.parametrize(("values", "code", "retryable"), FAULTS)
def test_each_fault_has_its_code(context, values, code, retryable):
    context.instance.update(values)
    with pytest.raises(CountError) as refused:
        count(context)
    assert (refused.value.code, refused.value.retryable) == (code, retryable)


def test_a_database_that_is_no_odoo_is_told(context, database):
    database.execute("DROP TABLE ir_module_module")
    with pytest.raises(CountError) as refused:
        count(context)
    assert refused.value.code == "database_unexpected"


def test_the_list_names_modules_and_places(context, tmp_path):
    answer = verbs.VERBS["code.list"](context, {})
    assert answer["modules"] == [{"name": "sale_x", "path": str(tmp_path / "custom" / "sale_x")}]
    assert (answer["own"], answer["missing"], answer["customisations"]) == (2, [], 4)


def test_an_audit_hands_out_named_files_and_nothing_else(context, tmp_path):
    (tmp_path / "secret.py").write_text("s = 1\n")
    (tmp_path / "custom" / "sale_x" / "out").symlink_to(tmp_path)
    names = [
        ["sale_x", "models/a.py"],
        ["sale_x", "../../secret.py"],
        ["sale_x", "out/secret.py"],
        ["never", "a.py"],
        ["../x", "a.py"],
    ]
    names += [["sale_x", "/etc/passwd"], ["sale_x", "none.py"], ["sale_x", "\\u002e\\u002e/never/a.py"]]
    rows = verbs.VERBS["code.audit"](context, {"files": names})["files"]
    assert zlib.decompress(base64.b64decode(rows[0]["content"])) == b"x = 1\ny = 2\n"
    assert [row["state"] for row in rows[1:]] == ["unknown"] * 5 + ["missing", "unknown"]


def test_the_official_table_is_understood():
    output = (
        "Odoo cloc                     Line   Other    Code\n"
        + "-" * 50
        + "\nsale_x                          12       2      10\n"
        "    /opt/x/a.py                 12       2      10\n"
        + "-"
        * 50
        + "\n                                12       2      10\n\n"
        "\nErrors\n\nsale_x\n    /opt/x/b.py    Syntax Error\n"
    )
    told = audit.parse_table(output)
    assert (told["modules"], told["code"], told["total"]) == ({"sale_x": [12, 10]}, 10, 12)
    assert told["errors"] == ["/opt/x/b.py    Syntax Error"]
    assert audit.parse_table("Traceback …\nTypeError")["code"] is None


TOOL = b"DEFAULT_EXCLUDE = %s\nSTANDARD_MODULES = ['web', 'web_enterprise', 'theme_common', 'base']\n%s"


def test_the_published_revision_of_the_host_is_recognised():
    old, new = PROFILES["14.0"], PROFILES["15.0"]
    patterns = str(list(new.exclude)).encode()
    known, odd = rule.refine(old, TOOL % (patterns, b"MAX_LINE_SIZE = 100000\n# studio_customization"))
    assert (known.exclude, known.max_line_size, known.customisations, odd) == (new.exclude, 100000, "studio", [])


def test_a_changed_tool_changes_no_number():
    old = PROFILES["14.0"]
    assert rule.refine(old, TOOL % (b"['**/*']", b"")) == (old, ["DEFAULT_EXCLUDE"])
    assert rule.refine(old, b"not python (") == (old, ["DEFAULT_EXCLUDE", "STANDARD_MODULES"])


def test_every_file_of_the_agent_is_reachable_in_the_archive():
    folder = Path(verbs.__file__).parent
    assert {path.suffix for path in folder.iterdir() if path.is_file()} == {".py"}
