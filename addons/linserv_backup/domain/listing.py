"""What a repository says about itself: its own list of points, its clock, its disk. Read value by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import slots, values
from .values import AnswerRefusedError, a_list, a_match, a_moment, a_number, an_object

MOST_POINTS = 100_000
JUDGED = ("good", "suspect", "accepted", "damaged")


@dataclass(frozen=True)
class Listed:
    """One point of the list."""

    name: str
    kind: str
    slot: int
    suspect: bool = False
    form: str = ""
    bytes_stored: int = 0
    dump_bytes: int = 0


@dataclass(frozen=True)
class Listing:
    """The whole answer."""

    points: tuple[Listed, ...]
    clock: int
    free_bytes: int
    total_bytes: int
    repository_bytes: int
    held: frozenset[str]
    trash: frozenset[str]
    damaged: frozenset[str]

    def of_kind(self, kind: str) -> dict[int, Listed]:
        """Return the points of a kind by slot."""
        return {point.slot: point for point in self.points if point.kind == kind}


def read(answer: Any, kinds: tuple[str, ...]) -> Listing:
    """Return the checked list.

    :raise AnswerRefusedError: it is not well formed, or names a point twice
    """
    known = an_object(answer, "the list")
    points = tuple(_point(each, kinds) for each in a_list(known.get("points"), "points", MOST_POINTS))
    if len({point.name for point in points}) != len(points):
        raise AnswerRefusedError("bad_manifest", "a point is listed twice")
    return Listing(
        points=points,
        clock=int(a_moment(known.get("clock"), "clock")),
        free_bytes=a_number(known.get("free_bytes", 0), "free_bytes"),
        total_bytes=a_number(known.get("total_bytes", 0), "total_bytes"),
        repository_bytes=a_number(known.get("repository_bytes", 0), "repository_bytes"),
        held=_names(list(an_object(known.get("held", {}), "held")), "held"),
        trash=frozenset(_trash_name(each) for each in a_list(known.get("trash", []), "trash", MOST_POINTS)),
        damaged=frozenset(_damaged_name(each) for each in a_list(known.get("damaged", []), "damaged", MOST_POINTS)),
    )


def _point(value: Any, kinds: tuple[str, ...]) -> Listed:
    known = an_object(value, "a point")
    name = a_match(known.get("name"), "name", values.NAME)
    kind, _, text = name.partition("-")
    if kind not in kinds:
        raise AnswerRefusedError("bad_manifest", "%s does not belong here" % name)
    judged = known.get("judged", "good")
    if judged not in JUDGED:
        raise AnswerRefusedError("bad_manifest", "judged is %s" % values.shown(judged))
    return Listed(
        name=name,
        kind=kind,
        slot=_slot(text),
        suspect=judged == "suspect",
        form=values.a_text(known.get("form") or "", "form", 20),
        bytes_stored=a_number(known.get("bytes", known.get("bytes_stored", 0)), "bytes"),
        dump_bytes=a_number(known.get("dump_bytes", 0), "dump_bytes"),
    )


def _slot(text: str) -> int:
    try:
        return slots.from_text(text)
    except ValueError:
        raise AnswerRefusedError("bad_manifest", "no such time: %s" % text) from None


def _names(found: list[Any], where: str) -> frozenset[str]:
    return frozenset(a_match(each, where, values.NAME) for each in found)


def _trash_name(value: Any) -> str:
    """Trash is told as the archive's name ("trash-20261101-db-…") or as an object with it."""
    name = value.get("name") if isinstance(value, dict) else value
    return values.a_text(name, "trash", 120)


def _damaged_name(value: Any) -> str:
    name = value.get("name") if isinstance(value, dict) else value
    return values.a_text(name, "damaged", 120)
