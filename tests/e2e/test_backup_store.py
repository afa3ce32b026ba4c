"""The backup host's engine, end to end: points taken from a real database, proved, listed, rebuilt, kept and let go."""

import os
import time

import pytest
from backup_faults import SmallDatabase
from backup_world import BackupWorld

from odoo.addons.linserv_hosting.adapters.errors import HostError

HALF_HOUR = 1800
DAY = 86400


def slot_at(moment):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))


def now():
    return int(time.time())


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    database = SmallDatabase("e2e_store_%d" % os.getpid())
    database.go_on(1)
    with BackupWorld(tmp_path_factory.mktemp("store"), database) as made:
        made.connect()
        made.connect_dr()
        made.start = (now() - 600) // HALF_HOUR * HALF_HOUR
        made.old = made.start // DAY * DAY - 95 * DAY
        yield made
    database.drop()


@pytest.fixture(scope="module")
def points(world):
    """Two points of a day that is over, and one of now with a change in between."""
    made = [world.take(slot_at(world.old)), world.take(slot_at(world.old + HALF_HOUR))]
    world.database.go_on(2)
    return [*made, world.take(slot_at(world.start))]


def refused(function, *args, **kwargs):
    with pytest.raises(HostError) as error:
        function(*args, **kwargs)
    return error.value.code


def ask(world, verb, **args):
    return world.backup.work(verb, {"repository": world.repository, **args})


def test_points_are_whole_once_a_day_and_patches_after(points):
    assert [point["form"] for point in points] == ["whole", "patch", "whole"]
    assert points[1]["base"] == points[0]["name"]
    assert points[1]["bytes_stored"] < 6000 < points[0]["bytes_stored"]
    assert [point["files"]["count"] for point in points] == [1, 1, 1]
    assert points[2]["files"]["root"] != points[1]["files"]["root"]
    assert [point["judged"] for point in points] == ["good"] * 3


def test_the_same_slot_twice_makes_no_second_point(world, points):
    before = world.points()
    again = world.take(slot_at(world.start))
    assert again["already"]
    assert again["dump"] == points[2]["dump"]
    assert world.points() == before


def test_a_point_comes_back_as_it_was(world, points):
    verified = ask(world, "repo.verify", names=[points[1]["name"]])
    assert verified["ok"]
    assert [each["sha256"] for each in verified["verified"]] == [points[1]["dump"]["sha256"]]
    assert verified["verified"][0]["files"] == 1


def test_a_point_of_the_file_system(world):
    first = world.take(slot_at(world.start), "fs")
    again = world.take(slot_at(world.start + 60), "fs")
    assert (first["form"], first["judged"]) == ("files", "good")
    assert first["folders"] == {"configuration": 1, "filestore": 0}
    assert again["files"]["new"] == 0
    assert ask(world, "repo.verify", names=[again["name"]])["ok"]


def test_points_are_let_go_by_rules_only(world, points):
    old, kept = [point["name"] for point in points[:2]], points[2]["name"]
    told = {"now": now(), "proved": kept}
    delete = lambda names, **args: ask(world, "repo.delete", **{"names": names, **told, **args})  # noqa: E731
    assert refused(delete, old, now=now() + 400) == "clocks_differ"
    assert refused(delete, [kept]) == "last_proved"
    assert refused(delete, old[:1]) == "base_of_others"
    assert ask(world, "repo.hold", names=old[:1], reason="a restore")["held"] == {old[0]: "a restore"}
    assert refused(delete, old) == "held"
    ask(world, "repo.release", names=old[:1], reason="")
    assert delete(old)["deleted"] == old
    assert delete(old)["deleted"] == old
    listed = world.backup.ask("repo.list", {"repository": world.repository})
    assert sorted(each["name"] for each in listed["trash"]) == old
    assert not set(old) & set(world.points())


def test_a_database_that_lost_its_rows_is_suspect_until_a_person_accepts_it(world, points):
    world.change("DELETE FROM res_partner WHERE id % 2 = 0")
    lost = world.take(slot_at(world.start + 120))
    assert (lost["judged"], lost["reasons"]) == ("suspect", ["rows_down", "all_rows_down"])
    assert lost["lost"][0].startswith("res_partner: ")
    assert world.points()[lost["name"]]["judged"] == "suspect"
    assert ask(world, "repo.accept", name=lost["name"])["judged"] == "accepted"
    assert world.points()[lost["name"]]["judged"] == "accepted"


def test_a_flipped_byte_is_found_named_and_healed_from_the_dr_host(world, points):
    name = points[2]["name"]
    order = {"repository": world.repository, "slot": slot_at(world.start), "now": now(), "name": name}
    copy = world.dr.work("dr.pull", order)
    assert ask(world, "repo.check")["ok"]
    flip(world)
    checked = ask(world, "repo.check")
    assert name in [each["name"] for each in checked["damaged"]]
    assert world.points()[name]["judged"] == "damaged"
    assert ask(world, "repo.renew", generation=checked["generation"]) == {"generation": 2}
    offer = world.dr.ask("dr.offer", {"repository": world.repository})
    world.backup.ask("key.authorize", {"public_key": offer["public_key"], "role": "heal"})
    target = world.backup.address(world.agent)
    world.dr.work("dr.heal", {"repository": world.repository, "names": [copy["name"]], "target": target})
    assert ask(world, "repo.verify", names=[each["name"] for each in checked["damaged"]])["ok"]
    assert (world.points()[name]["generation"], world.points()[name]["judged"]) == (2, "good")


def flip(world):
    """One byte of the newest large segment: that of the last point which stands alone."""
    folder = world.folder / "backup" / "repositories" / world.repository / "borg.1" / "data"
    large = [path for path in folder.glob("*/*") if path.stat().st_size > 100_000]
    path = max(large, key=lambda path: int(path.name))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
