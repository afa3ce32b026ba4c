"""What is done when a repository is damaged, step by step, and what can be got back from the other host.

`backup`: a damaged repository on the backup host is given back what the DR host has a copy of. `dr`: damaged copies on
the DR host are made again out of the points that they were made of. In both the damaged repository is kept, only read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import values
from .values import AnswerRefusedError, a_list, a_match, an_object

BACKUP, DR = "backup", "dr"
STEPS = {
    BACKUP: ("check", "offer", "renew", "authorise", "push", "verify", "revoke"),
    DR: ("dr_check", "dr_renew", "refill", "dr_verify"),
}
#: Steps after which the key of the DR host is still let in on the backup host.
OPEN_DOOR = ("authorise", "push", "verify")
MOST_NAMES = 100_000


@dataclass(frozen=True)
class Plan:
    """What can be got back: `copies` by the name of the damaged point, and the points that nobody has a copy of."""

    copies: Mapping[str, str]
    lost: tuple[str, ...]


def next_step(side: str, step: str, damaged: Iterable[str], todo: Iterable[str]) -> str | None:
    """Return the step that follows; None at the end.

    :param step: the step that has just succeeded, empty at the beginning
    :param damaged: names of what is damaged
    :param todo: what is still to be pushed or pulled
    """
    steps = STEPS[side]
    if not step:
        return steps[0]
    if step == steps[0] and not list(damaged):
        return None
    left = list(todo)
    if step == "renew" and not left:
        return "verify"
    if step == "verify" and not left:
        return None
    if step in ("dr_renew", "refill"):
        return "refill" if left else "dr_verify"
    place = steps.index(step) + 1
    return steps[place] if place < len(steps) else None


def step_after_failure(step: str) -> str | None:
    """Return the step that must be taken although another one failed: nobody's door stays open."""
    return "revoke" if step in OPEN_DOOR else None


def plan(damaged: Iterable[str], sources: Mapping[str, str]) -> Plan:
    """Return what can be got back.

    :param damaged: names of points on the backup host
    :param sources: copy on the DR host -> the point that it was made of
    """
    by_point = {point: copy for copy, point in sorted(sources.items())}
    names = sorted(set(damaged))
    return Plan(
        {name: by_point[name] for name in names if name in by_point},
        tuple(name for name in names if name not in by_point),
    )


def read_damaged(answer: Any) -> tuple[str, ...]:
    """Return the names of the damaged points of a check or verification.

    :raise AnswerRefusedError: the answer is not well formed
    """
    known = an_object(answer, "the check")
    entries = [an_object(entry, "damaged") for entry in a_list(known.get("damaged", []), "damaged", MOST_NAMES)]
    names = tuple(sorted({a_match(entry.get("name"), "damaged", values.NAME) for entry in entries}))
    if known.get("ok") is not True and not names:
        raise AnswerRefusedError("damage_unnamed", "the repository is damaged and no point of it could be named")
    return names


def read_generation(answer: Any, known: int) -> int:
    """Return the newest generation that holds damage: the one that must take nothing more.

    :raise AnswerRefusedError: the answer is not well formed
    """
    entries = [entry for entry in an_object(answer, "the check").get("damaged", []) if isinstance(entry, dict)]
    numbers = [entry["generation"] for entry in entries if "generation" in entry]
    number = max(numbers, default=answer.get("generation", known)) if all(type(n) is int for n in numbers) else None
    return values.a_number(number, "generation", 1000)


def read_sources(answer: Any) -> dict[str, str]:
    """Return copy -> point of a DR host's offer.

    :raise AnswerRefusedError: the answer is not well formed
    """
    sources = an_object(an_object(answer, "the offer").get("sources"), "sources")
    return {
        a_match(copy, "sources", values.NAME): a_match(point, "sources", values.NAME)
        for copy, point in list(sources.items())[:MOST_NAMES]
    }


def read_healed(answer: Any, asked: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the points that were given back, of those that were asked for.

    :raise AnswerRefusedError: the answer is not well formed
    """
    healed = a_list(an_object(answer, "the healing").get("healed"), "healed", MOST_NAMES)
    names = {a_match(an_object(entry, "healed").get("name"), "healed", values.NAME) for entry in healed}
    return tuple(sorted(names & set(asked)))
