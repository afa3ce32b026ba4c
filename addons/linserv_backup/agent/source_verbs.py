"""Verbs of a customer's host, read only: what a backup host may ask of it."""

from typing import Any, Callable, Dict

Handler = Callable[[Any, Dict[str, Any]], Dict[str, Any]]


def _inspect(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import source_inspect  # noqa: PLC0415  (every call starts the agent anew)

    return source_inspect.inspect(context, args)


def _hold(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import source_hold  # noqa: PLC0415

    return source_hold.hold(context, args)


def _dump(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import source_dump  # noqa: PLC0415

    return source_dump.dump(context, args)


def _hashes(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import source_hashes  # noqa: PLC0415

    return source_hashes.hashes(context, args)


def _files(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import source_files  # noqa: PLC0415

    return source_files.files(context, args)


def _tree(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import source_tree  # noqa: PLC0415

    return source_tree.tree(context, args)


def _fetch(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import source_files  # noqa: PLC0415

    return source_files.fetch(context, args)


def _role(_context: Any, _args: Dict[str, Any]) -> Dict[str, Any]:
    import pkgutil  # noqa: PLC0415

    return {"sql": (pkgutil.get_data(__package__, "backup_role.sql") or b"").decode("utf-8")}


_inspect.args = {}  # type: ignore[attr-defined]
_hold.args = {"lock_timeout_ms": int, "idle_seconds": int}  # type: ignore[attr-defined]
_dump.args = {"snapshot": str}  # type: ignore[attr-defined]
_hashes.args = {"snapshot": str}  # type: ignore[attr-defined]
_files.args = {"names": list}  # type: ignore[attr-defined]
_role.args = {}  # type: ignore[attr-defined]
_tree.args = {}  # type: ignore[attr-defined]
_fetch.args = {"folder": str, "paths": list}  # type: ignore[attr-defined]
_inspect.roles = ("backup", "linserv")  # type: ignore[attr-defined]
for _handler in (_hold, _dump, _hashes, _files, _tree, _fetch):
    _handler.roles = ("backup",)  # type: ignore[attr-defined]

VERBS: Dict[str, Handler] = {
    "source.inspect": _inspect,
    "source.hold": _hold,
    "source.dump": _dump,
    "source.hashes": _hashes,
    "source.files": _files,
    "source.role": _role,
    "source.tree": _tree,
    "source.fetch": _fetch,
}
