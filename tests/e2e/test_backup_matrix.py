"""What goes wrong while a point is taken, with the real programs: nothing lost, a clear error, and it is made up for.

The rows of docs/backup-failures.md that are about the backup host. One small database for all of them; each test leaves
the repository with every point that it found.
"""

import itertools
import os
import time

import pytest
from backup_faults import FaultyWorld, SmallDatabase, slot_at, wait_until

LOCKS = "SELECT count(*) FROM pg_locks WHERE mode = 'ShareUpdateExclusiveLock' AND relation = 'ir_attachment'::regclass"


@pytest.fixture(scope="module")
def database():
    made = SmallDatabase("e2e_matrix_%d" % os.getpid())
    yield made
    made.drop()


@pytest.fixture(scope="module")
def world(tmp_path_factory, database):
    with FaultyWorld(tmp_path_factory.mktemp("matrix"), database) as made:
        made.connect()
        made.make_up(slot_at(YESTERDAY))
        yield made


YESTERDAY = int(time.time()) // 86400 * 86400 - 86400
HALF_HOURS = itertools.count(1)


@pytest.fixture
def slot(database):
    """The next half hour of the day, in which something has changed."""
    number = next(HALF_HOURS)
    database.go_on(number)
    return slot_at(YESTERDAY + 1800 * number)


def test_a_killed_pg_dump_never_becomes_a_point(world, slot):
    world.arm("pg_dump", "killed")
    assert world.refused(slot) == ("dump_killed", "transient")
    world.make_up(slot)


def test_a_cut_line_in_the_middle_of_the_dump(world, slot):
    world.arm("pg_dump", "cut")
    assert world.refused(slot) == ("connection_lost", "transient")
    world.make_up(slot)


def test_a_frozen_host_is_given_up_and_the_customer_is_let_go(world, slot, database):
    world.arm("pg_dump", "frozen")
    begun = time.monotonic()
    try:
        assert world.refused(slot, limits={"stall_seconds": 2}) == ("timeout", "transient")
        assert time.monotonic() - begun < 55  # the usual patience is 60
        assert database.query(LOCKS) == [["0"]], "attachments are free again while the host is still frozen"
    finally:
        world.thaw()
    world.make_up(slot)


AGENT = ["zstd before -o", "borg during create", "borg after create", "borg before rename"]
ENGINE = ["zstd before -d", "borg during create", "borg before extract", "borg during rename"]


def kill_at_each_phase(world, slot, who, phases):
    """Each attempt comes as far as its phase, so each is a re-run that has got over what the one before it left."""
    codes = set()
    for phase in phases:
        name, when, word = phase.split()
        world.arm(name, who, when, word)
        codes.add(world.refused(slot))
    return codes


def test_the_agent_killed_at_each_phase(world, slot):
    assert kill_at_each_phase(world, slot, "agent", AGENT) == {("not_finished", "transient")}
    world.make_up(slot)


def test_the_engine_killed_at_each_phase(world, slot):
    assert kill_at_each_phase(world, slot, "engine", ENGINE) == {("engine_failed", "unknown")}
    world.make_up(slot)


def test_an_agent_killed_when_the_point_has_just_become_one(world, slot):
    world.arm("borg", "agent", "after", "rename")
    assert world.failure(lambda: world.take(slot)) == ("not_finished", "transient")
    assert set(world.seen()) - set(world.taken) == {"db-" + slot}
    point = world.take(slot)
    assert point["already"]
    world.taken[point["name"]] = point["dump"]["sha256"]


def test_a_full_disk(world, slot):
    assert world.refused(slot, limits={"reserve_bytes": 1 << 50}) == ("disk_full", "capacity"), "not even begun"
    world.arm("zstd", "engine", "full", "-o")
    assert world.refused(slot) == ("disk_full", "capacity")
    world.arm("borg", "engine", "full", "create")
    assert world.refused(slot) == ("disk_full", "capacity")
    world.make_up(slot)


def test_the_same_slot_twice_is_one_point(world, slot):
    first = world.make_up(slot)
    again = world.take(slot)
    assert (again["already"], again["dump"]) == (True, first["dump"])
    world.assert_nothing_lost()


def test_overlapping_runs(world, slot):
    world.arm("pg_dump", "slow")
    order = {"repository": world.repository, "kind": "db", "slot": slot, "now": int(time.time())}
    run = world.backup.start("repo.take", order)
    wait_until(lambda: not world.order("pg_dump").exists())
    assert world.refused(slot) == ("busy", "transient"), "not even the same slot"
    world.go("pg_dump")
    point = world.backup.collect(run)
    world.taken[point["name"]] = point["dump"]["sha256"]
    world.assert_nothing_lost()


def test_another_host_at_the_same_address(world, slot):
    world.endpoints[0].replace_host_key()
    assert world.refused(slot) == ("host_key_changed", "configuration")
    world.connect()
    world.make_up(slot)


def test_in_the_end_every_point_is_what_it_was(world):
    """One for each link of the chain's longest path: what they are made of is rebuilt on the way."""
    newest = max(world.taken)
    answer = world.backup.work("repo.verify", {"repository": world.repository, "names": [newest]})
    assert (answer["ok"], answer["verified"][0]["sha256"]) == (True, world.taken[newest])
