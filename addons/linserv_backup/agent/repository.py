"""One customer's repository on a backup host: its folder, its keys, its lock, its list.

<root>/<repository>/repository.json   where the points come from
                   /passphrase        of borg; made here, never told to anybody
                   /key, /key.pub     with which this host logs in to the customer's host
                   /known_hosts       the customer's host and no other
                   /borg.1/           the repository; borg.2 and so on after a damaged one, which is only read then
                   /tree/             what is being stored, and the mirror of files
                   /cache/            the newest dumps, so that the next patch need not rebuild them
                   /index.json        what is known of the points (checked against borg's list)
                   /marks.json        which points are held, accepted, damaged
                   /working           while borg writes; the next work tidies up when it was cut short
"""

import fcntl
import io
import os
import re
import secrets
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from . import login, point_names, repo_limits
from .borg import Archive, Borg
from .dr_enroll import make_key
from .dr_json import read_json, write_json
from .errors import BackupError
from .peer import Peer
from .repo_index import Index, Listed, Marks
from .zstd import Zstd

SECTION = "backup"
PATIENCE = 20
_GENERATION = re.compile(r"borg\.(\d+)\Z")


class Repository:
    """A repository, by its name.

    :param section: `backup` of agent.json: root, borg, zstd, limits
    :raise BackupError: `argument_invalid`, `config_invalid`
    """

    def __init__(self, section: Dict[str, Any], name: str) -> None:
        root = section.get("root")
        if not isinstance(root, str) or not root.startswith("/"):
            raise BackupError("config_invalid", "agent.json names no root for backups.", "configuration")
        self.name = point_names.check_repository(name)
        self.folder = Path(root) / self.name
        self.limits: Dict[str, Any] = dict(section.get("limits") or {})
        self.borg_program = str(section.get("borg") or "/usr/bin/borg")
        self.zstd = Zstd(str(section.get("zstd") or "/usr/bin/zstd"))

    @property
    def settings(self) -> Dict[str, Any]:
        """What was enrolled.

        :raise BackupError: `repository_unknown`
        """
        known = read_json(self.folder / "repository.json")
        if known is None:
            raise BackupError("repository_unknown", "This host has no repository %s." % self.name, "configuration")
        return known

    @property
    def generations(self) -> List[int]:
        """The numbers of the borg repositories; points are added to the last one."""
        found = (_GENERATION.match(path.name) for path in self.folder.glob("borg.*"))
        return sorted(int(match.group(1)) for match in found if match) or [1]

    def borg(self, generation: Optional[int] = None) -> Borg:
        """Return the borg repository of a generation, the newest by default."""
        number = generation or self.generations[-1]
        return Borg(self.borg_program, self.folder / ("borg.%d" % number), self.folder / "passphrase")

    def peer(self) -> Peer:
        """Return the customer's host."""
        told = self.settings["source"]
        place = (told["address"], told["port"], told["user"])
        return Peer(*place, self.folder / "key", self.folder / "known_hosts", instance=told.get("instance"))

    def index(self, ask: bool = False) -> Index:
        """Return what is known about the points.

        :param ask: compare with borg's own list even when nothing was written since the last time
        """
        index = Index(self.folder)
        seen = self.transactions()
        if index.seen == seen and not ask:
            return index
        listed = self.listed()
        if not index.agrees(listed):
            index.rebuild(self.listed(comments=True))
        index.unreadable = dict(listed.unreadable)
        if index.seen != seen and not listed.unreadable:
            self.save(index, seen)
        return index

    def transactions(self) -> Dict[str, int]:
        """Return the number of the last transaction of each generation, as the names of borg's own files tell it."""
        found: Dict[str, int] = {}
        for number in self.generations:
            names = (path.suffix[1:] for path in (self.folder / ("borg.%d" % number)).glob("index.*"))
            found[str(number)] = max((int(name) for name in names if name.isdigit()), default=0)
        return found

    def listed(self, comments: bool = False) -> Listed:
        """Return what borg lists in all generations.

        :raise BackupError: a repository is in use; one that is damaged is told as unreadable
        """
        found: List[Archive] = []
        unreadable: Dict[int, str] = {}
        for number in self.generations:
            try:
                archives = self.borg(number).list(comments)
            except BackupError as error:
                if error.kind != "data":
                    raise
                unreadable[number] = str(error)[:500]
            else:
                found += [each._replace(generation=number) for each in archives]
        return Listed(found, unreadable)

    @contextmanager
    def lock(self, patience: float = 0.0) -> Iterator[None]:
        """Be the only one who changes the repository.

        :param patience: how many seconds to wait for another one
        :raise BackupError: `repository_unknown`, `busy`
        """
        _ = self.settings
        with io.open(str(self.folder / "lock"), "a") as stream:
            _acquire(stream.fileno(), patience)
            self._tidy()
            yield

    @contextmanager
    def reading(self, exclusive: bool = False) -> Iterator[None]:
        """Read points, beside others who do; or (exclusive) see that nobody does while points go away.

        :raise BackupError: `busy`
        """
        with io.open(str(self.folder / "reading"), "a") as stream:
            _acquire(stream.fileno(), PATIENCE, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
            yield

    @contextmanager
    def marking(self) -> Iterator[Marks]:
        """Change what is noted of points, and keep it.

        :raise BackupError: `busy`
        """
        with io.open(str(self.folder / "marking"), "a") as stream:
            _acquire(stream.fileno(), PATIENCE)
            marks = Marks(self.folder)
            yield marks
            marks.save()

    def _tidy(self) -> None:
        """Remove what a work that died has left; only for the one who holds the lock."""
        for path in self.folder.glob("out.*"):
            if not os.path.exists("/proc/" + path.name.split(".")[1]):
                shutil.rmtree(str(path), ignore_errors=True)
        if (self.folder / "working").exists():
            borg = self.borg()
            borg.wait()
            borg.delete([each.name for each in borg.list() if each.name.startswith(point_names.PENDING)])
            (self.folder / "working").unlink()

    @contextmanager
    def changing(self) -> Iterator[Borg]:
        """Change the newest borg repository: whatever cuts this short, the next one who has the lock tidies up."""
        (self.folder / "working").touch()
        yield self.borg()
        (self.folder / "working").unlink()

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Have a folder of one's own for something large; it goes away."""
        folder = Path(tempfile.mkdtemp(prefix="out.%d." % os.getpid(), dir=str(self.folder)))
        try:
            yield folder
        finally:
            shutil.rmtree(str(folder), ignore_errors=True)

    def begin_generation(self) -> int:
        """Make a new borg repository that takes the points from now on; the old one is only read. Return its number."""
        number = self.generations[-1] + 1
        self._make_borg(number)
        return number

    def drop_generation(self, number: int) -> None:
        """Remove a former borg repository as a whole."""
        for name in ("borg.%d" % number, "borg.%d.home" % number):
            shutil.rmtree(str(self.folder / name))

    def make(self) -> None:
        """Make what is missing of the folder: keys, passphrase, the first borg repository."""
        for name in ("tree", "cache"):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)
        _make_secret(self.folder / "passphrase")
        make_key(self.folder / "key")
        if not (self.folder / "borg.1" / "config").exists():
            self._make_borg(1)

    def _make_borg(self, number: int) -> None:
        """Make it under another name first: one cut short is never taken for a whole one."""
        draft = Borg(self.borg_program, self.folder / "borg.new", self.folder / "passphrase")
        for name in ("borg.new", "borg.new.home"):
            shutil.rmtree(str(self.folder / name), ignore_errors=True)
        draft.init(repo_limits.read(self.limits).reserve_bytes)
        shutil.rmtree(str(self.folder / "borg.new.home"), ignore_errors=True)
        os.rename(str(draft.folder), str(self.folder / ("borg.%d" % number)))

    def save(self, index: Index, seen: Optional[Dict[str, int]] = None) -> None:
        """Keep the index if the disk takes it; if not, it is made again out of borg's list.

        :param seen: the transactions that it stands for; the present ones only for one who holds the lock
        """
        try:
            index.save(self.transactions() if seen is None else seen)
        except OSError:
            return


def open(context: Any, name: str) -> Any:  # noqa: A001  (repository.open reads as what it does)
    """Return the points of a repository of this host: `.list()`, `.rebuild(name, folder)` and so on.

    :raise BackupError: `repository_unknown`
    """
    from .points import Points  # noqa: PLC0415  (it builds on this module)

    repository = Repository(context.config.get_section(SECTION), name)
    _ = repository.settings
    return Points(repository)


def enroll(section: Dict[str, Any], name: str, source: Dict[str, Any], days: Dict[str, int]) -> Dict[str, Any]:
    """Make the repository, or bring what is known of its source up to date; what it holds stays.

    :param source: address, port, user, instance, host_keys, agent
    :param days: for how many days points of a kind are kept at least, {"db": 90}
    :raise BackupError: `argument_invalid`
    """
    repository = Repository(section, name)
    login.check_place(source.get("address"), source.get("port"), source.get("user"))
    folder = repository.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with io.open(str(folder / "lock"), "a") as stream:
        _acquire(stream.fileno(), 60)
        login.write_known_hosts(folder / "known_hosts", source.get("host_keys") or [])
        repository.make()
        before = read_json(folder / "repository.json") or {"created": int(time.time())}
        kept = {key: source.get(key) for key in ("address", "port", "user", "instance", "agent")}
        kept_days = {**(before.get("days") or {}), **_checked_days(days)}
        known = dict(before, format=1, repository=name, source=kept, days=kept_days)
        write_json(folder / "repository.json", known)
    public_key = " ".join((folder / "key.pub").read_text().split()[:2])
    return {"public_key": public_key, "created": before["created"], "generation": repository.generations[-1]}


def _checked_days(days: Dict[str, Any]) -> Dict[str, int]:
    for kind, number in days.items():
        if kind not in point_names.KINDS or type(number) is not int or not 0 < number < 10000:
            raise BackupError("argument_invalid", "This is no number of days.", "configuration")
    return days


def _acquire(descriptor: int, patience: float, kind: int = fcntl.LOCK_EX) -> None:
    limit = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return
        except OSError:
            if time.monotonic() >= limit:
                raise BackupError("busy", "Somebody else works in this repository.", "transient") from None
            time.sleep(0.1)


def _make_secret(path: Path) -> None:
    """Make a passphrase that stays on this host; one that is there stays as it is."""
    if path.exists() and path.stat().st_size:
        return
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_urlsafe(48) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.rename(str(draft), str(path))
