"""What goes wrong while a backup reads: each time a clear error, nothing held, no process left."""

import os
import signal
import subprocess
import time

import pytest
from backup_source import CustomerHost, HostRefusalError, is_gone, somebody, wait_until
from support import STATE, Database

SESSIONS = """SELECT count(*) FROM pg_stat_activity WHERE application_name = 'linserv_backup'
    AND datname = current_database()"""
LOCKS = "SELECT count(*) FROM pg_locks WHERE mode = 'ShareUpdateExclusiveLock' AND relation = 'ir_attachment'::regclass"


@pytest.fixture
def host(tmp_path, database):
    return CustomerHost(tmp_path, database)


def assert_nothing_is_left(database, children):
    wait_until(lambda: database.query(SESSIONS) == [["0"]])
    assert database.query(LOCKS) == [["0"]]
    wait_until(lambda: all(is_gone(pid) for pid in children))


def start_dump(host, held):
    """A dump that has begun and waits for us to take more."""
    talk = host.start("source.dump", {"snapshot": held.document["snapshot"]})
    next(talk.frames())
    wait_until(lambda: "pg_dump" in talk.children().values())
    return talk


def pid_of(talk, name):
    return next(pid for pid, found in talk.children().items() if found == name)


def test_a_killed_pg_dump_is_an_error_and_never_a_result(host, database):
    with host.hold() as held, start_dump(host, held) as talk:
        os.kill(pid_of(talk, "pg_dump"), signal.SIGKILL)
        with pytest.raises(HostRefusalError) as refused:
            list(talk.frames())
        assert held.release()["held"] is True
    assert (refused.value.code, refused.value.retryable) == ("dump_killed", True)


def test_a_dump_whose_session_was_ended_is_an_error(host, database):
    with host.hold() as held, start_dump(host, held) as talk:
        database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'linserv_backup'"
            " AND datname = current_database() ORDER BY backend_start DESC LIMIT 1"
        )
        with pytest.raises(HostRefusalError) as refused:
            list(talk.frames())
    assert refused.value.retryable


def end_by_kill(talk):
    talk.kill()


def end_by_cut(talk):
    talk.hang_up()
    talk.process.wait(timeout=20)


@pytest.mark.parametrize("end", [end_by_kill, end_by_cut])
def test_an_end_while_waiting_for_the_lock_leaves_nothing(host, database, end):
    with somebody(database, "LOCK ir_attachment IN SHARE MODE"):
        talk = host.start("source.hold")
        wait_until(lambda: len(talk.children()) == 2 and database.query(LOCKS) == [["1"]])
        children = talk.children()
        end(talk)
    assert_nothing_is_left(database, children)


@pytest.mark.parametrize("end", [end_by_kill, end_by_cut])
def test_an_end_while_holding_leaves_nothing(host, database, end):
    held = host.hold()
    children = held.children()
    assert sorted(children.values()) == ["psql", "psql"]
    end(held)
    assert_nothing_is_left(database, children)


@pytest.mark.parametrize("end", [end_by_kill, end_by_cut])
def test_an_end_in_the_middle_of_a_dump_leaves_nothing(host, database, end):
    with host.hold() as held:
        talk = start_dump(host, held)
        children = talk.children()
        end(talk)
        wait_until(lambda: all(is_gone(pid) for pid in children))
        assert held.release()["held"] is True
    assert_nothing_is_left(database, children)


@pytest.mark.parametrize("verb", ["source.files", "source.tree"])
@pytest.mark.parametrize("end", [end_by_kill, end_by_cut])
def test_an_end_while_files_are_sent_leaves_nothing(host, database, verb, end):
    with host.hold() as held:
        names = held.document["attachments"]
        talk = host.start(verb, {"names": names} if verb == "source.files" else {})
        end(talk)
    assert_nothing_is_left(database, {})


def test_a_frozen_backup_host_does_not_keep_the_dump_alive(host, database):
    with host.hold() as held:
        talk = host.start("source.dump", {"snapshot": held.document["snapshot"]}, deadline=8)
        next(talk.frames())
        wait_until(lambda: "pg_dump" not in talk.children().values(), seconds=20)
        held.release()
        talk.kill()
    assert_nothing_is_left(database, {})


def test_a_backup_host_that_says_nothing_is_given_up(host, database):
    with host.hold(idle_seconds=2) as held, pytest.raises(HostRefusalError) as refused:
        list(held.frames())
    assert refused.value.code == "line_cut"
    assert_nothing_is_left(database, {})


def test_the_deadline_ends_a_hold(host, database):
    with host.start("source.hold", deadline=3) as held:
        held.read_document()
        with pytest.raises(HostRefusalError) as refused:
            list(held.frames())
    assert refused.value.code == "deadline_passed"
    assert_nothing_is_left(database, {})


def test_a_lost_lock_is_noticed(host, database):
    with host.hold() as held:
        database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE mode = 'ShareUpdateExclusiveLock'"
            " AND relation = 'ir_attachment'::regclass"
        )
        with pytest.raises(HostRefusalError) as refused:
            list(held.frames())
    assert (refused.value.code, refused.value.retryable) == ("database_unreachable", True)


def test_work_that_waits_for_the_backup_goes_first(host, database):
    host.configure(backup={"give_way_seconds": 1})
    with host.hold() as held, start_dump(host, held) as talk:
        begun = time.monotonic()
        words = ["psql", "-X", "-q", "-d", database.name, "-c", "ALTER TABLE ir_attachment ADD COLUMN x_later integer"]
        with subprocess.Popen(words) as upgrade, pytest.raises(HostRefusalError) as refused:
            list(held.frames())
        assert upgrade.wait() == 0
        assert time.monotonic() - begun < 12
        with pytest.raises(HostRefusalError):
            list(talk.frames())
    assert (refused.value.code, refused.value.retryable) == ("in_the_way", True)


def test_readers_and_writers_are_not_held_up(host, database):
    with host.hold() as held:
        at_once = "SET lock_timeout = '1s'; "
        database.query(at_once + "INSERT INTO ir_attachment (name, type) VALUES ('during the backup', 'binary')")
        database.query(at_once + "UPDATE ir_attachment SET description = 'x' WHERE name = 'during the backup'")
        database.query(at_once + "DELETE FROM ir_attachment WHERE name = 'during the backup'")
        assert held.release()["held"] is True


def test_an_older_pg_dump_is_refused_by_name(host, tmp_path):
    older = tmp_path / "pg_dump"
    older.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 11.22" && exit\nexit 9\n')
    older.chmod(0o755)
    host.configure(pg_dump=str(older))
    with host.hold() as held, pytest.raises(HostRefusalError) as refused:
        host.call("source.dump", {"snapshot": held.document["snapshot"]})
    assert (refused.value.code, refused.value.retryable) == ("pg_dump_old", False)
    assert "11.22" in refused.value.message
    assert "postgresql-client-13" in refused.value.message


def test_no_pg_dump_is_a_configuration_error(host):
    host.configure(pg_dump="/nowhere/pg_dump")
    with host.hold() as held, pytest.raises(HostRefusalError) as refused:
        host.call("source.dump", {"snapshot": held.document["snapshot"]})
    assert refused.value.code == "pg_dump_missing"


@pytest.mark.parametrize("snapshot", ["", "00000003-0000001B-1; DROP", "--file=/tmp/x", "00000003-0000001B-1\n"])
def test_what_is_no_snapshot_is_refused(host, snapshot):
    with pytest.raises(HostRefusalError) as refused:
        host.call("source.dump", {"snapshot": snapshot})
    assert refused.value.code == "argument_invalid"


def test_a_snapshot_that_nobody_holds_any_longer_is_refused(host):
    with host.hold() as held:
        held.release()
    with pytest.raises(HostRefusalError) as refused:
        host.call("source.dump", {"snapshot": held.document["snapshot"]})
    assert (refused.value.code, refused.value.retryable) == ("snapshot_gone", True)


@pytest.fixture
def fleeting(tmp_path):
    """A database that does not outlive its test."""
    made = Database("e2e_fleeting_%d" % os.getpid(), os.environ["LINSERV_TEMPLATE"])
    yield made
    made.drop()


def test_a_dropped_database_ends_everything_and_is_then_told(tmp_path, fleeting):
    host = CustomerHost(tmp_path, fleeting)
    with host.hold() as held, start_dump(host, held) as talk:
        subprocess.run(["dropdb", "-U", "postgres", "--force", fleeting.name], check=True)
        for going in (talk, held):
            with pytest.raises(HostRefusalError):
                list(going.frames())
    for verb in ("source.hold", "source.inspect"):
        with pytest.raises(HostRefusalError) as refused:
            host.call(verb)
        assert (refused.value.code, refused.value.retryable) == ("database_missing", False)


def test_a_renamed_database_is_missing(host, database):
    host.configure(database=database.name + "_renamed")
    with pytest.raises(HostRefusalError) as refused:
        host.hold()
    assert refused.value.code == "database_missing"


def test_a_database_that_is_none_of_odoos_is_refused(host):
    host.configure(database="template1")
    with pytest.raises(HostRefusalError) as refused:
        host.hold()
    assert refused.value.code == "not_odoo"


def test_a_role_without_rights_is_a_configuration_error(host):
    host.configure(backup_user="linserv_restore", database="postgres")
    with pytest.raises(HostRefusalError) as refused:
        host.hold()
    assert not refused.value.retryable
    host.configure(backup_user="nobody_at_all")
    with pytest.raises(HostRefusalError) as refused:
        host.hold()
    assert refused.value.code == "database_refused"


def test_a_server_that_is_down_is_tried_again(host):
    host.configure(db_host=str(STATE / "nowhere"))
    with pytest.raises(HostRefusalError) as refused:
        host.hold()
    assert (refused.value.code, refused.value.retryable) == ("database_unreachable", True)


def test_a_closed_filestore_is_a_configuration_error(host, tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    host.configure(filestore=str(tmp_path / "closed"))
    with pytest.raises(HostRefusalError) as refused:
        host.call("source.files", {"names": []})
    (tmp_path / "closed").chmod(0o700)
    assert refused.value.code == "filestore_missing"


def test_two_backups_at_a_time_are_one_too_many(host):
    with host.hold() as held:
        with pytest.raises(HostRefusalError) as refused:
            host.hold()
        assert held.release()["held"] is True
    assert refused.value.code == "attachments_busy"
