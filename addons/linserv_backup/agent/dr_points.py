"""How a copy is named in a restic repository: tags in, values out."""

import re
from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

from .dr_rules import Copy
from .restic import Snapshot

POINT = re.compile(r"[a-z]{2}-\d{8}T\d{6}Z\Z")
STORED = ("proved", "trash", "pending")


class Point(NamedTuple):
    """A copy as its repository lists it.

    `ids` are its snapshots (two for the instant in which its tags change, or when a work died in that instant); `state`
    is `proved`, `trash`, `pending`, or `damaged` for one that a verification found so.
    """

    name: str
    slot: int
    state: str
    trashed: Optional[int]
    added: int
    generation: int
    ids: Tuple[str, ...]

    def copy(self) -> Copy:
        """Return what the rules need of it."""
        return Copy(self.name, self.slot, self.state, self.trashed)

    def tags(self) -> Dict[str, str]:
        """Return the tags that say this."""
        tags = {"point": self.name, "slot": str(self.slot), "state": self.state, "added": str(self.added)}
        return dict(tags, trashed=str(self.trashed)) if self.trashed is not None else tags


def read(snapshot: Snapshot, generation: int) -> Optional[Point]:
    """Return a snapshot as a copy, None when it is not one of ours."""
    tags = snapshot.tags
    name, state = tags.get("point", ""), tags.get("state", "")
    numbers = [_number(tags.get(key)) for key in ("slot", "trashed", "added")]
    if not POINT.match(name) or numbers[0] is None or state not in STORED:
        return None
    return Point(name, numbers[0], state, numbers[1], numbers[2] or 0, generation, (snapshot.id,))


def join(points: Iterable[Point]) -> List[Point]:
    """Return one entry a name, oldest slot first: of the newest generation, in the state in which nothing is lost."""
    found: Dict[str, Point] = {}
    for point in points:
        other = found.get(point.name)
        found[point.name] = point if other is None else _joined(point, other)
    return sorted(found.values(), key=lambda point: (point.slot, point.name))


def mark(points: Iterable[Point], damaged: Iterable[Tuple[str, int]]) -> List[Point]:
    """Return the points with those marked that a verification found damaged (name, generation)."""
    bad = set(damaged)
    return [
        point._replace(state="damaged") if point.state == "proved" and (point.name, point.generation) in bad else point
        for point in points
    ]


def _joined(one: Point, other: Point) -> Point:
    if one.generation != other.generation:
        usable = [point for point in (one, other) if point.state != "pending"] or [one, other]
        return max(usable, key=lambda point: point.generation)
    first, second = sorted((one, other), key=lambda point: STORED.index(point.state))
    return first._replace(ids=first.ids + second.ids)


def _number(text: Optional[str]) -> Optional[int]:
    return int(text) if text and text.isdigit() and len(text) < 16 else None
