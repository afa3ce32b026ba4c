"""What is said to an agent and what is believed of its answer. Version 1, the agent's own half is in `agent/`."""

import json
import math
from dataclasses import dataclass
from typing import Any, Optional

VERSION = 1
MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_ERROR_CHARACTERS = 2000
MAX_DIGITS = 30


class ProtocolError(Exception):
    """The answer cannot be believed: `bad_answer` or `answer_too_large`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Final:
    """The last line of an answer: a result, or an error with `code`, `message` and `retryable`."""

    agent: str
    result: Optional[dict[str, Any]]
    error: Optional[dict[str, Any]]


@dataclass(frozen=True)
class Progress:
    """How far the work has come."""

    percent: int
    text: str


def build_request(  # noqa: PLR0913  (the parts of a request are what they are)
    run: str,
    verb: str,
    args: dict[str, Any],
    instance: Optional[str],
    deadline: int,
    agent: Optional[str],
) -> dict[str, Any]:
    """Return a request: plain values, each in its own place, never part of a command."""
    request = {
        "protocol": VERSION,
        "run": run,
        "verb": verb,
        "instance": instance,
        "args": args,
        "deadline": max(1, int(deadline)),
    }
    return dict(request, agent=agent) if agent else request


def encode(request: dict[str, Any]) -> bytes:
    """Return the request as it goes over the line."""
    return json.dumps(request, separators=(",", ":")).encode("ascii")


def parse_progress(value: Any) -> Progress:
    """Read a progress, from a line or from the status of detached work; odd values count as none."""
    if not isinstance(value, dict):
        return Progress(0, "")
    done, total = _as_number(value.get("done")), _as_number(value.get("total"))
    percent = int(min(max(100 * done / total, 0), 100)) if total > 0 else 0
    return Progress(percent, storable(str(value.get("text") or "")[:200]))


def storable(text: str) -> str:
    """Return the text without what no database takes: NUL and halves of characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _as_number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else 0.0


def _parse_line(line: bytes) -> Any:
    """Read JSON, without what JSON does not know (NaN) and without numbers that take minutes to read.

    :raise ValueError: not JSON, or such a number
    """
    return json.loads(line, parse_int=_short_int, parse_constant=_no_constant)


def _short_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("a number of %d digits" % len(text))
    return int(text)


def _no_constant(text: str) -> Any:
    raise ValueError("no JSON: %s" % text)


class AnswerReader:
    """Reads an answer as it arrives, keeps no more of it than one line, and stops at a limit."""

    def __init__(self, run: str, max_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._run = run
        self._max_bytes = max_bytes
        self._parts: list[bytes] = []
        self.bytes_received = 0
        self.final: Optional[Final] = None

    def feed(self, chunk: bytes) -> list[Progress]:
        """Take the next bytes; return the progress that they tell about.

        :raise ProtocolError: too much, or a line that is no answer to this run
        """
        self.bytes_received += len(chunk)
        if self.bytes_received > self._max_bytes:
            raise ProtocolError("answer_too_large", f"The answer is larger than {self._max_bytes} bytes.")
        told = []
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            self._parts.append(line)
            text, self._parts = b"".join(self._parts), []
            progress = self._read_line(text)
            if progress:
                told.append(progress)
        self._parts.append(rest)
        return told

    def _read_line(self, line: bytes) -> Optional[Progress]:
        if self.final is not None:
            raise ProtocolError("bad_answer", "The host went on talking after its answer.")
        try:
            document = _parse_line(line)
        except (ValueError, RecursionError):
            raise ProtocolError("bad_answer", f"The host answered {line[:80]!r}.") from None
        if not isinstance(document, dict) or document.get("run") != self._run:
            raise ProtocolError("bad_answer", "The host answered something that does not belong to this run.")
        if "progress" in document:
            return parse_progress(document["progress"])
        self.final = _read_final(document)
        return None


def _read_final(document: dict[str, Any]) -> Final:
    result, error = document.get("result"), document.get("error")
    agent = storable(str(document.get("agent") or "")[:64])
    if isinstance(result, dict) and error is None:
        return Final(agent, result, None)
    if isinstance(error, dict) and result is None and isinstance(error.get("code"), str):
        message = storable(str(error.get("message") or "")[:MAX_ERROR_CHARACTERS])
        retryable = error.get("retryable") is True
        return Final(agent, None, {"code": storable(error["code"][:64]), "message": message, "retryable": retryable})
    raise ProtocolError("bad_answer", "The last line of the answer is neither a result nor an error.")
