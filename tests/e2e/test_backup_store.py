"""The backup host's engine, end to end: points taken from a real database, proved, listed, rebuilt and deleted."""

import time

import pytest
from backup_world import BackupWorld

HALF_HOUR = 1800


def slot_at(moment):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))


@pytest.fixture(scope="module")
def world(tmp_path_factory, database):
    with BackupWorld(tmp_path_factory.mktemp("store"), database) as made:
        made.connect()
        yield made


def test_points_are_taken_once_and_rebuilt(world):
    start = int(time.time()) // HALF_HOUR * HALF_HOUR
    first = world.take(slot_at(start - HALF_HOUR))
    world.change("INSERT INTO res_country_group (name) VALUES ('came later')")
    second = world.take(slot_at(start))
    assert (first["form"], second["form"]) == ("whole", "patch")
    assert second["rows"] == first["rows"] + 1
    again = world.take(slot_at(start))
    assert again["already"] and not second["already"]
    names = [first["name"], second["name"]]
    assert list(world.points()) == names
    verified = world.backup.work("repo.verify", {"repository": world.repository, "names": names})
    assert verified["ok"]
