"""Checks of single values that came from a host. They are hostile until proved otherwise."""

from __future__ import annotations

import re
from typing import Any

HEX64 = re.compile(r"[0-9a-f]{64}")
WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
SHOWN = 80
#: Control characters, the line and paragraph separators, signs that turn the reading direction,
#: and what begins or ends markup. No honest module has them in a name.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f<>\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


class TreeRefusedError(Exception):
    """A count that cannot be trusted; `code` names the reason, `detail` what was seen."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


def shown(value: object) -> str:
    """A short, printable form of a value for a message."""
    text = ascii(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def printable(text: str) -> str:
    """`text` with everything that cannot be stored or shown written as an escape."""
    kept = UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
    return kept.encode("utf-8", "backslashreplace").decode("utf-8")


def an_object(value: Any, where: str) -> dict[str, Any]:
    """`value` as a JSON object."""
    if not isinstance(value, dict):
        raise TreeRefusedError("bad_value", f"{where} is not an object: {shown(value)}")
    return value


def a_list(value: Any, where: str, most: int) -> list[Any]:
    """`value` as a list of at most `most` items."""
    if not isinstance(value, list):
        raise TreeRefusedError("bad_value", f"{where} is not a list: {shown(value)}")
    if len(value) > most:
        raise TreeRefusedError("too_large", f"{where} has {len(value)} items, at most {most} are taken")
    return value


def a_row(value: Any, where: str, length: int) -> list[Any]:
    """`value` as a list of exactly `length` items."""
    row = a_list(value, where, length)
    if len(row) != length:
        raise TreeRefusedError("bad_value", f"{where} has {len(row)} items instead of {length}")
    return row


def a_number(value: Any, where: str, most: int) -> int:
    """`value` as a whole number from 0 to `most`; true and 1.0 are not numbers here."""
    if type(value) is not int:
        raise TreeRefusedError("bad_value", f"{where} is not a whole number: {shown(value)}")
    if value < 0:
        raise TreeRefusedError("negative", f"{where} is negative: {shown(value)}")
    if value > most:
        raise TreeRefusedError("too_large", f"{where} is {shown(value)}, at most {most} is taken")
    return value


def a_text(value: Any, where: str, most: int) -> str:
    """`value` as a text of at most `most` characters."""
    if not isinstance(value, str):
        raise TreeRefusedError("bad_value", f"{where} is not a text: {shown(value)}")
    if len(value) > most:
        raise TreeRefusedError("too_large", f"{where} has {len(value)} characters, at most {most} are taken")
    return value


def a_name(value: Any, where: str, most: int) -> str:
    """`value` as a text, not empty, that can be shown: no control characters, no markup."""
    text = a_text(value, where, most)
    if not text:
        raise TreeRefusedError("bad_name", f"{where} is empty")
    if UNPRINTABLE.search(text):
        raise TreeRefusedError("bad_name", f"{where} has control characters or markup: {shown(text)}")
    return text


def a_match(value: Any, where: str, pattern: re.Pattern[str]) -> str:
    """`value` as a text that is `pattern` from end to end."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise TreeRefusedError("bad_value", f"{where} is not well formed: {shown(value)}")
    return value


def a_digest(value: Any, where: str) -> str:
    """`value` as a sha256 in lower-case hexadecimal."""
    return a_match(value, where, HEX64)
