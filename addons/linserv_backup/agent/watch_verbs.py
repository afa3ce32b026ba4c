"""Verbs of the dead man on backup and DR hosts. The host's own timer asks `watch.report`; Odoo reads what it wrote."""

from typing import Any, Dict


def _report(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from .watch_report import Watch  # noqa: PLC0415  (every call starts the agent anew)

    section = context.config.get_section("backup")
    return Watch(section, context.state_directory).report(bool(args.get("daily")))


def _status(context: Any, _args: Dict[str, Any]) -> Dict[str, Any]:
    from . import watch_report  # noqa: PLC0415

    return watch_report.status(context.config.get_section("backup"))


def _expect(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from .watch_report import Watch  # noqa: PLC0415

    section = context.config.get_section("backup")
    return {"told": Watch(section, context.state_directory).expect(args["repositories"])}


_report.args = {"daily": bool}  # type: ignore[attr-defined]
_report.roles = ("local",)  # type: ignore[attr-defined]
_status.args = {}  # type: ignore[attr-defined]
_expect.args = {"repositories": dict}  # type: ignore[attr-defined]

VERBS = {"watch.report": _report, "watch.status": _status, "watch.expect": _expect}
