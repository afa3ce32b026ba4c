"""Compares the rows of two databases, each a point of a repository or a database that is there already."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from . import drill_rows
from .drill_run import ROWS_SECONDS, Opener, open_repository
from .drill_scratch import Scratch, query
from .drill_settings import Settings, read_settings
from .errors import BackupError

SIDES = ("left", "right")


def compare(context: Any, args: Dict[str, Any], opener: Optional[Opener] = None) -> Dict[str, Any]:
    """Compare `left` with `right`: `{"point": name}` of `repository`, or `{"instance": name}` of agent.json.

    :return: `equal`, and `differences`: table, rows on each side, and which rows and columns differ. Values stay here.
    :raise BackupError: a side that does not exist
    """
    settings = read_settings(context)
    with ExitStack() as stack:
        queries = []
        for number, side in enumerate(SIDES):
            run_id = context.run_id if number == 0 else _other(context.run_id)
            queries.append(_open_side(context, settings, args, args[side], run_id, stack, opener))
        return drill_rows.compare(queries[0], queries[1], args.get("samples", 20))


def _other(run_id: str) -> str:
    """Return a second identifier that belongs to the run: its digits turned round."""
    return run_id.replace("-", "")[::-1]


def _open_side(
    context: Any,
    settings: Settings,
    args: Dict[str, Any],
    side: Dict[str, Any],
    run_id: str,
    stack: ExitStack,
    opener: Optional[Opener],
) -> Callable[[str], List[List[str]]]:
    if set(side) == {"instance"}:
        database = context.config.get_instance(side["instance"])["database"]
        return lambda sql: query(settings, sql, database, ROWS_SECONDS)
    if set(side) != {"point"} or not args.get("repository"):
        raise BackupError("argument_invalid", "A side of a comparison is a point or an instance.", "configuration")
    scratch = stack.enter_context(Scratch(settings, run_id))
    repository = (opener or open_repository)(context, args["repository"])
    rebuilt = repository.rebuild(side["point"], scratch.folder / "point")
    scratch.create()
    scratch.restore(Path(rebuilt.dump_path))
    return lambda sql: scratch.query(sql, seconds=ROWS_SECONDS)
