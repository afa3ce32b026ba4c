"""One call to a host, from plain values to a plain outcome: what a worker thread does, with no record at hand."""

import time
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from ..domain import protocol
from . import ssh
from .errors import FatalHostError, HostError, RetryableHostError

AGENT_SLACK_SECONDS = 2
STOPPED = ("failed", "cancelled")


@dataclass(frozen=True)
class Call:
    """What to ask. `running` tells that detached work was started before and is only asked after."""

    run: str
    endpoint: ssh.Endpoint
    verb: str
    args: dict[str, Any] = field(repr=False)
    instance: Optional[str]
    agent: Optional[str]
    deadline: int
    detached: bool = False
    running: bool = False
    attempts: int = 1


@dataclass(frozen=True)
class Outcome:
    """What came of it: a result, an error, detached work that goes on (`started`), or one the host lost.

    `seconds` is how long the talk took.
    """

    kind: str
    result: dict[str, Any] = field(default_factory=dict, repr=False)
    error: Optional[HostError] = None
    progress: Optional[protocol.Progress] = None
    agent: str = ""
    bytes_received: int = 0
    seconds: float = 0.0


def perform(call: Call, seconds: float) -> Outcome:
    """Make the call within `seconds`; never raises a HostError, it is part of the outcome."""
    begun = time.monotonic()
    try:
        with ssh.open_line(call.endpoint, seconds) as line:
            outcome = _talk(line, call, int(seconds))
    except HostError as error:
        outcome = Outcome("error", error=error, agent=error.agent)
    return replace(outcome, seconds=time.monotonic() - begun)


def _talk(line: ssh.Line, call: Call, seconds: int) -> Outcome:
    if not call.detached:
        # The agent gives up a little before the line does, so that it is still heard.
        deadline = max(min(call.deadline, seconds) - AGENT_SLACK_SECONDS, 1)
        return _finished(line.call(_request(call, call.verb, call.args, deadline)))
    if call.running or call.attempts > 1:
        outcome = _ask_status(line, call)
        if call.running or outcome.kind != "lost":
            return outcome
    start = {"verb": call.verb, "args": call.args, "deadline": call.deadline}
    return _from_status(line, call, line.call(_request(call, "run.start", start)))


def _ask_status(line: ssh.Line, call: Call) -> Outcome:
    return _from_status(line, call, line.call(_request(call, "run.status", {})))


def _from_status(line: ssh.Line, call: Call, answer: ssh.Answer) -> Outcome:
    state = answer.result.get("state")
    if state == "running":
        progress = protocol.parse_progress(answer.result.get("progress"))
        return Outcome("started", progress=progress, agent=answer.agent)
    if state == "done" or state in STOPPED:
        return _collect(line, call)
    if state in ("unknown", "died"):
        message = "The work ended on the host before it was done." if state == "died" else "The host lost the run."
        return Outcome("lost", error=RetryableHostError("run_lost", message), agent=answer.agent)
    raise FatalHostError("bad_answer", "The host tells a state of the run that does not exist.")


def _collect(line: ssh.Line, call: Call) -> Outcome:
    """Fetch the result. Work given up there with an error worth another try is lost: it must be started again."""
    try:
        return _finished(line.call(_request(call, "run.result", {})))
    except RetryableHostError as error:
        if not error.agent:
            raise
        return Outcome("lost", error=error, agent=error.agent)


def _finished(answer: ssh.Answer) -> Outcome:
    return Outcome("result", result=answer.result, agent=answer.agent, bytes_received=answer.bytes_received)


def _request(call: Call, verb: str, args: dict[str, Any], deadline: int = 30) -> dict[str, Any]:
    return protocol.build_request(call.run, verb, args, call.instance, deadline, call.agent)
