"""What a repository of real borg does when work is cut short, its disk is damaged, or a generation is over."""

import hashlib
import os
import time

import pytest

from odoo.addons.linserv_backup.agent import file_list, point_names, repo_answers, repo_heal, repo_trash, repository
from odoo.addons.linserv_backup.agent.errors import BackupError
from odoo.addons.linserv_backup.agent.points import Points
from odoo.addons.linserv_backup.agent.repo_store import Load, Store
from odoo.addons.linserv_backup.agent.segments import Part

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFp0K8m1gQ6Yb0v1yTQ3m9yQe2JmX0n1k7m3w5v7c9Zb"
SOURCE = {"address": "127.0.0.1", "port": 22, "user": "linserv", "instance": "norrvik", "host_keys": [KEY]}
DAY = point_names.DAY
NOW = int(time.time())
OLD, NEW = point_names.format_slot(NOW - 95 * DAY), point_names.format_slot(NOW - 60)
pytestmark = pytest.mark.skipif(not os.environ.get("LINSERV_BORG"), reason="borg is in the root only")


class Host:
    """A backup host's folder; points are put there without a customer's host."""

    def __init__(self, folder):
        limits = {"reserve_bytes": 10_000_000}
        self.section = {"root": str(folder), "borg": os.environ["LINSERV_BORG"], "limits": limits}
        self.enrolled = repository.enroll(self.section, "norrvik", SOURCE, {"db": 90})
        self.repository = repository.Repository(self.section, "norrvik")
        self.tree = self.repository.folder / "tree"

    def put(self, slot, dump=b"PGDMP"):
        """A point that stands alone."""
        store = Store(self.repository, self.repository.index())
        (self.tree / "dump").write_bytes(dump)
        part = Part("dump", len(dump), hashlib.sha256(dump).hexdigest())
        listed = store.write(file_list.WHOLE, "")
        return store.put(self.manifest(slot, part), Load([part, listed]))

    def manifest(self, slot, part):
        files = {"count": 0, "bytes": 0, "root": file_list.root_of([]), "missing": []}
        dump = {"bytes": part.bytes, "sha256": part.sha256}
        manifest = {"format": 1, "kind": "db", "name": "db-" + slot, "slot": slot, "form": "whole", "base": None}
        manifest.update(anchor=True, taken_from=1.0, taken_to=2.0, dump=dump, payload=dict(dump, name="dump"))
        return dict(manifest, counts={"a": 1}, rows=1, files=files, judged="good", reasons=[])

    def listed(self):
        return repo_answers.listing(self.repository)

    def names(self):
        return [point["name"] for point in self.listed()["points"]]

    def delete(self, *slots):
        return repo_trash.delete(self.repository, ["db-" + slot for slot in slots], NOW, None)


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_enrolling_twice_changes_nothing_of_what_is_there(host):
    again = repository.enroll(host.section, "norrvik", dict(SOURCE, port=2222), {"fs": 30})
    assert again == host.enrolled
    assert host.repository.settings["source"]["port"] == 2222
    assert host.repository.settings["days"] == {"db": 90, "fs": 30}
    assert (host.repository.folder / "passphrase").stat().st_mode & 0o777 == 0o600


def test_what_a_cut_left_counts_for_nothing_and_is_swept(host, monkeypatch):
    def die(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Store, "_read_back", die)
        host.put(OLD)
    assert host.names() == []
    with host.repository.lock():
        assert host.repository.borg().list() == []


def test_a_repository_that_gives_back_something_else_gets_no_point(host):
    part = Part("dump", 5, hashlib.sha256(b"other").hexdigest())
    (host.tree / "dump").write_bytes(b"PGDMP")
    with pytest.raises(BackupError) as error:
        Store(host.repository, host.repository.index()).put(host.manifest(NEW, part), Load([part]))
    assert error.value.code == "read_back_differs"
    assert host.names() == []


def test_the_list_is_made_again_out_of_borg_alone(host):
    host.put(OLD, b"PGDMP one")
    before = host.listed()["points"]
    (host.repository.folder / "index.json").unlink()
    after = host.listed()["points"]
    assert [dict(point, bytes=0) for point in after] == [dict(point, bytes=0) for point in before]
    host.repository.borg().rename("db-" + OLD, "by-hand")
    assert host.names() == []


def test_a_damaged_generation_is_only_read_and_goes_when_nothing_of_it_is_wanted(host):
    host.put(OLD)
    assert repo_heal.renew(host.repository, 1) == repo_heal.renew(host.repository, 1) == {"generation": 2}
    host.put(OLD, b"PGDMP healed")
    host.put(NEW)
    assert {point["generation"] for point in host.listed()["points"]} == {2}
    host.delete(OLD)
    assert repo_trash.purge(host.repository, NOW)["purged"] == []
    age_trash(host)
    repo_trash.purge(host.repository, NOW)
    assert host.repository.generations == [2]
    listed = host.listed()
    assert ([point["name"] for point in listed["points"]], listed["trash"]) == (["db-" + NEW], [])


def age_trash(host):
    """Eight days pass."""
    then = NOW - 8 * DAY
    name, borg = "db-" + OLD, host.repository.borg()
    trashed = next(each.name for each in borg.list() if each.name.endswith(name))
    borg.rename(trashed, point_names.trash_name(name, then))
    with host.repository.marking() as marks:
        marks.retired = dict.fromkeys(marks.retired, then)


def test_a_repository_that_cannot_be_listed_hides_none_of_its_points(host):
    host.put(NEW)
    for path in (host.repository.folder / "borg.1" / "data").glob("*/*"):
        path.write_bytes(b"\0" * path.stat().st_size)
    listed = host.listed()
    assert [point["judged"] for point in listed["points"]] == ["damaged"]
    assert [each["name"] for each in listed["damaged"]] == ["db-" + NEW]
    with pytest.raises(BackupError) as error:
        Points(host.repository).verify("db-" + NEW)
    assert error.value.kind == "data"


def test_a_point_that_is_stored_whole_comes_back_and_is_kept(host, tmp_path):
    (tmp_path / "point" / "filestore").mkdir(parents=True)
    (tmp_path / "point" / "dump").write_bytes(b"PGDMP")
    part = Part("dump", 5, hashlib.sha256(b"PGDMP").hexdigest())
    with host.repository.lock():
        Points(host.repository).store(tmp_path / "point", host.manifest(NEW, part))
    rebuilt = Points(host.repository).rebuild("db-" + NEW, tmp_path / "back")
    assert rebuilt.dump_path.read_bytes() == b"PGDMP"
    with pytest.raises(BackupError) as error:
        Points(host.repository).delete(["db-" + NEW], NOW, None)
    assert error.value.code == "last_proved"


def test_two_works_never_meet(host):
    with host.repository.lock(), pytest.raises(BackupError) as error, host.repository.lock():
        pass
    assert (error.value.code, error.value.retryable) == ("busy", True)
