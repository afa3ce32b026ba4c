"""What is known about the points of a repository, beside it: checked against borg's own list, never instead.

Every archive carries its line of the index as a comment, so that the index can be made again out of borg alone. Borg's
list decides which points exist. What people and checks have said of points (`Marks`) is kept apart and never made
again.
"""

import json
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Set

from . import point_names
from .borg import Archive
from .chain import Link
from .dr_json import read_json, write_json

KEPT = [
    "form",
    "base",
    "anchor",
    "judged",
    "reasons",
    "order",
    "dump_bytes",
    "sha256",
    "rows",
    "files_count",
    "files_bytes",
    "files_root",
    "payload",
    "taken_from",
]


class Marks:
    """`held`: name -> reason. `damaged`: name -> {what, generation}. `accepted`: names. `retired`: name -> epoch, the
    points of former generations (which are only read) that are in the trash; their archives keep their names."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "marks.json"
        known = read_json(self._path) or {}
        self.held: Dict[str, str] = dict(known.get("held") or {})
        self.damaged: Dict[str, Dict[str, Any]] = dict(known.get("damaged") or {})
        self.accepted: List[str] = list(known.get("accepted") or [])
        self.retired: Dict[str, int] = dict(known.get("retired") or {})

    def save(self) -> None:
        """Keep them.

        :raise OSError: nothing was changed
        """
        names = ("held", "damaged", "accepted", "retired")
        write_json(self._path, dict({name: getattr(self, name) for name in names}, format=1))


class Listed(NamedTuple):
    """What borg lists: archives of all generations, and the generations that cannot be listed, with the reason."""

    archives: Sequence[Archive]
    unreadable: Mapping[int, str]


class Index:
    """The points of one repository, by name; `trash` by the names that its archives have now.

    `seen` are the transactions of each generation that it stands for: while they are the same, nothing has changed.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "index.json"
        known = read_json(self._path) or {}
        self.points: Dict[str, Dict[str, Any]] = dict(known.get("points") or {})
        self.trash: Dict[str, Dict[str, Any]] = dict(known.get("trash") or {})
        self.seen: Dict[str, int] = dict(known.get("seen") or {})
        self.unreadable: Dict[int, str] = {}
        self.marks = Marks(folder)

    def save(self, seen: Dict[str, int]) -> None:
        """Keep it, whole.

        :param seen: the transactions that it stands for
        """
        self.seen = seen
        write_json(self._path, {"format": 2, "points": self.points, "trash": self.trash, "seen": seen})

    def agrees(self, listed: Listed) -> bool:
        """Tell whether it says of every archive what borg says; take over the identifiers that it does not know yet."""
        counted = self._choose(listed)
        known = {**self.points, **self.trash}
        if set(counted) != set(known):
            return False
        for name, archive in counted.items():
            if not known[name].get("id"):
                known[name]["id"] = archive.id
        return all(
            (each.id, each.generation) == (known[name]["id"], known[name]["generation"])
            for name, each in counted.items()
        )

    def rebuild(self, listed: Listed) -> None:
        """Make it what borg says; the archives come with their comments. What cannot be listed stays as it was."""
        kept = {name: each for name, each in self.points.items() if each.get("generation") in listed.unreadable}
        found = {name: _entry(each) for name, each in self._choose(listed).items()}
        known = {**kept, **found}
        self.points = {name: entry for name, entry in known.items() if point_names.is_point(name)}
        self.trash = {name: entry for name, entry in known.items() if not point_names.is_point(name)}

    def _choose(self, listed: Listed) -> Dict[str, Archive]:
        """Return the archives that count, one a name: of the newest generation, under the name that says what it is."""
        found: Dict[str, Archive] = {}
        for each in sorted(listed.archives, key=lambda archive: archive.generation):
            retired = self.marks.retired.get("%d:%s" % (each.generation, each.name))
            name = each.name if retired is None else point_names.trash_name(each.name, retired)
            trashed = point_names.read_trash(name)
            if trashed:
                found.pop(trashed.name, None)
            if trashed or point_names.is_point(name):
                found[name] = each
        return found

    def add(self, name: str, entry: Mapping[str, Any], generation: int, stored: int) -> None:
        """Note a new point."""
        self.points[name] = dict(entry, id="", generation=generation, bytes=stored)

    def move_to_trash(self, name: str, now: int) -> None:
        """Note that a point is trash now."""
        self.trash[point_names.trash_name(name, now)] = dict(self.points.pop(name), id="")

    def links(self, kind: str = "db") -> Dict[str, Link]:
        """Return the points as the chain sees them."""
        return {
            name: Link(name, entry.get("base"), bool(entry.get("anchor")), entry.get("order", 0), _is_chained(entry))
            for name, entry in self.points.items()
            if point_names.kind_of(name) == kind
        }

    def is_damaged(self, name: str) -> bool:
        """Tell whether a point is known to be damaged: it was found so, and has not come back in a newer generation."""
        generation = self.points[name].get("generation", 1)
        mark = self.marks.damaged.get(name)
        return generation in self.unreadable or bool(mark and mark.get("generation", 1) >= generation)

    def broken(self) -> Set[str]:
        """Return the names of the damaged points."""
        if self.unreadable:
            return {name for name in self.points if self.is_damaged(name)}
        return {name for name in self.marks.damaged if name in self.points and self.is_damaged(name)}

    def judged(self, name: str) -> str:
        """Return `good`, `suspect`, `accepted` or `damaged`."""
        if self.is_damaged(name):
            return "damaged"
        if name in self.marks.accepted:
            return "accepted"
        return str(self.points[name].get("judged", "good"))

    def last_good(self, kind: str) -> str:
        """Return the newest point of a kind that counts, empty when there is none."""
        names = [name for name in self.points if point_names.kind_of(name) == kind]
        return max((name for name in names if self.judged(name) in ("good", "accepted")), default="")


def summarise(manifest: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the line of the index for a manifest, which is also the comment of its archive."""
    files, dump = manifest["files"], manifest.get("dump") or {}
    flat = {
        "order": manifest["taken_to"],
        "dump_bytes": dump.get("bytes", 0),
        "sha256": dump.get("sha256", ""),
        "files_count": files["count"],
        "files_bytes": files["bytes"],
        "files_root": files["root"],
        "payload": manifest.get("payload") or {},
    }
    told = {**manifest, **flat}
    return {key: told[key] for key in KEPT if key in told}


def to_comment(entry: Mapping[str, Any]) -> str:
    """Return the line as an archive carries it."""
    return json.dumps(entry, separators=(",", ":"), sort_keys=True)


def _entry(archive: Archive) -> Dict[str, Any]:
    try:
        known = json.loads(archive.comment)
    except ValueError:
        known = None
    entry = {key: known[key] for key in KEPT if key in known} if isinstance(known, dict) else {"judged": "suspect"}
    stored = (entry.get("payload") or {}).get("bytes", 0)
    return dict(entry, id=archive.id, generation=archive.generation, bytes=stored)


def _is_chained(entry: Mapping[str, Any]) -> bool:
    return entry.get("form") in ("whole", "patch", "segments")
