"""A drill on a real PostgreSQL: dumps made by pg_dump, restored into a scratch database that always goes away."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from types import SimpleNamespace

import psycopg2
import pytest

from odoo.addons.linserv_backup.agent import drill_rows
from odoo.addons.linserv_backup.agent.drill_compare import compare
from odoo.addons.linserv_backup.agent.drill_run import run_drill
from odoo.addons.linserv_backup.agent.drill_scratch import Scratch, sweep
from odoo.addons.linserv_backup.agent.drill_settings import read_settings
from odoo.addons.linserv_backup.agent.errors import BackupError

ADDONS = Path(__file__).resolve().parents[3] / "addons"
FILES = [b"a drawing", b"an invoice", b""]
TABLES = """
CREATE TABLE res_partner (id serial PRIMARY KEY, name varchar, phone varchar);
INSERT INTO res_partner (name, phone) SELECT 'Person ' || n, '060-' || n FROM generate_series(1, 3000) AS n;
CREATE TABLE "odd ""name" (t text, "r" int);
INSERT INTO "odd ""name" VALUES ('x', 1), ('x', 1), (NULL, 2);
CREATE TABLE rel (left_id int, right_id int);
INSERT INTO rel VALUES (1, 2), (1, 3);
CREATE TABLE ir_attachment (id serial PRIMARY KEY, store_fname varchar);
CREATE TABLE empty ();
CREATE SCHEMA other; CREATE TABLE other.notes (id int PRIMARY KEY, at timestamptz);
INSERT INTO other.notes VALUES (1, '2026-11-01 10:30+01');
"""


def stored_name(content):
    name = hashlib.sha1(content).hexdigest()
    return "%s/%s" % (name[:2], name)


@pytest.fixture
def server():
    connection = psycopg2.connect(dbname="postgres")
    connection.autocommit = True
    yield connection.cursor()
    connection.close()


def scratch_databases(server):
    server.execute(r"SELECT datname FROM pg_database WHERE datname LIKE 'drill\_%'")
    return {row[0] for row in server.fetchall()}


@pytest.fixture
def source(server):
    """A database with rows and files that are named in it."""
    name = "linserv_unit_" + uuid.uuid4().hex[:12]
    server.execute('CREATE DATABASE "%s" TEMPLATE template0' % name)
    connection = psycopg2.connect(dbname=name)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(TABLES)
    for content in FILES:
        cursor.execute("INSERT INTO ir_attachment (store_fname) VALUES (%s)", [stored_name(content)])
    yield SimpleNamespace(name=name, execute=cursor.execute, cursor=cursor)
    connection.close()
    server.execute('DROP DATABASE "%s"' % name)


class Dumps:
    """What a repository does for a drill, on dumps made directly by pg_dump."""

    def __init__(self, folder):
        self.folder = folder
        self.manifests = {}

    def take(self, name, database, counts=None, **more):
        dump = self.folder / (name + ".dump")
        subprocess.run(["pg_dump", "-Fc", "-Z0", "-f", dump, database], check=True, timeout=60)
        data = dump.read_bytes()
        told = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        states = drill_rows.read_states(lambda sql: psql(database, sql))
        rows = {label: state.rows for label, state in states.items()}
        hashes = {label: state.hash for label, state in states.items()}
        self.manifests[name] = {"dump": told, "counts": counts or rows, "hashes": hashes, "slot": "x", **more}
        return self.manifests[name]

    def rebuild(self, name, folder):
        folder.mkdir(parents=True)
        if name not in self.manifests:
            raise BackupError("point_missing", "There is no such point.", "data")
        store = folder / "filestore"
        for content in FILES:
            (store / stored_name(content)).parent.mkdir(parents=True, exist_ok=True)
            (store / stored_name(content)).write_bytes(content)
        path = folder / "dump"
        path.write_bytes((self.folder / (name + ".dump")).read_bytes())
        return SimpleNamespace(manifest=self.manifests[name], dump_path=path, filestore_path=store)


def psql(database, sql):
    words = ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", database]
    done = subprocess.run(words, input=sql, capture_output=True, text=True, check=True, timeout=60)
    return [line.split("\t") for line in done.stdout.splitlines()]


def make_context(folder, run=None, instances=None, **drill):
    """A context as the agent makes it."""
    section = {"drill": {"pg": {"host": os.environ["PGHOST"], "user": os.environ["PGUSER"]}, "jobs": 2, **drill}}
    config = SimpleNamespace(get_section=lambda _name: section, get_instance=lambda name: (instances or {})[name])
    run_id = run or str(uuid.uuid4())
    return SimpleNamespace(
        config=config, run_id=run_id, state_directory=folder / "state", progress=lambda *_words: None
    )


@pytest.fixture
def dumps(tmp_path):
    (tmp_path / "dumps").mkdir()
    return Dumps(tmp_path / "dumps")


@pytest.fixture
def context(tmp_path):
    return make_context(tmp_path)


def hold(context, dumps, name="db-1"):
    return run_drill(context, {"repository": "norrvik", "name": name}, lambda _context, _name: dumps)


def test_a_good_point_is_restored_and_nothing_is_left(server, source, dumps, context):
    dumps.take("db-1", source.name)
    before = scratch_databases(server)
    found = hold(context, dumps)
    assert found["ok"], found["faults"]
    assert (found["tables"], found["rows"], found["rows_compared"], found["hashes_compared"]) == (6, 3009, 6, 6)
    assert found["files"]["count"] == 3
    assert found["files"]["missing"] == 0
    assert found["seconds"]["restore"] > 0
    assert scratch_databases(server) == before
    assert list((context.state_directory / "drills").iterdir()) == []


def test_rows_that_were_not_at_the_source_are_found(source, dumps, context):
    manifest = dumps.take("db-1", source.name)
    manifest["counts"] = dict(manifest["counts"], res_partner=2999, gone=1)
    faults = hold(context, dumps)["faults"]
    assert [fault["code"] for fault in faults] == ["rows_differ"]
    assert faults[0]["tables"] == [
        {"table": "gone", "expected": 1, "found": None},
        {"table": "res_partner", "expected": 2999, "found": 3000},
    ]


def test_one_changed_phone_number_changes_the_hash_of_its_table(source, dumps, context):
    before = dict(dumps.take("db-1", source.name)["hashes"])
    source.execute("UPDATE res_partner SET phone = '060-1' WHERE id = 1042")
    dumps.take("db-1", source.name)["hashes"] = before
    faults = hold(context, dumps)["faults"]
    assert [fault["code"] for fault in faults] == ["hashes_differ"]
    assert "res_partner" in faults[0]["text"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "missing"])
def test_a_damaged_point_is_a_finding_and_no_error(server, source, dumps, context, damage):
    dumps.take("db-1", source.name)
    path = dumps.folder / "db-1.dump"
    data = bytearray(path.read_bytes())
    if damage == "cut":
        del data[len(data) // 2 :]
    else:
        data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    found = hold(context, dumps, "db-2" if damage == "missing" else "db-1")
    assert not found["ok"]
    assert found["faults"][0]["code"] == ("point_missing" if damage == "missing" else "dump_differs")
    assert "restore" not in found["seconds"]
    assert not {"drill_" + context.run_id.replace("-", "")} & scratch_databases(server)


def test_a_dump_that_postgresql_refuses_is_a_finding(source, dumps, context):
    manifest = dumps.take("db-1", source.name)
    path = dumps.folder / "db-1.dump"
    cut = path.read_bytes()[:-2000]
    path.write_bytes(cut)
    manifest["dump"] = {"bytes": len(cut), "sha256": hashlib.sha256(cut).hexdigest()}
    assert [fault["code"] for fault in hold(context, dumps)["faults"]] == ["dump_damaged"]


def test_files_that_are_damaged_or_missing_are_named(source, dumps, context):
    dumps.take("db-1", source.name)
    gone = stored_name(b"never kept")
    source.execute("INSERT INTO ir_attachment (store_fname) VALUES (%s)", [gone])
    dumps.take("db-1", source.name)
    whole = dumps.rebuild

    def rebuild(name, folder):
        rebuilt = whole(name, folder)
        (rebuilt.filestore_path / stored_name(FILES[0])).write_bytes(b"another drawing")
        (rebuilt.filestore_path / "link").symlink_to("/etc/hostname")
        return rebuilt

    dumps.rebuild = rebuild
    found = hold(context, dumps)
    assert [fault["code"] for fault in found["faults"]] == ["files_damaged", "files_missing"]
    assert found["files"]["damaged_names"] == sorted([stored_name(FILES[0]), "link"])
    assert found["files"]["missing_names"] == [gone]


def test_a_host_that_cannot_hold_drills_is_an_error(source, dumps, tmp_path):
    dumps.take("db-1", source.name)
    cases = [
        ({"pg": {"host": str(tmp_path), "user": "odoo"}}, "database_unreachable", "transient"),
        ({"pg": {"host": os.environ["PGHOST"], "user": "nobody_here"}}, "drill_unfit", "configuration"),
        ({"pg": {"host": os.environ["PGHOST"], "user": "postgres"}}, "drill_unfit", "configuration"),
        ({"pg": "here"}, "drill_unconfigured", "configuration"),
    ]
    for drill, code, kind in cases:
        with pytest.raises(BackupError) as caught:
            hold(make_context(tmp_path, **drill), dumps)
        assert (caught.value.code, caught.value.kind) == (code, kind)


KILLED = """
import sys, time, types
sys.path.insert(0, sys.argv[1])
package = types.ModuleType("agent"); package.__path__ = [sys.argv[1]]; sys.modules["agent"] = package
from pathlib import Path
from agent.drill_scratch import Scratch
from agent.drill_settings import Settings
import os
place = {"PGHOST": os.environ["PGHOST"], "PGUSER": "odoo", "PATH": "/usr/bin:/bin"}
settings = Settings(place, "", None, [], Path(sys.argv[2]), 1)
with Scratch(settings, sys.argv[3]) as scratch:
    scratch.create()
    (scratch.folder / "dump").write_text("secret")
    print("ready", flush=True)
    time.sleep(60)
"""


def begin_to_drill(tmp_path, run):
    words = [sys.executable, "-c", KILLED, str(ADDONS / "linserv_backup" / "agent"), str(tmp_path / "work"), run]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True, text=True)
    assert child.stdout.readline().strip() == "ready"
    return child


def gone(server, name, folder, seconds=20):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if name not in scratch_databases(server) and not folder.exists():
            return True
        time.sleep(0.1)
    return False


def test_kill_9_of_the_whole_drill_leaves_no_database_and_no_file(server, tmp_path):
    run = str(uuid.uuid4())
    name = "drill_" + run.replace("-", "")
    child = begin_to_drill(tmp_path, run)
    assert name in scratch_databases(server)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert gone(server, name, tmp_path / "work" / name)


def test_what_a_dead_guard_left_is_swept_and_what_lives_is_not(server, tmp_path):
    dead, alive = str(uuid.uuid4()), str(uuid.uuid4())
    server.execute('CREATE DATABASE "drill_%s" OWNER odoo TEMPLATE template0' % dead.replace("-", ""))
    (tmp_path / "work" / ("drill_" + dead.replace("-", ""))).mkdir(parents=True)
    child = begin_to_drill(tmp_path, alive)
    names = scratch_databases(server)
    assert "drill_" + dead.replace("-", "") not in names
    assert "drill_" + alive.replace("-", "") in names
    settings = read_settings(make_context(tmp_path))._replace(folder=tmp_path / "work")
    sweep(settings)
    assert os.listdir(str(settings.folder)) == ["drill_" + alive.replace("-", "")]
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert gone(server, "drill_" + alive.replace("-", ""), settings.folder / ("drill_" + alive.replace("-", "")))


def test_an_error_inside_leaves_nothing(server, tmp_path):
    settings = read_settings(make_context(tmp_path))
    run = str(uuid.uuid4())
    with pytest.raises(ZeroDivisionError), Scratch(settings, run) as scratch:
        scratch.create()
        raise ZeroDivisionError
    assert scratch.name not in scratch_databases(server)
    assert not scratch.folder.exists()


def test_a_comparison_names_table_row_and_column_and_no_value(server, source, dumps, tmp_path):
    dumps.take("db-1", source.name)
    source.execute("UPDATE res_partner SET phone = '070-SECRET' WHERE id = 1042")
    source.execute("DELETE FROM rel WHERE right_id = 3")
    source.execute("INSERT INTO other.notes VALUES (2, now())")
    source.execute("CREATE TABLE fresh (id int)")
    context = make_context(tmp_path, instances={"norrvik": {"database": source.name}})
    order = {"repository": "norrvik", "left": {"point": "db-1"}, "right": {"instance": "norrvik"}}
    found = compare(context, order, lambda _context, _name: dumps)
    by_table = {one["table"]: one for one in found["differences"]}
    assert not found["equal"]
    assert by_table["res_partner"] == {
        "table": "res_partner", "left": 3000, "right": 3000, "changed": [{"row": "1042", "columns": ["phone"]}]
    }  # fmt: skip
    assert by_table["rel"]["changed"] == [{"row": None, "only": "left"}]
    assert by_table["other.notes"]["changed"] == [{"row": "2", "only": "right"}]
    assert by_table["fresh"] == {"table": "fresh", "left": None, "right": 0}
    assert "SECRET" not in json.dumps(found)
    assert not any(name.startswith("drill_" + context.run_id.replace("-", "")) for name in scratch_databases(server))


def test_equal_databases_are_equal_whatever_the_order_of_their_rows(source, dumps, tmp_path):
    dumps.take("db-1", source.name)
    source.execute("UPDATE res_partner SET name = name WHERE id < 500")
    context = make_context(tmp_path, instances={"norrvik": {"database": source.name}})
    order = {"repository": "norrvik", "left": {"point": "db-1"}, "right": {"instance": "norrvik"}}
    found = compare(context, order, lambda _context, _name: dumps)
    assert found["equal"], found
    assert found["roots"][0] == found["roots"][1]
