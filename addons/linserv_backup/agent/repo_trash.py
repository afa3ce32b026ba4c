"""Lets points go: into the trash by names that both sides came to, from the disk a week later. Each rule can refuse."""

import time
from typing import Any, Dict, List, Optional, Sequence

from . import chain, dr_rules, point_names
from .errors import BackupError
from .points import Points
from .repo_index import Index
from .repository import Repository

DEFAULT_DAYS = 90
MOST_DAYS = 2
FRESH_DAYS = 2
TRASH_DAYS = 7
DAY = point_names.DAY
PATIENCE = 60


def delete(repository: Repository, names: Sequence[str], asked: int, proved: Optional[str]) -> Dict[str, Any]:
    """Move points to the trash when this host comes to the same names as Odoo did.

    :param asked: Odoo's time
    :param proved: the point that Odoo knows as the last proved one of the kind
    :raise BackupError: `clocks_differ`, `held`, `last_proved`, `too_many`, `not_expired`, `base_of_others`, `frozen`:
        nothing was deleted
    """
    own = int(time.time())
    dr_rules.check_clocks(asked, own)
    with repository.lock(PATIENCE), repository.reading(exclusive=True):
        index = repository.index(ask=True)
        done = {known.name for known in map(point_names.read_trash, index.trash) if known}
        wanted = sorted(set(names) - done, key=point_names.slot_of)
        check_deletion(wanted, index, proved, own, repository.settings.get("days") or {})
        _retire(repository, index, wanted, own)
        _rename(repository, index, wanted, own)
    return {"deleted": list(names), "clock": own}


def check_deletion(names: Sequence[str], index: Index, proved: Optional[str], now: int, days: Dict[str, int]) -> None:
    """See that every single name may go.

    :param days: for how many days points of a kind are kept at least
    :raise BackupError: with the code of the first rule that forbids it
    """
    for name in names:
        _check_one(point_names.check_point(name), index, proved, now, days)
    if len({(point_names.kind_of(name), point_names.day_of(name)) for name in names}) > MOST_DAYS:
        raise _refusal("too_many", "At most %d days' points go at once." % MOST_DAYS)
    others = chain.dependents(frozenset(names), index.links())
    if others:
        raise _refusal("base_of_others", "%s and %d more are made from these." % (others[0], len(others) - 1))


def _check_one(name: str, index: Index, proved: Optional[str], now: int, days: Dict[str, int]) -> None:
    kind = point_names.kind_of(name)
    last, kept = index.last_good(kind), days.get(kind, DEFAULT_DAYS)
    if name not in index.points:
        raise _refusal("point_unknown", "There is no point %s here." % name)
    if name in index.marks.held:
        raise _refusal("held", "%s is held: %s" % (name, index.marks.held[name]))
    if name in (last, proved):
        raise _refusal("last_proved", "%s is the last proved point." % name)
    if point_names.parse_slot(point_names.slot_of(name)) > now - kept * DAY:
        raise _refusal("not_expired", "%s is younger than %d days." % (name, kept))
    if not last or point_names.parse_slot(point_names.slot_of(last)) < now - FRESH_DAYS * DAY:
        raise _refusal("frozen", "There is no fresh proved point: nothing is deleted until there is.")


def _retire(repository: Repository, index: Index, names: Sequence[str], now: int) -> None:
    """Note the points of former generations, which are only read: what they are called stays."""
    newest, wanted = repository.generations[-1], set(names)
    former = [each for each in repository.listed().archives if each.generation != newest and each.name in wanted]
    if former:
        with repository.marking() as marks:
            marks.retired.update(("%d:%s" % (each.generation, each.name), now) for each in former)


def _rename(repository: Repository, index: Index, names: Sequence[str], now: int) -> None:
    """Rename the newest first: whatever cuts this short, no point is left without the one that it is made from."""
    with repository.changing() as borg:
        for name in reversed(names):
            if index.points[name]["generation"] == repository.generations[-1]:
                borg.rename(name, point_names.trash_name(name, now))
            index.move_to_trash(name, now)
        repository.save(index)


def purge(repository: Repository, asked: int) -> Dict[str, Any]:
    """Remove for good what has been in the trash for a week, and give back the room.

    :raise BackupError: nothing was removed
    """
    own = int(time.time())
    dr_rules.check_clocks(asked, own)
    with repository.lock(PATIENCE), repository.reading(exclusive=True):
        index = repository.index(ask=True)
        due = [name for name in sorted(index.trash) if _is_due(name, own)]
        newest = repository.generations[-1]
        purged = [name for name in due if index.trash[name]["generation"] == newest]
        if purged:
            with repository.changing() as borg:
                borg.delete(purged)
                borg.compact()
                for name in purged:
                    del index.trash[name]
                repository.save(index)
        purged += _drop_generations(repository, index, due)
    return {"purged": purged, "clock": own}


def _is_due(name: str, now: int) -> bool:
    known = point_names.read_trash(name)
    return known is not None and known.since <= now - TRASH_DAYS * DAY


def _drop_generations(repository: Repository, index: Index, due: Sequence[str]) -> List[str]:
    """Remove former generations of which nothing is wanted any longer, as a whole; return the names that went."""
    gone: List[str] = []
    for number in repository.generations[:-1]:
        points = [name for name, entry in {**index.points, **index.trash}.items() if entry["generation"] == number]
        if number not in index.unreadable and set(points) <= set(due):
            repository.drop_generation(number)
            _forget_retired(repository, number)
            gone += points
    return gone


def _forget_retired(repository: Repository, number: int) -> None:
    with repository.marking() as marks:
        for key in [key for key in marks.retired if key.startswith("%d:" % number)]:
            del marks.retired[key]


def hold(repository: Repository, names: Sequence[str], reason: Optional[str]) -> Dict[str, Any]:
    """Hold points for a reason, or (None) let them go; return what is held now.

    :raise BackupError: `point_unknown`
    """
    with repository.marking() as marks:
        for name in names:
            marks.held.pop(name, None)
            if reason is not None:
                Points(repository).entry(name)
                marks.held[name] = reason[:200]
    return {"held": marks.held}


def accept(repository: Repository, name: str) -> Dict[str, Any]:
    """Let a suspect point count: a person has looked.

    :raise BackupError: `point_unknown`
    """
    points = Points(repository)
    points.entry(name)
    with repository.marking() as marks:
        if name not in marks.accepted:
            marks.accepted.append(name)
    return {"name": name, "judged": Points(repository).index.judged(name)}


def _refusal(code: str, message: str) -> BackupError:
    return BackupError(code, message, "configuration")
