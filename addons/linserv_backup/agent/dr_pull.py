"""Pulls one copy a day from a backup host: the newest good database point with its files.

Phases, each of which may be cut at any moment: pull into `staging/<point>/`, store, read back, prove. What a cut leaves
is used or dropped by the next attempt; a copy counts from the instant in which its tag says `proved`, never before.
"""

import hashlib
import os
import shutil
import tarfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from . import dr_rules, dr_tree
from .dr_copies import Copies
from .dr_json import read_json, write_json
from .dr_points import Point
from .engine import Running
from .errors import BackupError

COMPRESSION = ["-q", "-3", "--rsyncable", "-c"]
MARGIN_BYTES = 64 << 20
PACK_SECONDS = 6 * 3600
Progress = Callable[[int, int, str], None]
Sink = Callable[[bytes], Any]


class Source:
    """The backup host as this side sees it: it lists points and hands out one of them, nothing else."""

    def points(self) -> List[Dict[str, Any]]:
        """Return the points of the repository."""
        raise NotImplementedError

    def dump(self, name: str, sink: Sink, size: int) -> Dict[str, Any]:
        """Hand over the dump of a point; return its manifest."""
        raise NotImplementedError

    def names(self, name: str) -> List[str]:
        """Return the names of the files that belong to a point."""
        raise NotImplementedError

    def files(self, name: str, names: List[str], folder: Path) -> List[str]:
        """Write these files of a point below the folder; return the names of those that are not there."""
        raise NotImplementedError


class Order(NamedTuple):
    """What is pulled: for which slot, by Odoo's clock; `name` asks for one point in place of the newest."""

    slot: str
    now: int
    agent: str
    name: Optional[str] = None


def pull(copies: Copies, source: Source, order: Order, progress: Progress) -> Dict[str, Any]:
    """Make the copy of the slot's day, or return the one that is there.

    :return: the copy's manifest, with `already`
    :raise BackupError: `nothing_newer`, `busy`, `damaged`, or what source, disk and engines say; nothing counts then
    """
    slot = dr_rules.parse_slot(order.slot)
    with copies.lock():
        points = copies.points()
        done = dr_rules.find_of_day([point.copy() for point in points], slot)
        if done is not None:
            return dict(copies.manifest(copies.find(done.name)), already=True)
        copies.drop_pending()
        known = [copies.manifest(point) for point in points if point.state == "proved"]
        chosen = find(source.points(), order.name) if order.name else choose(source.points(), known)
        manifest = Attempt(copies, source, order, progress).make(chosen, points)
        return dict(manifest, already=False)


def choose(offered: List[Dict[str, Any]], known: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Return the newest good database point, provided it is newer than what the last copy was made of.

    :raise BackupError: `nothing_newer`
    """
    good = [point for point in offered if point.get("kind") == "db" and point.get("judged") in ("good", "accepted")]
    newest = max(good, key=lambda point: str(point.get("slot")), default=None)
    last = max((str(manifest["source"]["slot"]) for manifest in known), default="")
    if newest is None or str(newest.get("slot")) <= last:
        raise BackupError(
            "nothing_newer", "The backup host has no good point newer than %s." % (last or "-"), "transient"
        )
    dr_rules.parse_slot(str(newest["slot"]))
    return newest


def find(offered: List[Dict[str, Any]], name: str) -> Dict[str, Any]:
    """Return the good database point of this name: a damaged copy is made again out of the point that it was.

    :raise BackupError: `point_unknown`
    """
    for point in offered:
        if point.get("name") == name and point.get("kind") == "db" and point.get("judged") in ("good", "accepted"):
            dr_rules.parse_slot(str(point["slot"]))
            return point
    raise BackupError("point_unknown", "The backup host has no good point %s." % name[:80], "data")


class Attempt:
    """One attempt to make a copy."""

    def __init__(self, copies: Copies, source: Source, order: Order, progress: Progress) -> None:
        self._copies = copies
        self._source = source
        self._order = order
        self._progress = progress
        self._began = time.monotonic()
        self._seconds: Dict[str, float] = {}

    def make(self, chosen: Dict[str, Any], points: List[Point]) -> Dict[str, Any]:
        """Pull, store, read back, prove; return the manifest."""
        staging = self._open_staging(str(chosen["name"]))
        self._progress(0, 4, "pulling")
        manifest = self._pull(chosen, staging, points)
        self._progress(1, 4, "storing")
        point = self._copies.store(staging / "tree", manifest)
        self._mark("store")
        self._progress(2, 4, "reading back")
        self._copies.read_back(point)
        self._mark("read_back")
        self._progress(3, 4, "proving")
        proved = self._copies.prove(point)
        final = dict(manifest, seconds=dict(self._seconds), bytes_stored=proved.added)
        self._copies.index(final)
        shutil.rmtree(str(staging.parent), ignore_errors=True)
        return final

    def _open_staging(self, name: str) -> Path:
        """Return the folder of this point; what was begun for another one is thrown away."""
        folder = self._copies.folder / "staging"
        folder.mkdir(mode=0o700, exist_ok=True)
        for other in folder.iterdir():
            if other.name != name:
                shutil.rmtree(str(other))
        (folder / name / "tree" / "filestore").mkdir(mode=0o700, parents=True, exist_ok=True)
        for draft in (folder / name / "tree" / "filestore").glob("*/.*"):
            draft.unlink()
        return folder / name

    def _pull(self, chosen: Dict[str, Any], staging: Path, points: List[Point]) -> Dict[str, Any]:
        tree = staging / "tree"
        self._check_room(int(chosen["dump"]["bytes"]))
        original = self._pull_dump(chosen, staging)
        names = [name for name in self._source.names(str(chosen["name"])) if dr_tree.is_file_name(name)]
        self._seed(set(names), tree, points)
        odd, lacking = self._pull_files(str(chosen["name"]), names, tree)
        manifest = self._describe(original, chosen, tree, odd, lacking)
        write_json(tree / dr_tree.MANIFEST, manifest)
        self._mark("pull")
        return manifest

    def _pull_dump(self, chosen: Dict[str, Any], staging: Path) -> Dict[str, Any]:
        """Bring the dump, packed; one that was brought whole by an earlier attempt is kept."""
        known = read_json(staging / "dump.json")
        if known is not None:
            return known
        digest = hashlib.sha256()
        with Packer(self._copies.zstd, staging / "tree" / dr_tree.DUMP) as packer:

            def take(piece: bytes) -> None:
                digest.update(piece)
                packer.write(piece)

            manifest = self._source.dump(str(chosen["name"]), take, int(chosen["dump"]["bytes"]))
            packer.close()
        if digest.hexdigest() != manifest["dump"]["sha256"]:
            raise BackupError("damaged", "The dump that came is not the one that was proved.", "data")
        write_json(staging / "dump.json", manifest)
        return manifest

    def _seed(self, wanted: "set[str]", tree: Path, points: List[Point]) -> None:
        """Take the files that the last copy has from there: only new ones travel."""
        last = max((point for point in points if point.state == "proved"), key=lambda point: point.slot, default=None)
        missing = {name for name in wanted if not (tree / dr_tree.FILES / name).exists()}
        if last is None or not missing:
            return
        try:
            with self._copies.repository(last.generation).read(last.ids[0]) as tar:
                _extract(tar, missing, tree / dr_tree.FILES)
        except BackupError as error:
            if error.kind != "data":
                raise
            self._progress(0, 4, "the last copy is damaged; all files are pulled")

    def _pull_files(self, point: str, names: List[str], tree: Path) -> "tuple[Dict[str, str], List[str]]":
        """Bring what is still missing; return what differs from its name, and what nobody has."""
        odd, wanted = _look(tree, names)
        lacking = self._source.files(point, wanted, tree / dr_tree.FILES) if wanted else []
        odd, left = _look(tree, names)
        lost = sorted(set(left) - set(lacking) - set(odd))
        if lost:
            raise BackupError("connection_lost", "%d files did not come, first %s." % (len(lost), lost[0]), "transient")
        return odd, sorted(lacking)

    def _describe(
        self, original: Dict[str, Any], chosen: Dict[str, Any], tree: Path, odd: Dict[str, str], lacking: List[str]
    ) -> Dict[str, Any]:
        stored = sorted(str(path.relative_to(tree / dr_tree.FILES)) for path in (tree / dr_tree.FILES).glob("*/*"))
        size = sum((tree / dr_tree.FILES / name).stat().st_size for name in stored)
        files = dict(original.get("files") or {}, count=len(stored), bytes=size, root=dr_rules.root_of(stored), odd=odd)
        tools = dict(original.get("tools") or {}, restic=self._copies.restic.version(), dr_agent=self._order.agent)
        packed = (tree / dr_tree.DUMP).stat().st_size
        origin = {key: original.get(key) for key in ("name", "slot", "generation", "form", "repository")}
        return dict(
            original,
            name="dr-" + self._order.slot,
            kind="dr",
            slot=self._order.slot,
            form="whole",
            base=None,
            generation=self._copies.generations[-1],
            source=dict(origin, name=chosen["name"], slot=chosen["slot"]),
            payload={"name": dr_tree.DUMP, "bytes": packed},
            files=dict(files, missing=sorted({*(files.get("missing") or []), *lacking})),
            tools=tools,
            pulled_at=int(time.time()),
            clock_skew=int(time.time()) - self._order.now,
            seconds={},
        )

    def _check_room(self, size: int) -> None:
        """A disk that cannot take the dump twice (once packed in staging, once stored) is full before we begin."""
        free = shutil.disk_usage(str(self._copies.folder)).free
        if free < 2 * size + MARGIN_BYTES:
            raise BackupError("disk_full", "%d bytes are free, the copy may need %d." % (free, 2 * size), "capacity")

    def _mark(self, phase: str) -> None:
        self._seconds[phase] = round(time.monotonic() - self._began - sum(self._seconds.values()), 2)


class Packer:
    """Packs what is written to it into a file; rsyncable: equal rows make equal blocks, which restic keeps once."""

    def __init__(self, zstd: str, path: Path) -> None:
        read, self._write = os.pipe()
        self._target = open(str(path), "wb")  # noqa: SIM115  (closed by `__exit__`)
        with os.fdopen(read, "rb", 0) as source:
            self._program = Running([zstd, *COMPRESSION], PACK_SECONDS, stdin=source, stdout=self._target)

    def __enter__(self) -> "Packer":
        return self

    def __exit__(self, *_error: Any) -> None:
        self._end_input()
        self._program.kill()
        self._target.close()

    def write(self, piece: bytes) -> None:
        """Take some bytes.

        :raise BackupError: why it takes no more, such as `disk_full`
        """
        view = memoryview(piece)
        try:
            while view:
                view = view[os.write(self._write, view) :]
        except BrokenPipeError:
            self._program.finish()
            raise

    def close(self) -> None:
        """End, and make sure that everything is on the disk."""
        self._end_input()
        self._program.finish()
        os.fsync(self._target.fileno())

    def _end_input(self) -> None:
        if self._write >= 0:
            os.close(self._write)
            self._write = -1


def _look(tree: Path, names: List[str]) -> "tuple[Dict[str, str], List[str]]":
    """Return the files that are there with another hash than their name says, and those that are not there."""
    odd: Dict[str, str] = {}
    missing: List[str] = []
    for name in names:
        try:
            with open(str(tree / dr_tree.FILES / name), "rb") as stream:
                digest = dr_tree.save(stream, None)
        except FileNotFoundError:
            missing.append(name)
            continue
        if digest != dr_tree.digest_of(name):
            odd[name] = digest
    return odd, missing


def _extract(tar: tarfile.TarFile, names: "set[str]", folder: Path) -> None:
    """Write the named files of a copy below the folder."""
    for member in tar:
        name = member.name[len(dr_tree.FILES) :]
        if member.isreg() and member.name.startswith(dr_tree.FILES) and name in names:
            save_file(tar.extractfile(member), folder / name)


def save_file(stream: Any, path: Path) -> None:
    """Write a file of a filestore, whole or not at all."""
    draft = path.with_name("." + path.name)
    dr_tree.save(stream, draft)
    os.replace(str(draft), str(path))
