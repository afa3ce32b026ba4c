"""The copies of one customer's repository on a DR host: restic under a passphrase of this host's own.

    <root>/<repository>/settings.json   where the copies come from, how many days they are kept
                       /key, /known_hosts   the key that this host logs in to the backup host with
                       /passphrase      of restic, made here, never sent anywhere
                       /restic.1/       the repository; restic.2 and so on after a damaged one, which is only read then
                       /index/          a manifest a copy, for lists; made again from the repository when it is gone
                       /held.json, /damaged.json, /lock, /staging/

A snapshot is a copy only when its tag `state` says `proved`: it was read back to the last byte and hashed before that.
"""

import fcntl
import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from . import dr_points, dr_rules, dr_tree
from .dr_json import read_json, write_json
from .dr_points import Point
from .errors import BackupError
from .restic import Restic

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")


class Rebuilt(NamedTuple):
    """A copy on the disk again: its manifest, the dump, the folder of its files."""

    manifest: Dict[str, Any]
    dump_path: Path
    filestore_path: Path


class Copies:
    """One customer's copies; the protocol `store / list / rebuild / verify / delete` on restic.

    :param section: `backup` of agent.json: `root`, `restic`, `zstd`
    :param name: the repository's name
    :raise BackupError: `config_invalid`, `argument_invalid`
    """

    def __init__(self, section: Dict[str, Any], name: str) -> None:
        root = section.get("root")
        if not isinstance(root, str) or not root.startswith("/"):
            raise BackupError("config_invalid", "agent.json names no root for backups.", "configuration")
        if not _NAME.match(name):
            raise BackupError("argument_invalid", "This is no name of a repository.", "configuration")
        self.name = name
        self.folder = Path(root) / name
        self.zstd = str(section.get("zstd") or "/usr/bin/zstd")
        self._program = str(section.get("restic") or "/usr/bin/restic")
        self.unreadable: List[Dict[str, Any]] = []

    @property
    def settings(self) -> Dict[str, Any]:
        """What was told at enrolment.

        :raise BackupError: `not_enrolled`
        """
        settings = read_json(self.folder / "settings.json")
        if settings is None or not self.generations:
            raise BackupError("not_enrolled", "%s is not known on this DR host." % self.name, "configuration")
        return settings

    @property
    def days(self) -> int:
        """How many days a copy is kept."""
        return int(self.settings.get("days", 14))

    @property
    def generations(self) -> List[int]:
        """The numbers of the repositories that there are, oldest first. Only the last one takes copies."""
        found = [path.name[len("restic.") :] for path in self.folder.glob("restic.*") if (path / "config").exists()]
        return sorted(int(number) for number in found if number.isdigit())

    @property
    def restic(self) -> Restic:
        """The repository that takes copies."""
        return self.repository(self.generations[-1])

    def repository(self, generation: int) -> Restic:
        """Return the repository of a generation."""
        return Restic(self._program, self.folder / ("restic.%d" % generation), self.folder / "passphrase")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the repository for a work that changes it; what a dead work left locked is freed.

        :raise BackupError: `busy`
        """
        self.settings  # noqa: B018  (says so when it was never enrolled)
        with open(str(self.folder / "lock"), "w") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BackupError("busy", "Another work holds %s." % self.name, "transient") from None
            self.restic.unlock()
            yield

    def renew(self) -> int:
        """Begin a new generation: the next copies go there, the old repository is only read. Return its number."""
        number = max(self.generations, default=0) + 1
        self.repository(number).init()
        return number

    def points(self) -> List[Point]:
        """Return the copies as the repositories themselves list them, oldest first; a name has one."""
        self.unreadable = []
        found = [point for number in self.generations for point in self._list_or_note(number)]
        noted = [(str(entry["name"]), int(entry["generation"])) for entry in self.damaged()]
        return dr_points.mark(dr_points.join(found), noted)

    def find(self, name: str) -> Point:
        """Return one copy, in the trash or not.

        :raise BackupError: `point_unknown`
        """
        for point in self.points():
            if point.name == name and point.state != "pending":
                return point
        raise BackupError("point_unknown", "There is no copy %s." % name[:80], "configuration")

    def manifest(self, point: Point) -> Dict[str, Any]:
        """Return the manifest of a copy, from the index or else out of the copy itself."""
        known = read_json(self._index(point.name))
        if known is None or known.get("generation") != point.generation:
            data = self.repository(point.generation).read_file(point.ids[0], "/" + dr_tree.MANIFEST)
            known = dict(dr_tree.read_manifest(data), generation=point.generation)
            self.index(known)
        return dict(known, bytes_stored=point.added)

    def index(self, manifest: Dict[str, Any]) -> None:
        """Keep a manifest at hand."""
        path = self._index(manifest["name"])
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_json(path, manifest)

    def store(self, tree: Path, manifest: Dict[str, Any]) -> Point:
        """Store a tree as a copy that does not count yet."""
        slot, generation = dr_rules.parse_slot(manifest["slot"]), self.generations[-1]
        pending = Point(manifest["name"], slot, "pending", None, 0, generation, ())
        summary = self.restic.backup(tree, pending.tags())
        return pending._replace(added=int(summary["data_added"]), ids=(str(summary["snapshot_id"]),))

    def read_back(self, point: Point, folder: Optional[Path] = None) -> Dict[str, Any]:
        """Read a copy to its last byte, hash everything, compare with its manifest; return the manifest.

        :param folder: also write the dump and the files there
        :raise BackupError: `damaged`
        """
        with self.repository(point.generation).read(point.ids[0]) as tar:
            contents = dr_tree.TreeReader(self.zstd, folder).read(tar)
        dr_tree.check(contents)
        return contents.manifest

    def prove(self, point: Point) -> Point:
        """Let a copy count. The caller has read it back."""
        return self._retag(point, point._replace(state="proved"))

    def verify(self, names: Sequence[str]) -> List[Dict[str, Any]]:
        """Read copies back; return those that are damaged, each with what is wrong, and keep note of them."""
        points = [self.find(name) for name in names]
        found = [dict(finding, name=point.name) for point in points for finding in self._examine(point)]
        others = [entry for entry in self.damaged() if entry["name"] not in names]
        write_json(self.folder / "damaged.json", {"damaged": others + found})
        return found

    def damaged(self) -> List[Dict[str, Any]]:
        """Return what the last verifications found."""
        return list((read_json(self.folder / "damaged.json") or {}).get("damaged") or [])

    def rebuild(self, name: str, folder: Path) -> Rebuilt:
        """Bring a copy back to an empty folder, hashed.

        :raise BackupError: `damaged`; nothing in the folder may be used then
        """
        (folder / "filestore").mkdir(mode=0o700, parents=True, exist_ok=True)
        manifest = self.read_back(self.find(name), folder)
        return Rebuilt(manifest, folder / "dump", folder / "filestore")

    def held(self) -> Dict[str, str]:
        """Return name -> reason of the copies that may not be deleted."""
        return dict(read_json(self.folder / "held.json") or {})

    def hold(self, names: Sequence[str], reason: Optional[str]) -> Dict[str, str]:
        """Hold copies for a reason, or (None) let them go; return what is held now."""
        held = {name: why for name, why in self.held().items() if name not in names}
        if reason is not None:
            held.update((self.find(name).name, reason[:200]) for name in names)
        write_json(self.folder / "held.json", held)
        return held

    def delete(self, names: Sequence[str], now: int) -> None:
        """Move copies to the trash; the caller has checked that they may go."""
        for point in [self.find(name) for name in names]:
            if point.state != "trash":
                self._retag(point, point._replace(state="trash", trashed=now))

    def purge(self, now: int) -> List[str]:
        """Remove for good what has been in the trash for a week, and its data; return the names."""
        points = [point for point in self.points() if point.trashed is not None]
        names = dr_rules.purgeable([point.copy() for point in points], now)
        for number in self.generations:
            ids = [each for point in points if point.name in names and point.generation == number for each in point.ids]
            self._remove(number, ids)
        for name in names:
            _unlink(self._index(name))
        return names

    def drop_pending(self) -> None:
        """Forget what a work that died had stored and not proved."""
        points = [point for point in self.points() if point.generation == self.generations[-1]]
        self.restic.forget([each for point in points for each in point.ids[point.state != "pending" :]])

    def sizes(self) -> Dict[str, int]:
        """Return how much room there is and how much the copies take."""
        usage = shutil.disk_usage(str(self.folder))
        size = sum(self.repository(number).size() for number in self.generations)
        return {"free_bytes": usage.free, "total_bytes": usage.total, "repository_bytes": size}

    def _list_or_note(self, generation: int) -> List[Point]:
        """Return what a generation lists. A former one that cannot even be listed hides nothing of the present one."""
        try:
            return self._list(generation)
        except BackupError as error:
            if generation == self.generations[-1] or error.kind == "transient":
                raise
            self.unreadable.append({"generation": generation, "what": str(error)[:500]})
            return []

    def _list(self, generation: int) -> List[Point]:
        read = (dr_points.read(each, generation) for each in self.repository(generation).snapshots())
        return [point for point in read if point is not None]

    def _examine(self, point: Point) -> List[Dict[str, Any]]:
        try:
            self.read_back(point)
        except BackupError as error:
            if error.kind != "data":
                raise
            return [{"what": str(error)[:500], "generation": point.generation}]
        return []

    def _retag(self, point: Point, wanted: Point) -> Point:
        """Change the tags; restic writes the snapshot under another id, so the point returned has none."""
        repository = self.repository(point.generation)
        repository.forget(point.ids[1:])
        repository.retag(point.ids[0], wanted.tags())
        return wanted._replace(ids=())

    def _remove(self, generation: int, ids: Sequence[str]) -> None:
        """Remove snapshots and their data; a former generation goes as a whole when nothing of it is left."""
        repository = self.repository(generation)
        repository.forget(ids)
        if generation == self.generations[-1]:
            if ids:
                repository.prune()
        elif not self._list(generation):
            shutil.rmtree(str(repository.folder))

    def _index(self, name: str) -> Path:
        return self.folder / "index" / (name + ".json")


def _unlink(path: Path) -> None:
    try:
        os.unlink(str(path))
    except OSError:
        return
