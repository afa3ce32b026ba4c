"""The verbs of the core: about the host itself, and about detached runs."""

import platform
import sys
from typing import Any, Dict

from . import detached, facts, keys
from .context import Context
from .errors import AgentError


def _hello(context: Context, _args: Dict[str, Any]) -> Dict[str, Any]:
    return {
        "agent": context.agent_version,
        "python": platform.python_version(),
        "executable": sys.executable,
        "instances": sorted(context.config.instances),
    }


def _host_facts(_context: Context, _args: Dict[str, Any]) -> Dict[str, Any]:
    return facts.gather()


def _run_start(context: Context, args: Dict[str, Any]) -> Dict[str, Any]:
    if "verb" not in args or str(args["verb"]).startswith("run."):
        raise AgentError("argument_invalid", "The verb to start is missing or cannot be detached.")
    return detached.start(context, args["verb"], args.get("args", {}), args.get("deadline", 3600))


def _run_status(context: Context, args: Dict[str, Any]) -> Dict[str, Any]:
    return detached.status(context, args.get("run", context.run_id))


def _run_result(context: Context, args: Dict[str, Any]) -> Dict[str, Any]:
    return detached.result(context, args.get("run", context.run_id))


def _run_cancel(context: Context, args: Dict[str, Any]) -> Dict[str, Any]:
    return detached.cancel(context, args.get("run", context.run_id))


_hello.args = {}  # type: ignore[attr-defined]
_host_facts.args = {}  # type: ignore[attr-defined]
_run_start.args = {"verb": str, "args": dict, "deadline": int}  # type: ignore[attr-defined]
_run_status.args = {"run": str}  # type: ignore[attr-defined]
_run_result.args = {"run": str}  # type: ignore[attr-defined]
_run_cancel.args = {"run": str}  # type: ignore[attr-defined]

VERBS = {
    "hello": _hello,
    "host.facts": _host_facts,
    "key.authorize": keys.authorize,
    "key.revoke": keys.revoke,
    "run.start": _run_start,
    "run.status": _run_status,
    "run.result": _run_result,
    "run.cancel": _run_cancel,
}

# An agent of another version answers these; everything else it refuses before anything is done.
ANY_VERSION = frozenset(["hello", "host.facts", "run.status", "run.result", "run.cancel"])
