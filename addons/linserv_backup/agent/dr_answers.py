"""What a DR host answers about its copies, and its half of a deletion."""

import time
from typing import Any, Callable, Dict, List, Optional

from . import dr_rules
from .dr_copies import Copies
from .dr_points import Point
from .errors import BackupError

Progress = Callable[[int, int, str], None]


def now() -> int:
    """Return this host's time."""
    return int(time.time())


def listing(copies: Copies) -> Dict[str, Any]:
    """Return what the repository itself lists, with room and clock."""
    settings, points = copies.settings, copies.points()
    unreadable = [dict(entry, name="generation %d" % entry["generation"]) for entry in copies.unreadable]
    return dict(
        copies.sizes(),
        points=[_shown(copies, point) for point in points if point.state in ("proved", "damaged")],
        trash=[{"name": point.name, "trashed": point.trashed} for point in points if point.state == "trash"],
        damaged=copies.damaged() + unreadable,
        held=copies.held(),
        days=copies.days,
        generation=copies.generations[-1],
        source={key: settings["source"].get(key) for key in ("address", "port", "user")},
        clock=now(),
    )


def scrub(copies: Copies, progress: Progress) -> Dict[str, Any]:
    """Read every byte of the repositories; when one is wrong, find out which copies it hits.

    :return: ok, damaged: [{name, what, generation}], said: what restic says
    """
    with copies.lock():
        points = [point for point in copies.points() if point.state in ("proved", "damaged")]
        said = [copies.repository(number).check(read_data=True) for number in copies.generations]
        found: List[Dict[str, Any]] = []
        for index, point in enumerate(points):
            progress(index, len(points), point.name)
            if said[copies.generations.index(point.generation)]:
                found += copies.verify([point.name])
        wrong = [text for text in said if text]
        return {"ok": not wrong, "damaged": found, "said": wrong, "generation": copies.generations[-1]}


def delete(copies: Copies, names: List[str], asked: int, proved: Optional[str]) -> Dict[str, Any]:
    """Move copies to the trash when this host comes to the same names as Odoo did.

    :param asked: Odoo's time
    :param proved: the copy that Odoo knows as the last proved one
    :raise BackupError: nothing was deleted
    """
    own = now()
    dr_rules.check_clocks(asked, own)
    with copies.lock():
        known = [point.copy() for point in copies.points()]
        wanted = [name for name in names if not _is_trash(name, known)]
        if proved in wanted:
            raise BackupError("last_proved", "%s is the last proved copy." % proved, "configuration")
        dr_rules.check_deletion(wanted, known, copies.held(), own, copies.days)
        copies.delete(wanted, own)
    return {"deleted": names, "clock": own}


def purge(copies: Copies, asked: int) -> Dict[str, Any]:
    """Remove what has been in the trash for a week.

    :raise BackupError: nothing was removed
    """
    own = now()
    dr_rules.check_clocks(asked, own)
    with copies.lock():
        return {"purged": copies.purge(own), "clock": own}


def renew(copies: Copies, generation: int) -> Dict[str, Any]:
    """Begin a new generation after a damage; asked twice (with the number of the damaged one) it begins one."""
    with copies.lock():
        if generation == copies.generations[-1]:
            copies.renew()
        return {"generation": copies.generations[-1]}


def _shown(copies: Copies, point: Point) -> Dict[str, Any]:
    manifest = dict(copies.manifest(point), state=point.state)
    manifest.pop("counts", None)
    return dict(manifest, dump_bytes=manifest["dump"]["bytes"], judged="good" if point.state == "proved" else "damaged")


def _is_trash(name: str, known: List[dr_rules.Copy]) -> bool:
    """A deletion that is asked twice finds the name in the trash already."""
    return any(copy.name == name and copy.state == "trash" for copy in known)
