"""Reads every byte of a repository and names the points that a damage hits."""

from typing import Any, Callable, Dict, List, Sequence

from . import chain
from .errors import BackupError
from .points import Points
from .repo_answers import note_damage
from .repo_index import Index
from .repository import Repository

PATIENCE = 1800
Progress = Callable[[int, int, str], None]


def scrub(repository: Repository, progress: Progress) -> Dict[str, Any]:
    """Check all generations; where anything is wrong, read every point of that one.

    :return: ok, damaged: [{name, what, generation}], said: what borg complains about, generation: the newest
    :raise BackupError: `busy` and what else keeps the check from its end
    """
    with repository.lock(PATIENCE):
        said = {number: repository.borg(number).check() for number in repository.generations}
        index = repository.index(ask=True)
        wrong = [number for number in said if said[number] or number in index.unreadable]
        suspects = [name for name in sorted(index.points) if index.points[name]["generation"] in wrong]
        found = _examine(Points(repository, index), suspects, progress)
        found = {**_built_upon(index, found), **found}
    damaged = note_damage(repository, found, [])  # only a whole rebuilding proves a point sound again
    texts = [text[-2000:] for text in said.values() if text]
    return {
        "ok": not damaged and not texts,
        "damaged": damaged,
        "said": texts,
        "generation": repository.generations[-1],
    }


def _examine(points: Points, names: Sequence[str], progress: Progress) -> Dict[str, str]:
    """Read the archives of points; return what is wrong with those that are damaged."""
    found: Dict[str, str] = {}
    for number, name in enumerate(names):
        progress(number, len(names), name)
        generation = int(points.entry(name)["generation"])
        if generation in points.index.unreadable:
            found[name] = points.index.unreadable[generation]
            continue
        try:
            points.borg(name).examine(name, int(points.entry(name).get("dump_bytes", 0)))
        except BackupError as error:
            if error.kind != "data":
                raise
            found[name] = str(error)[:500]
    return found


def _built_upon(index: Index, found: Dict[str, str]) -> Dict[str, str]:
    """Return the points that are sound themselves and made from a damaged one."""
    names: List[str] = chain.dependents(frozenset(found), index.links())
    return {name: "It is made from a point that is damaged." for name in names}
