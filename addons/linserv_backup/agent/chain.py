"""What a database point is made from: the first of a UTC day stands alone, the others are patches along a short chain.

A day is whole -> point -> point …; every 8th is an anchor, made from the previous anchor (or the whole) in place of the
point just before it. So rebuilding any of 48 points takes at most 12 steps, and a day depends on nothing outside it.
"""

from typing import AbstractSet, List, Mapping, NamedTuple, Optional

from . import point_names
from .errors import BackupError

ANCHOR_EVERY = 8


class Link(NamedTuple):
    """One point as the chain sees it. `base` is the point it is a patch of, `order` says when it was taken."""

    name: str
    base: Optional[str]
    anchor: bool
    order: float
    chained: bool = True


class Choice(NamedTuple):
    """What the next point is made from (None: it stands alone), and whether it becomes an anchor."""

    base: Optional[str]
    anchor: bool


def choose(name: str, links: Mapping[str, Link], broken: AbstractSet[str]) -> Choice:
    """Return what the point `name` is to be made from.

    :param links: the points of the repository
    :param broken: names of those that are damaged
    """
    day = point_names.day_of(name)
    usable = [link for link in links.values() if link.chained and point_names.day_of(link.name) == day]
    usable = [link for link in usable if is_whole(link.name, links, broken)]
    newest = max(usable, key=lambda link: link.order, default=None)
    if newest is None:
        return Choice(None, True)
    since = since_anchor(newest, links)
    if len(since) < ANCHOR_EVERY:
        return Choice(newest.name, False)
    return Choice(since[-1], True)


def steps(name: str, links: Mapping[str, Link]) -> List[str]:
    """Return the names to go through in order to rebuild a point: the one that stands alone first, itself last.

    :raise BackupError: `base_damaged` when one of them is gone, or they go round in a circle
    """
    path: List[str] = []
    at: Optional[str] = name
    while at is not None:
        if at not in links or at in path:
            raise BackupError("base_damaged", "%s needs %s, which is not there." % (name, at), "data")
        path.append(at)
        at = links[at].base
    return path[::-1]


def is_whole(name: str, links: Mapping[str, Link], broken: AbstractSet[str]) -> bool:
    """Tell whether everything that the point is made from is there and sound."""
    try:
        return broken.isdisjoint(steps(name, links))
    except BackupError:
        return False


def dependents(names: AbstractSet[str], links: Mapping[str, Link]) -> List[str]:
    """Return the points that could not be rebuilt without these, and are none of them."""
    return sorted(link for link in links if link not in names and not names.isdisjoint(_path(link, links)))


def _path(name: str, links: Mapping[str, Link]) -> List[str]:
    try:
        return steps(name, links)
    except BackupError:
        return [name]


def since_anchor(link: Link, links: Mapping[str, Link]) -> List[str]:
    """Return the point and those it was made from, back to the last anchor or the one that stands alone."""
    path = [link.name]
    while not link.anchor and link.base is not None:
        link = links[link.base]
        path.append(link.name)
    return path
