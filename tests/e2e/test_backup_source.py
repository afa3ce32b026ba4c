"""What a backup host reads of a customer's instance: a real database and filestore, the real agent and pg_dump."""

import hashlib
import subprocess

import pytest
from backup_source import CustomerHost, HostRefusalError, somebody
from support import SUITE


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


def test_a_lock_that_cannot_be_had_is_a_clear_error_within_seconds(host, database):
    with somebody(database, "LOCK ir_attachment IN SHARE MODE"), pytest.raises(HostRefusalError) as refused:
        host.hold()
    assert (refused.value.code, refused.value.retryable) == ("attachments_busy", True)


@pytest.fixture(scope="module")
def role(database):
    """The role that the administrator makes with the file of the agent's archive."""
    script = (SUITE / "addons" / "linserv_backup" / "agent" / "backup_role.sql").read_bytes()
    for _twice in range(2):
        subprocess.run(["psql", "-X", "-q", "-U", "postgres", "-d", database.name], input=script, check=True)
    database.query("CREATE TABLE made_later (id serial PRIMARY KEY)")
    return {"backup_user": "linserv_backup"}


def test_a_role_that_only_reads_is_enough(host, role):
    host.configure(**role)
    known, _data = host.call("source.inspect")
    with host.hold() as held:
        result, data = host.call("source.dump", {"snapshot": held.document["snapshot"]})
        assert held.release()["held"] is True
    assert (known["user"], known["hold"]) == ("linserv_backup", True)
    assert len(data) == result["bytes"] > 10**6
    assert held.document["counts"]["made_later"] == 0


def test_the_role_can_do_nothing_else(host, role, database):
    words = ["psql", "-X", "-q", "-U", "linserv_backup", "-d", database.name, "-c"]
    for statement in (
        "DELETE FROM res_partner",
        "SET transaction_read_only = off; UPDATE res_users SET login = 'x'",
        "SET default_transaction_read_only = off; LOCK TABLE ir_attachment IN SHARE UPDATE EXCLUSIVE MODE",
        "SET default_transaction_read_only = off; CREATE DATABASE mine",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ):
        done = subprocess.run([*words, statement], capture_output=True, text=True, check=False)
        assert done.returncode != 0, statement
        assert "permission denied" in done.stderr or "must be" in done.stderr or "read-only" in done.stderr


def test_the_lock_of_the_role_waits_two_seconds_at_most(host, role, database):
    host.configure(**role)
    with somebody(database, "LOCK ir_attachment IN SHARE MODE"), pytest.raises(HostRefusalError) as refused:
        host.hold()
    assert refused.value.code == "attachments_busy"


def test_the_administrator_gets_the_file_from_the_agent(host):
    shown = subprocess.run(
        ["/usr/bin/python3", "-I", str(host.agent), "show", "linserv_backup/backup_role.sql"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    asked, _data = host.call("source.role", role="linserv")
    assert shown == asked["sql"]
    assert "SECURITY DEFINER" in shown


def test_odoos_own_key_cannot_read_a_customers_data(host):
    for verb in ("source.hold", "source.dump", "source.files", "source.tree", "source.fetch"):
        with pytest.raises(HostRefusalError) as refused:
            host.call(verb, role="linserv")
        assert refused.value.code == "verb_unknown"
