"""What goes wrong while a copy is made: nothing counts that is not whole, and the next attempt makes it."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dr_world import DAY, MORNING, World, flip, name_of  # noqa: E402

from odoo.addons.linserv_backup.agent import dr_answers, dr_pull  # noqa: E402
from odoo.addons.linserv_backup.agent.errors import BackupError  # noqa: E402

FILES = [b"file %d" % number for number in range(20)]
DUMP = os.urandom(1 << 20)
# Ends whoever the file `armed` beside it names: the agent that started it, or restic itself at work.
PROGRAM = """#!/bin/sh
read -r who verb < {armed} 2>/dev/null
case " $* " in *" $verb "*) ;; *) who=nobody;; esac
if [ "$who" = agent ]; then rm {armed}; kill -9 $PPID; fi
if [ "$who" = engine ]; then rm {armed}; ulimit -c 0; (sleep 0.2; kill -9 $$) & fi
exec /usr/bin/restic "$@"
"""


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return World(tmp_path_factory.mktemp("empty") / "copies").copies.folder.parent


@pytest.fixture
def world(tmp_path, empty):
    shutil.copytree(empty, tmp_path / "copies")
    program = tmp_path / "restic"
    program.write_text(PROGRAM.format(armed=tmp_path / "armed"))
    program.chmod(0o755)
    made = World(tmp_path / "copies", program)
    made.armed = tmp_path / "armed"
    made.offer(MORNING - 60, DUMP, FILES)
    return made


def pull_in_another_process(world, phase=None):
    """The copy, made by a process of its own that dies (`kill -9`) when it says the phase; its wait status."""

    def die(done, _total, _text):
        if done == phase:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        try:
            world.pull(MORNING, hook=die)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1]


def assert_made_in_the_end(world):
    """The next attempt makes one copy, whole (a pull reads it back); nothing of the former ones is left."""
    assert not world.pull(MORNING + 600)["already"]
    (point,) = world.copies.points()
    assert (point.state, len(point.ids)) == ("proved", 1)
    assert not (world.copies.folder / "staging").exists()


def test_the_agent_is_killed_before_pulling_storing_reading_back_and_proving(world):
    for phase in range(4):
        assert pull_in_another_process(world, phase) == signal.SIGKILL
        assert [point.state for point in world.copies.points() if point.state != "pending"] == []
    assert_made_in_the_end(world)
    assert world.copies.restic.check(read_data=True) is None


def test_the_agent_is_killed_while_restic_works(world):
    for verb in ("backup", "dump", "tag"):
        world.armed.write_text("agent %s\n" % verb)
        assert pull_in_another_process(world) == signal.SIGKILL
    points = [point.state for point in world.copies.points()]
    if points == ["proved"]:
        return  # restic had changed the tag before it heard of the death
    assert_made_in_the_end(world)


@pytest.mark.parametrize("verb", ["backup", "dump"])
def test_restic_is_killed(world, verb):
    world.offer(MORNING - 60, os.urandom(48 << 20), FILES)
    world.armed.write_text("engine %s\n" % verb)
    try:
        world.pull(MORNING)
    except BackupError as error:
        assert "killed by signal 9" in str(error)
        assert_made_in_the_end(world)
    else:
        assert not world.armed.exists(), "restic was faster than the one that should kill it"


def test_the_line_is_cut_in_the_middle_of_the_dump(world, monkeypatch):
    whole = world.dump

    def cut(name, sink, size):
        sink(DUMP[: len(DUMP) // 2])
        raise BackupError("connection_lost", "The line was cut.", "transient")

    monkeypatch.setattr(world, "dump", cut)
    with pytest.raises(BackupError) as error:
        world.pull(MORNING)
    assert error.value.retryable
    monkeypatch.setattr(world, "dump", whole)
    assert_made_in_the_end(world)


def test_the_line_is_cut_between_two_files_and_what_came_does_not_travel_again(world, monkeypatch):
    whole = world.files

    def cut(name, names, folder):
        whole(name, names[:12], folder)
        raise BackupError("connection_lost", "The line was cut.", "transient")

    monkeypatch.setattr(world, "files", cut)
    with pytest.raises(BackupError):
        world.pull(MORNING)
    monkeypatch.setattr(world, "files", whole)
    world.sent.clear()
    assert_made_in_the_end(world)
    assert len(world.sent) == 8, "neither the dump nor the twelve files came again"


def test_a_dump_that_is_not_the_proved_one_is_refused(world, monkeypatch):
    whole = world.dump

    def garbage(name, sink, size):
        sink(b"\0" * size)
        return world.points_by_name[name][0]

    monkeypatch.setattr(world, "dump", garbage)
    with pytest.raises(BackupError) as error:
        world.pull(MORNING)
    assert (error.value.code, error.value.kind) == ("damaged", "data")
    monkeypatch.setattr(world, "dump", whole)
    assert_made_in_the_end(world)


def test_a_file_that_nobody_sends_stops_the_copy(world, monkeypatch):
    monkeypatch.setattr(world, "files", lambda name, names, folder: [])
    with pytest.raises(BackupError) as error:
        world.pull(MORNING)
    assert error.value.code == "connection_lost"


def test_a_file_that_the_backup_host_lacks_is_told_in_the_manifest(world, monkeypatch):
    monkeypatch.setattr(world, "names", lambda name: sorted(name_of(data) for data in [*FILES, b"gone"]))
    whole = world.files
    monkeypatch.setattr(
        world,
        "files",
        lambda name, names, folder: (
            whole(name, [n for n in names if n != name_of(b"gone")], folder) + [name_of(b"gone")]
        ),
    )
    assert world.pull(MORNING)["files"]["missing"] == [name_of(b"gone")]


def test_a_disk_without_room_is_refused_before_anything_travels(world, monkeypatch):
    monkeypatch.setattr(dr_pull, "MARGIN_BYTES", 1 << 60)
    with pytest.raises(BackupError) as error:
        world.pull(MORNING)
    assert (error.value.code, error.value.kind) == ("disk_full", "capacity")
    assert world.sent == []


@pytest.mark.parametrize("where", ["data", "index", "snapshots", "keys"])
def test_a_flipped_byte_anywhere_is_found_by_the_check(world, where):
    first = world.pull(MORNING)["name"]
    flip(world.copies.restic.folder, where)
    try:
        said = dr_answers.scrub(world.copies, world.note)
    except BackupError as error:
        assert error.kind in ("data", "configuration")
    else:
        assert not said["ok"]
        assert [entry["name"] for entry in said["damaged"]] in ([first], [])


def test_the_clock_of_odoo_a_hundred_days_ahead_deletes_nothing(world):
    first = world.pull(MORNING)["name"]
    own = dr_answers.now()
    for verb in (
        lambda: dr_answers.delete(world.copies, [first], own + 100 * DAY, None),
        lambda: dr_answers.purge(world.copies, own + 100 * DAY),
    ):
        with pytest.raises(BackupError) as error:
            verb()
        assert error.value.code == "clocks_differ"
    assert [point.state for point in world.copies.points()] == ["proved"]


def test_both_clocks_a_hundred_days_ahead_delete_nothing(world, monkeypatch):
    first = world.pull(MORNING)["name"]
    world.offer(MORNING + DAY - 60, DUMP + b"more", FILES)
    last = world.pull(MORNING + DAY)["name"]
    monkeypatch.setattr(dr_answers, "now", lambda: MORNING + 100 * DAY)
    for names in ([first], [last], [first, last]):
        with pytest.raises(BackupError) as error:
            dr_answers.delete(world.copies, names, MORNING + 100 * DAY, last)
        assert error.value.code in ("frozen", "last_proved")
    assert [point.state for point in world.copies.points()] == ["proved", "proved"]


def test_a_deletion_goes_to_the_trash_once_and_its_repetition_changes_nothing(world, monkeypatch):
    first = world.pull(MORNING)["name"]
    world.offer(MORNING + 15 * DAY - 60, DUMP + b"more", FILES)
    last = world.pull(MORNING + 15 * DAY)["name"]
    monkeypatch.setattr(dr_answers, "now", lambda: MORNING + 15 * DAY)
    for _time in range(2):
        assert dr_answers.delete(world.copies, [first], MORNING + 15 * DAY, last)["deleted"] == [first]
    listed = dr_answers.listing(world.copies)
    assert [point["name"] for point in listed["points"]] == [last]
    assert listed["trash"] == [{"name": first, "trashed": MORNING + 15 * DAY}]
