"""Where Odoo's points and a repository's own list differ, and what each difference means."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A point as Odoo has it; `fresh` tells that it came after the list was asked for."""

    key: int
    name: str
    state: str
    fresh: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Differences:
    """By what is to be done: keys of points, and names that Odoo has never heard of."""

    found: tuple[int, ...] = ()  # listed, though Odoo thought there was none
    vanished: tuple[int, ...] = ()  # counted, but neither listed nor in the trash
    damaged: tuple[int, ...] = ()  # listed as damaged
    removed: tuple[int, ...] = ()  # deleted a while ago, and gone from the trash too
    restored: tuple[int, ...] = ()  # deleted once, and listed again
    unknown: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Tell whether there is any difference at all."""
        return any((self.found, self.vanished, self.damaged, self.removed, self.restored, self.unknown))


def compare(
    known: Iterable[Known], listed: Mapping[str, bool], trash: Collection[str], damaged: Collection[str]
) -> Differences:
    """Compare the points with the list (name -> suspect).

    :param trash: names in the trash, whatever stands before the point's own name there
    :param damaged: names that the repository says are damaged
    """
    points = list(known)
    groups: dict[str, list[int]] = {"found": [], "vanished": [], "damaged": [], "removed": [], "restored": []}
    for point in points:
        difference = _difference(point, listed, trash, damaged)
        if difference:
            groups[difference].append(point.key)
    names = {point.name for point in points}
    unknown = sorted(name for name in listed if name not in names and name not in damaged)
    return Differences(unknown=tuple(unknown), **{name: tuple(keys) for name, keys in groups.items()})


def _difference(point: Known, listed: Mapping[str, bool], trash: Collection[str], damaged: Collection[str]) -> str:
    there = point.name in listed
    if point.name in damaged:
        return "damaged" if point.state in ("proved", "suspect") else ""
    if point.state in ("failed", "missed"):
        return "found" if there else ""
    if point.state in ("proved", "suspect"):
        return "" if there or point.fresh else "vanished"
    if point.state == "trashed" and not point.fresh:
        if there:
            return "restored"
        return "" if any(name.endswith(point.name) for name in trash) else "removed"
    return ""
