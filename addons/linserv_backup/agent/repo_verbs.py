"""Verbs of a backup host: taking, proving, listing and deleting points."""

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

    return repository.enroll(context.config.get_section(SECTION), args["repository"], args["source"])


def _take(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_take  # noqa: PLC0415

    return repo_take.take(context, args)


def _list(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_answers  # noqa: PLC0415

    return repo_answers.listing(_repository(context, args))


def _verify(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import repo_answers  # noqa: PLC0415

    return repo_answers.verify(_repository(context, args), args["names"], context.progress)


_REPOSITORY = {"repository": str}
_NAMES = dict(_REPOSITORY, names=list)
_enroll.args = dict(_REPOSITORY, source=dict)  # type: ignore[attr-defined]
_take.args = dict(_REPOSITORY, kind=str, slot=str, now=int, limits=dict, extra=dict)  # type: ignore[attr-defined]
_list.args = _REPOSITORY  # type: ignore[attr-defined]
_verify.args = _NAMES  # type: ignore[attr-defined]

VERBS: Dict[str, Handler] = {
    "repo.enroll": _enroll,
    "repo.take": _take,
    "repo.list": _list,
    "repo.verify": _verify,
}
