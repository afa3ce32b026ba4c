"""Copies on a DR host: real restic and zstd, a day at a time."""

import os
import random
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dr_world import DAY, MORNING, World, flip, name_of  # noqa: E402

from odoo.addons.linserv_backup.agent.errors import BackupError  # noqa: E402

BLOCK = random.Random(1).randbytes(1_500_000)
FILES = [b"an invoice", b"a picture", b""]


def dump_of(day):
    """A dump of 3 MB of which one place differs from day to day."""
    return BLOCK + b"day %d" % day + bytes(range(256)) * 6000


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A repository that was just made: making one takes seconds."""
    return World(tmp_path_factory.mktemp("empty") / "copies").copies.folder.parent


@pytest.fixture
def world(tmp_path, empty):
    shutil.copytree(empty, tmp_path / "copies")
    return World(tmp_path / "copies")


@pytest.fixture(scope="module")
def two_days(tmp_path_factory, empty):
    """Two days' copies, the second with one more file; nobody changes it."""
    folder = tmp_path_factory.mktemp("two") / "copies"
    shutil.copytree(empty, folder)
    world = World(folder)
    world.base = random.Random(2).randbytes(8 << 20)
    world.offer(MORNING - 1800, world.base, FILES)
    world.first = world.pull(MORNING)
    world.offer(MORNING + DAY - 1800, world.base[:-10] + b"0123456789", [*FILES, b"a new file"])
    world.sent.clear()
    world.second = world.pull(MORNING + DAY)
    return world


def test_a_copy_is_read_back_before_it_counts_and_says_what_it_was_made_of(two_days):
    first = two_days.first
    assert (first["name"], first["kind"], first["form"], first["already"]) == (
        "dr-20261101T010000Z",
        "dr",
        "whole",
        False,
    )
    assert first["source"]["name"] == "db-20261101T003000Z"
    assert first["taken_to"] == MORNING - 1795, "the age of the data, not of the copy"
    assert [text for _done, text in two_days.phases][:4] == ["pulling", "storing", "reading back", "proving"]


def test_only_new_files_travel_and_what_is_equal_in_two_dumps_is_stored_once(two_days):
    assert two_days.sent == ["dump", name_of(b"a new file")]
    assert two_days.second["bytes_stored"] < two_days.first["bytes_stored"] / 2


def test_the_same_day_twice_is_one_copy(two_days):
    again = two_days.pull(MORNING + DAY + 3600)
    assert again["already"] and again["name"] == two_days.second["name"]
    assert [point.name for point in two_days.copies.points()] == ["dr-20261101T010000Z", "dr-20261102T010000Z"]


def test_a_copy_comes_back_as_it_was(two_days, tmp_path):
    rebuilt = two_days.copies.rebuild("dr-20261101T010000Z", tmp_path / "out")
    assert rebuilt.dump_path.read_bytes() == two_days.base
    found = {str(path.relative_to(rebuilt.filestore_path)) for path in rebuilt.filestore_path.glob("*/*")}
    assert found == {name_of(data) for data in FILES}


def test_without_a_newer_good_point_there_is_no_new_copy(two_days):
    two_days.offer(MORNING + 2 * DAY, b"half a dump", FILES, judged="suspect")
    with pytest.raises(BackupError) as error:
        two_days.pull(MORNING + 2 * DAY + 60)
    assert (error.value.code, error.value.retryable) == ("nothing_newer", True)


def test_the_manifests_are_made_again_when_the_index_is_lost(two_days):
    for path in (two_days.copies.folder / "index").iterdir():
        path.unlink()
    point = two_days.copies.find("dr-20261102T010000Z")
    assert two_days.copies.manifest(point)["dump"] == two_days.second["dump"]


def test_the_passphrase_is_of_this_host_and_readable_by_nobody_else(two_days):
    path = two_days.copies.folder / "passphrase"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text().strip()) == 64
    assert two_days.copies.folder.stat().st_mode & 0o777 == 0o700


def test_one_flipped_byte_is_found_named_and_the_day_after_is_whole_in_a_new_generation(world):
    world.offer(MORNING - 60, dump_of(1), FILES)
    first = world.pull(MORNING)
    flip(world.copies.restic.folder)
    assert world.copies.restic.check(read_data=True)
    (found,) = world.copies.verify([first["name"]])
    assert found["name"] == first["name"] and found["generation"] == 1
    assert world.copies.find(first["name"]).state == "damaged"
    world.offer(MORNING + 60, dump_of(1), FILES)
    assert world.copies.renew() == 2
    world.make_quick()
    again = world.pull(MORNING + 120)
    assert not again["already"], "a damaged copy is not the copy of its day"
    assert world.copies.verify([again["name"]]) == []
    assert [(point.name, point.state, point.generation) for point in world.copies.points()] == [
        (first["name"], "damaged", 1),
        (again["name"], "proved", 2),
    ]


def test_a_copy_that_shares_a_damaged_block_never_counts(world):
    world.offer(MORNING - 60, dump_of(1), FILES)
    world.pull(MORNING)
    flip(world.copies.restic.folder)
    world.offer(MORNING + DAY - 60, dump_of(1), FILES)
    with pytest.raises(BackupError) as error:
        world.pull(MORNING + DAY)
    assert (error.value.code, error.value.kind) == ("damaged", "data")
    assert [point.name for point in world.copies.points() if point.state == "proved"] == ["dr-20261101T010000Z"]


def test_trash_lasts_a_week_and_then_its_data_is_gone(world):
    world.offer(MORNING - 60, dump_of(1), FILES)
    first = world.pull(MORNING)["name"]
    world.offer(MORNING + DAY - 60, os.urandom(2 << 20), FILES)
    world.pull(MORNING + DAY)
    full = world.copies.sizes()["repository_bytes"]
    world.copies.delete([first], MORNING + 16 * DAY)
    assert world.copies.find(first).state == "trash"
    assert world.copies.purge(MORNING + 20 * DAY) == []
    assert world.copies.purge(MORNING + 23 * DAY) == [first]
    assert world.copies.sizes()["repository_bytes"] < full - 1_000_000
    assert [point.name for point in world.copies.points()] == ["dr-20261102T010000Z"]
    assert world.copies.restic.check(read_data=True) is None


def test_a_file_that_differs_from_its_name_at_the_customer_is_kept_as_it_is(world):
    manifest = world.offer(MORNING - 60, dump_of(1), FILES)
    odd = name_of(b"what it was")
    world.points_by_name[manifest["name"]][2][odd] = b"what a disk made of it"
    copy = world.pull(MORNING)
    assert list(copy["files"]["odd"]) == [odd]
    assert world.copies.verify([copy["name"]]) == []


def test_another_work_holds_the_repository(world):
    world.offer(MORNING - 60, dump_of(1), FILES)
    with world.copies.lock(), pytest.raises(BackupError) as error:
        world.pull(MORNING)
    assert (error.value.code, error.value.retryable) == ("busy", True)
