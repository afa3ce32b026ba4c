"""Takes a point: the order is checked, the work done under the repository's lock, once for a slot."""

import os
import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, NamedTuple, Sequence, Tuple

from . import dr_rules, point_names, repo_limits
from .dr_json import read_json, write_json
from .engine import run_engine
from .errors import BackupError
from .points import Points
from .repo_limits import Limits
from .repository import SECTION, Repository

EARLY_SECONDS = 300
HOOK_SECONDS = 600
Progress = Callable[[int, int, str], None]


class Order(NamedTuple):
    """Which point is taken. `begun` is this host's time."""

    kind: str
    slot: str
    limits: Limits
    agent: str
    begun: float
    folders: Tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name that the point gets."""
        return point_names.point_name(self.kind, self.slot)


def take(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Take the point of a slot, or return the one that is there already.

    :return: the point's manifest, with `already`
    :raise BackupError: no point came to be; the order may be given again
    """
    section = context.config.get_section(SECTION)
    repository = Repository(section, args["repository"])
    limits = repo_limits.read(repository.limits, args.get("limits"))
    extra = args.get("extra") or {}
    folders = tuple(str(name) for name in extra.get("folders") or ())
    order = Order(args["kind"], args["slot"], limits, context.agent_version, time.time(), folders)
    check_order(order, args["now"])
    with repository.lock():
        points = Points(repository)
        if order.name in points.index.points:
            return dict(points.manifest(order.name), already=True)
        if points.index.unreadable.get(repository.generations[-1]):
            raise BackupError("repository_damaged", "The repository cannot be read. Heal it, or renew it.", "data")
        with hooks(section, extra.get("hooks") or []):
            manifest = _TAKERS[order.kind](points, order, context.progress)
    return dict(manifest, already=False)


@contextmanager
def hooks(section: Dict[str, Any], names: Sequence[str]) -> Iterator[None]:
    """Run what was agreed before a point is taken, and after it, whatever came of it.

    :param section: `hooks` of it: {name: {"before": [program, word…], "after": […]}}
    :raise BackupError: `hook_unknown`, or that a program ended badly
    """
    known = section.get("hooks") or {}
    if not all(isinstance(known.get(name), dict) for name in names):
        raise BackupError("hook_unknown", "agent.json of this host has no such hook.", "configuration")
    for name in names:
        _run_hook(known[name].get("before"))
    try:
        yield
    finally:
        for name in reversed(names):
            _run_hook(known[name].get("after"))


def _run_hook(argv: Any) -> None:
    if argv:
        run_engine([str(word) for word in argv], HOOK_SECONDS)


def check_order(order: Order, asked: int) -> None:
    """See that the order can be meant: a kind that there is, a slot that has begun, clocks that agree.

    :raise BackupError: `argument_invalid`, `clocks_differ`
    """
    if order.kind not in _TAKERS:
        raise BackupError("argument_invalid", "There are no points of the kind %.20r." % order.kind, "configuration")
    _ = order.name
    dr_rules.check_clocks(asked, int(order.begun))
    if point_names.parse_slot(order.slot) > order.begun + EARLY_SECONDS:
        raise BackupError("argument_invalid", "The slot %s has not begun." % order.slot, "configuration")


def tools(repository: Repository, order: Order, told: Dict[str, Any]) -> Dict[str, Any]:
    """Return the versions of what a point was made with; asked once for each file of a program."""
    programs = (repository.borg_program, repository.zstd.program)
    path, key = repository.folder / "cache" / "tools.json", program_key(programs)
    known = read_json(path) or {}
    if known.get("key") != key:
        known = {"key": key, "borg": repository.borg().version(), "zstd": repository.zstd.version()}
        write_json(path, known)
    return {
        "borg": known["borg"],
        "zstd": known["zstd"],
        "pg_dump": str(told.get("pg_dump", ""))[:40],
        "pg_server": str(told.get("pg_server", ""))[:40],
        "agent": order.agent,
    }


def program_key(programs: Any) -> str:
    """Return what changes when one of the programs is another one.

    :raise BackupError: `engine_missing`
    """
    try:
        stats = [(program, os.stat(program)) for program in programs]
    except OSError as error:
        raise BackupError("engine_missing", "A program is not there: %s" % error, "configuration") from error
    return " ".join("%s:%d:%d" % (program, each.st_mtime_ns, each.st_size) for program, each in stats)


def _take_db(points: Points, order: Order, progress: Progress) -> Dict[str, Any]:
    from .repo_take_db import DatabaseTake  # noqa: PLC0415

    made: Dict[str, Any] = DatabaseTake(points, order, progress).make()
    return made


def _take_fs(points: Points, order: Order, progress: Progress) -> Dict[str, Any]:
    from .repo_take_fs import FilesTake  # noqa: PLC0415

    made: Dict[str, Any] = FilesTake(points, order, progress).make()
    return made


_TAKERS: Dict[str, Callable[[Points, Order, Progress], Dict[str, Any]]] = {"db": _take_db, "fs": _take_fs}
