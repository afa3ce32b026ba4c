"""Requests and answers: one JSON document in, JSON lines out. Version 1."""

import json
import os
import re
import threading
from typing import Any, Dict, NamedTuple, Optional

from .errors import AgentError, disk_full

VERSION = 1
MAX_REQUEST_BYTES = 16 * 1024 * 1024
MAX_MESSAGE_CHARACTERS = 2000

_RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_KEYS = {"protocol", "run", "verb", "instance", "args", "deadline", "agent"}


class Request(NamedTuple):
    """What is asked. `agent` is the version that the asker expects, `deadline` is in seconds."""

    run: str
    verb: str
    instance: Optional[str]
    args: Dict[str, Any]
    deadline: int
    agent: Optional[str]


def is_run(value: object) -> bool:
    """Tell whether `value` is a run's identifier: a UUID in small letters, so never a path."""
    return isinstance(value, str) and bool(_RUN.match(value))


def parse_request(data: bytes) -> Request:
    """Read a request; nothing of it is trusted.

    :raise AgentError: `request_malformed`, or `protocol_unknown` for another version
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise AgentError("request_malformed", "The request is too large.")
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise AgentError("request_malformed", "The request is no JSON document.") from None
    if not isinstance(document, dict) or set(document) - _KEYS:
        raise AgentError("request_malformed", "The request has unknown parts.")
    if document.get("protocol") != VERSION:
        raise AgentError("protocol_unknown", "The agent speaks protocol %d." % VERSION)
    return _checked(document)


def _checked(document: Dict[str, Any]) -> Request:
    request = Request(
        document.get("run", ""),
        document.get("verb", ""),
        document.get("instance"),
        document.get("args", {}),
        document.get("deadline", 60),
        document.get("agent"),
    )
    well_formed = (
        is_run(request.run)
        and isinstance(request.verb, str)
        and isinstance(request.instance, (str, type(None)))
        and isinstance(request.args, dict)
        and type(request.deadline) is int
        and 1 <= request.deadline <= 7 * 86400
        and isinstance(request.agent, (str, type(None)))
    )
    if not well_formed:
        raise AgentError("request_malformed", "A part of the request has the wrong form.")
    return request


def error_dict(error: BaseException) -> Dict[str, Any]:
    """Return the error as it is answered; one without a code is `agent_error`."""
    error = disk_full(error) or error
    code = getattr(error, "code", None)
    message = str(error) or type(error).__name__
    if not isinstance(code, str) or not code:
        code, message = "agent_error", "%s: %s" % (type(error).__name__, message)
    retryable = bool(getattr(error, "retryable", False))
    return {"code": code, "message": message[:MAX_MESSAGE_CHARACTERS], "retryable": retryable}


class Answers:
    """Writes the lines of one answer: any number about progress, then one result or one error."""

    def __init__(self, descriptor: int, run: str, version: str) -> None:
        self._descriptor = descriptor
        self._run = run
        self._version = version
        self._lock = threading.Lock()

    def progress(self, done: int, total: int, text: str) -> None:
        """Tell how far the work has come."""
        self._write({"progress": {"done": done, "total": total, "text": text}})

    def data(self, data: bytes) -> None:
        """Hand over raw bytes: a line `{"data": <how many>}` and then the bytes themselves."""
        with self._lock:
            self._put(json.dumps({"run": self._run, "data": len(data)}).encode("ascii") + b"\n")
            self._put(data)

    def result(self, result: Dict[str, Any]) -> None:
        """Answer the result; nothing is written after it."""
        self._write({"agent": self._version, "result": result})

    def error(self, error: BaseException) -> None:
        """Answer an error; nothing is written after it."""
        self._write({"agent": self._version, "error": error_dict(error)})

    def _write(self, line: Dict[str, Any]) -> None:
        data = json.dumps(dict(line, run=self._run), separators=(",", ":")).encode("ascii") + b"\n"
        with self._lock:
            self._put(data)

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
