"""What a backup host reads of a customer's instance: a real database and filestore, the real agent and pg_dump."""

import contextlib
import hashlib
import subprocess

import pytest
from backup_source import CustomerHost, HostRefusalError, wait_until

SESSIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'linserv_backup' AND datname = current_database()"
)


@pytest.fixture
def host(tmp_path, database):
    return CustomerHost(tmp_path, database)


def test_a_dump_comes_from_the_snapshot_that_was_counted(host, database, tmp_path):
    with host.hold() as held:
        database.query("INSERT INTO res_country_group (name) VALUES ('came later')")
        result, data = host.call("source.dump", {"snapshot": held.document["snapshot"]})
        assert held.release()["held"] is True
    assert result["bytes"] == len(data)
    assert result["sha256"] == hashlib.sha256(data).hexdigest()
    assert held.document["counts"]["res_country_group"] == rows_in(tmp_path, data, "res_country_group")
    assert result["pg_dump"].split(".")[0] == result["pg_server"].split(".")[0]


def rows_in(folder, data, table):
    """How many rows of a table lie in a dump."""
    path = folder / "dump"
    path.write_bytes(data)
    words = ["pg_restore", "-f", "-", "--data-only", "-t", table, str(path)]
    text = subprocess.run(words, check=True, capture_output=True).stdout
    lines = text[text.index(b"COPY public.") :].split(b"\n")
    return lines.index(b"\\.") - 1


def test_every_referenced_file_is_handed_over(host, database):
    with host.hold() as held:
        names = held.document["attachments"]
        result, data = host.call("source.files", {"names": names})
        held.release()
    assert len(names) > 20
    assert (result["missing"], result["damaged"]) == ([], [])
    assert result["bytes"] == len(data)


def test_inspect_tells_what_there_is(host):
    known, _data = host.call("source.inspect", role="linserv")
    assert known["database_bytes"] > 10**7
    assert known["filestore_files"] > 20
    assert known["tables"] > 100


@contextlib.contextmanager
def somebody(database, statement):
    """A session of somebody else, in the middle of a transaction."""
    words = ["psql", "-X", "-q", "-A", "-t", "-d", database.name]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
        session.stdin.write(("BEGIN; %s; SELECT 'done';\n" % statement).encode())
        session.stdin.flush()
        assert session.stdout.readline() == b"done\n"
        yield session


def test_a_lock_that_cannot_be_had_is_a_clear_error_within_seconds(host, database):
    with somebody(database, "LOCK ir_attachment IN SHARE MODE"), pytest.raises(HostRefusalError) as refused:
        host.hold()
    assert (refused.value.code, refused.value.retryable) == ("attachments_busy", True)


def test_a_cut_line_leaves_nothing_behind(host, database):
    held = host.hold()
    held.hang_up()
    held.process.wait(timeout=10)
    wait_until(lambda: database.query(SESSIONS) == [["0"]])


def test_a_killed_agent_leaves_nothing_behind(host, database):
    held = host.hold()
    held.kill()
    wait_until(lambda: database.query(SESSIONS) == [["0"]])
