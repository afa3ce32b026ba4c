"""Verbs of a DR host, which keeps second copies: in another form, under another passphrase, by keys of its own."""

from typing import Any, Dict

SECTION = "backup"


def _copies(context: Any, args: Dict[str, Any]) -> Any:
    from .dr_copies import Copies  # noqa: PLC0415  (every call starts the agent anew)

    return Copies(context.config.get_section(SECTION), args["repository"])


def _enroll(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import dr_enroll  # noqa: PLC0415

    section = context.config.get_section(SECTION)
    return dr_enroll.enroll(section, args["repository"], args["source"], args.get("days", 14))


def _pull(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import dr_pull, dr_source  # noqa: PLC0415

    copies = _copies(context, args)
    order = dr_pull.Order(args["slot"], args["now"], context.agent_version, args.get("name"))
    return dr_pull.pull(copies, dr_source.PeerSource(copies, args.get("limits") or {}), order, context.progress)


def _list(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import dr_answers  # noqa: PLC0415

    return dr_answers.listing(_copies(context, args))


def _verify(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    copies = _copies(context, args)
    with copies.lock():
        found = copies.verify(args["names"])
    return {"ok": not found, "damaged": found}


def _check(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import dr_answers  # noqa: PLC0415

    return dr_answers.scrub(_copies(context, args), context.progress)


def _hold(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    return {"held": _copies(context, args).hold(args["names"], args["reason"])}


def _release(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    return {"held": _copies(context, args).hold(args["names"], None)}


def _delete(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import dr_answers  # noqa: PLC0415

    return dr_answers.delete(_copies(context, args), args["names"], args["now"], args.get("proved"))


def _purge(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import dr_answers  # noqa: PLC0415

    return dr_answers.purge(_copies(context, args), args["now"])


def _renew(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import dr_answers  # noqa: PLC0415

    return dr_answers.renew(_copies(context, args), args["generation"])


def _deliver(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import dr_deliver  # noqa: PLC0415

    return dr_deliver.deliver(_copies(context, args), args, context.progress)


def _offer(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import dr_heal  # noqa: PLC0415

    return dr_heal.offer(_copies(context, args))


def _heal(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    from . import dr_heal  # noqa: PLC0415

    return dr_heal.heal(_copies(context, args), args["names"], args["target"], context.progress)


_REPOSITORY = {"repository": str}
_NAMES = dict(_REPOSITORY, names=list)
_enroll.args = dict(_REPOSITORY, source=dict, days=int)  # type: ignore[attr-defined]
_pull.args = dict(_REPOSITORY, slot=str, now=int, kind=str, name=str, limits=dict)  # type: ignore[attr-defined]
_list.args = _REPOSITORY  # type: ignore[attr-defined]
_verify.args = _NAMES  # type: ignore[attr-defined]
_check.args = _REPOSITORY  # type: ignore[attr-defined]
_hold.args = dict(_NAMES, reason=str)  # type: ignore[attr-defined]
_release.args = dict(_NAMES, reason=str)  # type: ignore[attr-defined]
_delete.args = dict(_NAMES, now=int, proved=(str, type(None)))  # type: ignore[attr-defined]
_purge.args = dict(_REPOSITORY, now=int)  # type: ignore[attr-defined]
_renew.args = dict(_REPOSITORY, generation=int)  # type: ignore[attr-defined]
_deliver.args = dict(_REPOSITORY, name=str, restore=str, target=dict, with_files=bool)  # type: ignore[attr-defined]
_offer.args = _REPOSITORY  # type: ignore[attr-defined]
_heal.args = dict(_NAMES, target=dict)  # type: ignore[attr-defined]

VERBS = {
    "dr.enroll": _enroll,
    "dr.pull": _pull,
    "dr.list": _list,
    "dr.verify": _verify,
    "dr.check": _check,
    "dr.hold": _hold,
    "dr.release": _release,
    "dr.delete": _delete,
    "dr.purge": _purge,
    "dr.renew": _renew,
    "dr.deliver": _deliver,
    "dr.offer": _offer,
    "dr.heal": _heal,
}
