"""Verbs of the host that something is restored to."""

from typing import Any, Callable, Dict

Handler = Callable[[Any, Dict[str, Any]], Dict[str, Any]]
_TEXTS = {"ribbon": str, "url": str, "passwords": str}


def _verb(module: str, function: str, args: Dict[str, Any], roles: Any = ("linserv",)) -> Handler:
    """Return a handler that imports its work when it is called: every call starts the agent anew."""

    def handler(context: Any, given: Dict[str, Any]) -> Dict[str, Any]:
        from importlib import import_module  # noqa: PLC0415

        work: Handler = getattr(import_module("%s.%s" % (__package__, module)), function)
        return work(context, given)

    handler.args = {"restore": str, **args}  # type: ignore[attr-defined]
    handler.roles = roles  # type: ignore[attr-defined]
    return handler


_ORDER = {"database": str, "kind": str, "expected": dict, "expires": int}
VERBS: Dict[str, Handler] = {
    "restore.prepare": _verb("restore_order", "prepare", _ORDER),
    "restore.status": _verb("restore_order", "status", {}),
    "restore.receive": _verb("restore_receive", "receive", {"point": str}, ("deliver", "backup")),
    "restore.load": _verb("restore_load", "load", {}),
    "restore.neutralise": _verb("restore_neutralise", "neutralise", {"kind": str, "anonymise": bool, **_TEXTS}),
    "restore.check_live": _verb("restore_check", "check_live", {}),
    "restore.publish": _verb("restore_publish", "publish", {}),
    "restore.swap": _verb("restore_swap", "swap", {"confirm": str}),
    "restore.drop": _verb("restore_publish", "drop", {}),
}
