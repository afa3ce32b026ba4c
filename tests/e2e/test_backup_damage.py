"""What a damaged repository costs: it is found, named, kept from spreading, and healed from the DR host.

And a point that is being restored outlives its expiry. The rows of docs/backup-failures.md about what is kept; the
tests tell one story, from top to bottom.
"""

import os
import time

import pytest
from backup_faults import FaultyWorld, SmallDatabase, slot_at, wait_until

DAY, HALF_HOUR = 86400, 1800


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two points of a hundred days ago, and three of yesterday: a whole one and two patches."""
    database = SmallDatabase("e2e_damage_%d" % os.getpid())
    with FaultyWorld(tmp_path_factory.mktemp("damage"), database) as made:
        made.connect()
        made.connect_dr()
        yesterday = int(time.time()) // DAY * DAY - DAY
        moments = [yesterday - 99 * DAY, yesterday - 99 * DAY + HALF_HOUR]
        moments += [yesterday + number * HALF_HOUR for number in range(3)]
        made.segments = {}
        names = [take(made, moment, files=number != 3) for number, moment in enumerate(moments)]
        made.old, (made.whole, made.patch, made.later) = names[:2], names[2:]
        made.next_slot = slot_at(yesterday + 3 * HALF_HOUR)
        yield made
    database.drop()


def take(world, moment, files):
    """A point; its name. Which segments of the repository came with it is noted.

    The one that will be damaged has no new file: files are kept once, so a later point would hold the same damaged
    bytes, be found wrong when it is read back, and not come to be.
    """
    world.database.go_on(len(world.segments), files)
    before = set(world.store.glob("data/*/*"))
    name = world.make_up(slot_at(moment))["name"]
    world.segments[name] = set(world.store.glob("data/*/*")) - before
    return name


def ask(world, verb, **args):
    return world.backup.work(verb, {"repository": world.repository, **args})


def flip(path):
    """Turn one bit of one byte in the middle of a file."""
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def delete(world, names):
    return ask(world, "repo.delete", names=names, now=int(time.time()), proved=world.later)


def test_a_held_point_outlives_its_expiry(world):
    ask(world, "repo.hold", names=world.old, reason="a restore")
    assert world.failure(lambda: delete(world, world.old)) == ("held", "unknown")
    ask(world, "repo.release", names=world.old, reason="")
    world.assert_nothing_lost()


def test_a_point_that_expires_while_it_is_being_rebuilt(world):
    """The deletion waits until the rebuilding has ended."""
    world.arm("zstd", "nobody", "slow", "-d")
    order = {"repository": world.repository, "names": world.old[1:]}
    rebuilding = world.backup.start("repo.verify", order)
    wait_until(lambda: not world.order("zstd").exists())
    order = {"repository": world.repository, "names": world.old, "now": int(time.time()), "proved": world.later}
    deleting = world.backup.start("repo.delete", order)
    time.sleep(1)
    world.go("zstd")
    assert world.backup.collect(rebuilding)["ok"]
    assert world.backup.collect(deleting)["deleted"] == world.old
    for name in world.old:
        del world.taken[name]
    world.assert_nothing_lost()


def test_a_flipped_byte_is_found_and_the_points_it_hits_are_named(world):
    args = {"repository": world.repository, "slot": world.patch[3:], "now": int(time.time()), "name": world.patch}
    world.copy = world.dr.work("dr.pull", args)["name"]
    assert ask(world, "repo.check") == {"ok": True, "damaged": [], "said": [], "generation": 1}
    flip(max(world.segments[world.patch], key=lambda path: path.stat().st_size))
    found = ask(world, "repo.check")
    assert (found["ok"], {each["name"] for each in found["damaged"]}) == (False, {world.patch, world.later})
    told = {name: point["judged"] for name, point in world.points().items()}
    assert told == {world.whole: "good", world.patch: "damaged", world.later: "damaged"}
    world.assert_nothing_lost()


def test_a_patch_whose_base_is_damaged_is_not_rebuilt(world):
    answer = ask(world, "repo.verify", names=[world.later, world.whole])
    assert (answer["ok"], [each["name"] for each in answer["damaged"]]) == (False, [world.later])
    assert [each["name"] for each in answer["verified"]] == [world.whole]


def test_no_new_point_is_made_from_a_damaged_one(world):
    world.database.go_on(len(world.segments))
    point = world.make_up(world.next_slot)
    assert point["base"] == world.whole
    assert ask(world, "repo.verify", names=[point["name"]])["ok"]


def test_the_dr_host_heals_the_base_and_what_was_made_from_it(world):
    offer = world.dr.work("dr.offer", {"repository": world.repository})
    assert offer["sources"] == {world.copy: world.patch}
    assert ask(world, "repo.renew", generation=1)["generation"] == 2
    world.backup.ask("key.authorize", {"public_key": offer["public_key"], "role": "heal"})
    target = world.backup.address(world.agent)
    world.dr.work("dr.heal", {"repository": world.repository, "names": [world.copy], "target": target})
    world.backup.ask("key.revoke", {"public_key": offer["public_key"]})
    answer = ask(world, "repo.verify", names=[world.patch, world.later])
    assert answer["ok"]
    assert {each["name"]: each["sha256"] for each in answer["verified"]}.items() <= world.taken.items()
    assert {point["judged"] for point in world.points().values()} == {"good"}
    world.assert_nothing_lost()
