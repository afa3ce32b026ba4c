"""Checks of single values that came from a host. They are hostile until proved otherwise."""

from __future__ import annotations

import re
from typing import Any

HEX64 = re.compile(r"[0-9a-f]{64}")
CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
NAME = re.compile(r"(db|fs|dr)-\d{8}T\d{6}Z")
#: Control characters, line separators, signs that turn the reading direction, and what begins or ends markup.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f<>\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
SHOWN = 80
BIG = 2**53  # 9 petabytes: more than any disk, and still exact in JSON


class AnswerRefusedError(Exception):
    """An answer that cannot be believed; `code` names the reason, `detail` what was seen."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__("%s: %s" % (code, detail))
        self.code = code
        self.detail = detail


def shown(value: object) -> str:
    """Return a short, printable form of a value for a message."""
    text = ascii(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def printable(value: object, most: int = 200) -> str:
    """Return a text with everything that cannot be stored or shown taken out."""
    return UNPRINTABLE.sub(" ", str(value)).encode("utf-8", "replace").decode("utf-8")[:most]


def an_object(value: Any, where: str) -> dict[str, Any]:
    """Return `value` as a JSON object."""
    if not isinstance(value, dict):
        raise AnswerRefusedError("bad_manifest", "%s is not an object: %s" % (where, shown(value)))
    return value


def a_list(value: Any, where: str, most: int) -> list[Any]:
    """Return `value` as a list of at most `most` items."""
    if not isinstance(value, list) or len(value) > most:
        raise AnswerRefusedError("bad_manifest", "%s is not a list of at most %d: %s" % (where, most, shown(value)))
    return value


def a_number(value: Any, where: str, most: int = BIG) -> int:
    """Return `value` as a whole number from 0 to `most`; true and 1.0 are not numbers here."""
    if type(value) is not int or not 0 <= value <= most:
        raise AnswerRefusedError("bad_manifest", "%s is not a number from 0 to %d: %s" % (where, most, shown(value)))
    return value


def a_moment(value: Any, where: str) -> float:
    """Return `value` as seconds since 1970, whole or not."""
    if type(value) not in (int, float) or not 0 <= value <= 2**33:
        raise AnswerRefusedError("bad_manifest", "%s is not a moment: %s" % (where, shown(value)))
    return float(value)


def a_text(value: Any, where: str, most: int) -> str:
    """Return `value` as a text that can be shown."""
    if not isinstance(value, str) or len(value) > most or UNPRINTABLE.search(value):
        raise AnswerRefusedError("bad_manifest", "%s is not a plain text: %s" % (where, shown(value)))
    return value


def a_match(value: Any, where: str, pattern: re.Pattern[str]) -> str:
    """Return `value` as a text that is `pattern` from end to end."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise AnswerRefusedError("bad_manifest", "%s is not well formed: %s" % (where, shown(value)))
    return value


def equal(value: Any, expected: object, where: str) -> None:
    """Refuse a value that is not the one that was asked for."""
    if type(value) is not type(expected) or value != expected:
        raise AnswerRefusedError("other_point", "%s is %s instead of %s" % (where, shown(value), shown(expected)))
