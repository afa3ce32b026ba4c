"""What a backup host answers about a repository: its list, and what came of verifying and checking points."""

import shutil
import time
from typing import Any, Callable, Dict, List, Sequence

from . import point_names
from .errors import BackupError
from .points import Points
from .repository import Repository

Progress = Callable[[int, int, str], None]


def listing(repository: Repository) -> Dict[str, Any]:
    """Return the points that borg itself lists, with marks, room and clock."""
    _ = repository.settings
    index = repository.index(ask=True)
    points = Points(repository, index)
    usage = shutil.disk_usage(str(repository.folder))
    trash = [
        dict(found._asdict(), archive=name) for name in index.trash for found in [point_names.read_trash(name)] if found
    ]
    return {
        "points": points.list(),
        "trash": sorted(trash, key=lambda each: str(each["archive"])),
        "held": {name: why for name, why in index.marks.held.items() if name in index.points},
        "damaged": [describe_damage(points, name) for name in sorted(index.broken())],
        "unreadable": {str(number): why for number, why in index.unreadable.items()},
        "generation": repository.generations[-1],
        "free_bytes": usage.free,
        "total_bytes": usage.total,
        "repository_bytes": sum(repository.borg(number).size() for number in repository.generations),
        "clock": int(time.time()),
    }


def offered(repository: Repository) -> Dict[str, Any]:
    """Return the points as a DR host is told of them."""
    _ = repository.settings
    index = repository.index(ask=True)
    return {"points": Points(repository, index).list(), "clock": int(time.time())}


def describe_damage(points: Points, name: str) -> Dict[str, Any]:
    """Return what is known of a damaged point."""
    entry, mark = points.index.points[name], points.index.marks.damaged.get(name) or {}
    generation = int(entry.get("generation", 1))
    what = mark.get("what") or points.index.unreadable.get(generation) or "damaged"
    return {"name": name, "what": what, "generation": generation}


def verify(repository: Repository, names: Sequence[str], progress: Progress) -> Dict[str, Any]:
    """Rebuild points and hash everything; keep note of those that are damaged.

    :return: ok, verified: what was seen of each good one, damaged: [{name, what, generation}]
    """
    points = Points(repository)
    verified: List[Dict[str, Any]] = []
    found: Dict[str, str] = {}
    for number, name in enumerate(names):
        progress(number, len(names), name)
        try:
            verified.append(points.verify(name))
        except BackupError as error:
            if error.kind != "data":
                raise
            found[name] = str(error)[:500]
    damaged = note_damage(repository, found, [each["name"] for each in verified])
    return {"ok": not found, "verified": verified, "damaged": [each for each in damaged if each["name"] in found]}


def note_damage(repository: Repository, found: Dict[str, str], sound: Sequence[str]) -> List[Dict[str, Any]]:
    """Keep note of which points are damaged and which are no longer; return all damaged ones."""
    points = Points(repository)
    with repository.marking() as marks:
        for name in sound:
            marks.damaged.pop(name, None)
        for name, what in found.items():
            generation = points.index.points.get(name, {}).get("generation", repository.generations[-1])
            marks.damaged[name] = {"what": what, "generation": generation}
    points.index.marks = marks
    known = [describe_damage(points, name) for name in sorted(points.index.broken())]
    return known + [dict(marks.damaged[name], name=name) for name in found if name not in points.index.points]
