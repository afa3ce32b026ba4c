"""Verbs of a backup host: taking, proving, listing, handing over and deleting points."""

from typing import Any, Callable, Dict

SECTION = "backup"
Handler = Callable[[Any, Dict[str, Any]], Dict[str, Any]]


def _repository(context: Any, args: Dict[str, Any]) -> Any:
    from .repository import Repository  # noqa: PLC0415  (every call starts the agent anew)

    repository = Repository(context.config.get_section(SECTION), args["repository"])
    _ = repository.settings
    return repository


def _enroll(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repository  # noqa: PLC0415

    section = context.config.get_section(SECTION)
    return repository.enroll(section, args["repository"], args["source"], args.get("days", {}))


def _take(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_take  # noqa: PLC0415

    return repo_take.take(context, args)


def _list(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_answers  # noqa: PLC0415

    return repo_answers.listing(_repository(context, args))


def _points(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_answers  # noqa: PLC0415

    return repo_answers.offered(_repository(context, args))


def _verify(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_answers  # noqa: PLC0415

    return repo_answers.verify(_repository(context, args), args["names"], context.progress)


def _check(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_check  # noqa: PLC0415

    return repo_check.scrub(_repository(context, args), context.progress)


def _hold(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_trash  # noqa: PLC0415

    return repo_trash.hold(_repository(context, args), args["names"], args["reason"])


def _release(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_trash  # noqa: PLC0415

    return repo_trash.hold(_repository(context, args), args["names"], None)


def _accept(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_trash  # noqa: PLC0415

    return repo_trash.accept(_repository(context, args), args["name"])


def _delete(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_trash  # noqa: PLC0415

    return repo_trash.delete(_repository(context, args), args["names"], args["now"], args.get("proved"))


def _purge(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_trash  # noqa: PLC0415

    return repo_trash.purge(_repository(context, args), args["now"])


def _export(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_export  # noqa: PLC0415

    return repo_export.export(_repository(context, args), args, context)


def _deliver(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_export  # noqa: PLC0415

    return repo_export.deliver(_repository(context, args), args, context.progress)


def _renew(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_heal  # noqa: PLC0415

    return repo_heal.renew(_repository(context, args), args["generation"])


def _heal(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_heal  # noqa: PLC0415

    return repo_heal.receive(_repository(context, args), args["name"], context)


_REPOSITORY = {"repository": str}
_NAMES = dict(_REPOSITORY, names=list)
_enroll.args = dict(_REPOSITORY, source=dict, days=dict)  # type: ignore[attr-defined]
_take.args = dict(_REPOSITORY, kind=str, slot=str, now=int, limits=dict, extra=dict)  # type: ignore[attr-defined]
_list.args = _points.args = _check.args = _REPOSITORY  # type: ignore[attr-defined]
_verify.args = _NAMES  # type: ignore[attr-defined]
_hold.args = _release.args = dict(_NAMES, reason=str)  # type: ignore[attr-defined]
_accept.args = dict(_REPOSITORY, name=str)  # type: ignore[attr-defined]
_delete.args = dict(_NAMES, now=int, proved=(str, bool, type(None)))  # type: ignore[attr-defined]
_purge.args = dict(_REPOSITORY, now=int)  # type: ignore[attr-defined]
_export.args = dict(_REPOSITORY, name=str, part=str, names=list)  # type: ignore[attr-defined]
_deliver.args = dict(_REPOSITORY, name=str, restore=str, target=dict, with_files=bool)  # type: ignore[attr-defined]
_renew.args = dict(_REPOSITORY, generation=int)  # type: ignore[attr-defined]
_heal.args = dict(_REPOSITORY, name=str)  # type: ignore[attr-defined]
_points.roles = _export.roles = ("dr",)  # type: ignore[attr-defined]
_heal.roles = ("heal",)  # type: ignore[attr-defined]

VERBS: Dict[str, Handler] = {
    "repo.enroll": _enroll,
    "repo.take": _take,
    "repo.list": _list,
    "repo.points": _points,
    "repo.verify": _verify,
    "repo.check": _check,
    "repo.hold": _hold,
    "repo.release": _release,
    "repo.accept": _accept,
    "repo.delete": _delete,
    "repo.purge": _purge,
    "repo.export": _export,
    "repo.deliver": _deliver,
    "repo.renew": _renew,
    "repo.heal": _heal,
}
