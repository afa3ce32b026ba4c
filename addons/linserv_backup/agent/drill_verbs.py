"""Verbs of a backup or DR host that proves a point by restoring it."""

from typing import Any, Callable, Dict

Answer = Dict[str, Any]


def _run(context: Any, args: Answer) -> Answer:
    from .drill_run import run_drill  # noqa: PLC0415  (every call starts the agent anew)

    return run_drill(context, args)


def _compare(context: Any, args: Answer) -> Answer:
    from .drill_compare import compare  # noqa: PLC0415

    return compare(context, args)


_run.args = {"repository": str, "name": str, "samples": int}  # type: ignore[attr-defined]
_compare.args = {"repository": str, "left": dict, "right": dict, "samples": int}  # type: ignore[attr-defined]

VERBS: Dict[str, Callable[[Any, Answer], Answer]] = {"drill.run": _run, "drill.compare": _compare}
