"""The backup host's engine, end to end: points taken from a real database, proved, listed, rebuilt, kept and let go."""

import time

import pytest
from backup_world import BackupWorld

from odoo.addons.linserv_hosting.adapters.errors import HostError

HALF_HOUR = 1800
DAY = 86400


def slot_at(moment):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))


def now():
    return int(time.time())


@pytest.fixture(scope="module")
def world(tmp_path_factory, database):
    with BackupWorld(tmp_path_factory.mktemp("store"), database) as made:
        made.connect()
        made.start = (now() - 600) // HALF_HOUR * HALF_HOUR
        made.old = made.start - 95 * DAY
        yield made


@pytest.fixture(scope="module")
def points(world):
    """Two points of 95 days ago, and two of now with a change in between."""
    made = [world.take(slot_at(world.old)), world.take(slot_at(world.old + HALF_HOUR))]
    world.change("INSERT INTO res_country_group (name) VALUES ('came later')")
    return [*made, world.take(slot_at(world.start - DAY)), world.take(slot_at(world.start))]


def refused(function, *args, **kwargs):
    with pytest.raises(HostError) as error:
        function(*args, **kwargs)
    return error.value.code


def ask(world, verb, **args):
    return world.backup.work(verb, {"repository": world.repository, **args})


def test_points_are_whole_once_a_day_and_patches_after(world, points):
    assert [point["form"] for point in points] == ["whole", "patch", "whole", "whole"]
    assert points[1]["base"] == points[0]["name"]
    assert points[2]["rows"] == points[0]["rows"] + 1
    assert points[1]["bytes_stored"] < points[0]["bytes_stored"] / 10
    assert [point["judged"] for point in points] == ["good"] * 4


def test_the_same_slot_twice_makes_no_second_point(world, points):
    before = world.points()
    again = world.take(slot_at(world.start))
    assert again["already"]
    assert again["dump"] == points[3]["dump"]
    assert world.points() == before


def test_every_point_comes_back_as_it_was(world, points):
    names = [point["name"] for point in points[:2]]
    verified = ask(world, "repo.verify", names=names)
    assert verified["ok"]
    assert [each["sha256"] for each in verified["verified"]] == [point["dump"]["sha256"] for point in points[:2]]
    assert verified["verified"][1]["files"] == points[1]["files"]["count"] > 20


def test_a_point_of_the_file_system(world):
    first = world.take(slot_at(world.start), "fs")
    again = world.take(slot_at(world.start + 60), "fs")
    assert (first["form"], first["judged"]) == ("files", "good")
    assert first["files"]["count"] > 20
    assert again["files"]["new"] == 0
    assert again["bytes_stored"] < first["bytes_stored"]
    assert ask(world, "repo.verify", names=[first["name"], again["name"]])["ok"]


def test_points_are_let_go_by_rules_only(world, points):
    old, kept = [point["name"] for point in points[:2]], points[3]["name"]
    delete = lambda names, **args: ask(world, "repo.delete", **{"names": names, "now": now(), "proved": kept, **args})  # noqa: E731
    assert refused(delete, old, now=now() + 400) == "clocks_differ"
    assert refused(delete, [kept]) == "last_proved"
    assert refused(delete, [points[2]["name"]]) == "not_expired"
    assert refused(delete, old[:1]) == "base_of_others"
    assert ask(world, "repo.hold", names=old[:1], reason="a restore")["held"] == {old[0]: "a restore"}
    assert refused(delete, old) == "held"
    ask(world, "repo.release", names=old[:1], reason="")
    assert delete(old)["deleted"] == old
    assert delete(old)["deleted"] == old
    listed = world.backup.ask("repo.list", {"repository": world.repository})
    assert sorted(each["name"] for each in listed["trash"]) == old
    assert not set(old) & set(world.points())
    assert ask(world, "repo.purge", now=now())["purged"] == []


def test_a_database_that_lost_its_rows_is_suspect_until_a_person_accepts_it(world, points):
    world.change("DELETE FROM ir_model_fields_selection")
    lost = world.take(slot_at(world.start + 120))
    assert lost["judged"] == "suspect"
    assert "rows_down" in lost["reasons"]
    assert lost["lost"][0].startswith("ir_model_fields_selection: ")
    assert world.points()[lost["name"]]["judged"] == "suspect"
    assert ask(world, "repo.accept", name=lost["name"])["judged"] == "accepted"
    assert world.points()[lost["name"]]["judged"] == "accepted"


def test_the_dr_host_pulls_the_newest_point(world, points):
    world.connect_dr()
    copy = world.dr.work("dr.pull", {"repository": world.repository, "slot": slot_at(world.start), "now": now()})
    assert world.dr.work("dr.verify", {"repository": world.repository, "names": [copy["name"]]})["ok"]
