"""Checks an answer to `code.count` before anything of it is believed.

Everything in the answer was written by a host that Linserv does not own. What is not exactly of
the expected type, range and form, does not add up, or does not hash to the claimed root is
refused with `TreeRefusedError`; nothing is guessed, repaired or left out.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Union

from .statement import Rule
from .tree_values import (
    FILE_OK,
    Count,
    CustomisationCount,
    FileCount,
    ModuleCount,
    Note,
    Tree,
)
from .value_check import (
    WORD,
    TreeRefusedError,
    a_digest,
    a_list,
    a_match,
    a_name,
    a_number,
    a_row,
    a_text,
    an_object,
    shown,
)

MODULE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
MODEL_NAME = re.compile(r"[a-z][a-z0-9_.]{0,127}")
PROFILE = re.compile(r"[0-9]{1,3}\.[0-9]{1,2}")
PYTHON = re.compile(r"[0-9]{1,2}\.[0-9]{1,3}")
LONGEST_NUMBER = 18

RootOf = Callable[[Tree], str]
Counted = Union[FileCount, CustomisationCount, ModuleCount]


@dataclass(frozen=True)
class Limits:
    """What no honest instance exceeds; beyond it the answer is refused."""

    tree_bytes: int = 64 * 2**20
    modules: int = 5_000
    files: int = 200_000
    customisations: int = 50_000
    notes: int = 50_000
    file_lines: int = 25 * 2**20
    instance_lines: int = 50_000_000
    path_characters: int = 4_096
    message_characters: int = 4_096


def check_count(answer: Any, known_root: str | None, root_of: RootOf, limits: Limits | None = None) -> Count:
    """The checked value of an `answer`, or TreeRefusedError.

    `known_root` is the root that was sent with the request; only then may the host answer that
    nothing changed. `root_of` computes the root of a tree, independently of what the host claims.
    """
    limits = limits or Limits()
    told = an_object(answer, "the answer")
    root = a_digest(told.get("root"), "root")
    rule = _rule(told.get("rule"))
    if _flag(told.get("unchanged"), "unchanged"):
        if known_root is None or root != known_root:
            raise TreeRefusedError("unchanged_unknown", f"unchanged since an unknown root: {root}")
        return Count(root, rule, None)
    tree = check_tree(read_tree(told.get("tree"), limits), limits)
    _must_equal(told.get("code"), tree.code, "code of the instance")
    _must_equal(told.get("total"), tree.total, "total of the instance")
    computed = root_of(tree)
    if computed != root:
        raise TreeRefusedError("root_mismatch", f"root is {computed}, the host said {root}")
    return Count(root, rule, tree)


def read_tree(packed: Any, limits: Limits) -> Any:
    """The JSON value of base64(zlib(JSON)), never more than `limits.tree_bytes` long."""
    text = a_text(packed, "tree", 2 * limits.tree_bytes)
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(base64.b64decode(text, validate=True), limits.tree_bytes + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise TreeRefusedError("unreadable", f"tree cannot be unpacked: {error}") from error
    if len(raw) > limits.tree_bytes:
        raise TreeRefusedError("too_large", f"tree is more than {limits.tree_bytes} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise TreeRefusedError("unreadable", "tree was cut off or has more after its end")
    return parse_json(raw)


def parse_json(raw: bytes) -> Any:
    """JSON without repeated keys, fractions, or numbers too long to be lines."""
    try:
        return json.loads(
            raw.decode("ascii"),
            object_pairs_hook=_no_repeats,
            parse_int=_short_int,
            parse_float=_no_constant,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        raise TreeRefusedError("unreadable", f"tree is not JSON: {shown(str(error))}") from error


def check_tree(value: Any, limits: Limits) -> Tree:
    """The checked tree: every value of its type, sorted, without repeats, adding up."""
    told = an_object(value, "tree")
    rows = a_list(told.get("modules"), "modules", limits.modules)
    modules = tuple(_module(row, limits) for row in rows)
    _sorted_once((module.name for module in modules), "module")
    if sum(len(module.files) for module in modules) > limits.files:
        raise TreeRefusedError("too_large", f"more than {limits.files} files")
    customisations = _customisations(told.get("customisations"), limits)
    notes = a_list(told.get("notes"), "notes", limits.notes)
    code = _sum_code(modules) + _sum_code(customisations)
    total = _sum_total(modules) + _sum_total(customisations)
    a_number(max(code, total), "lines of the instance", limits.instance_lines)
    checked_notes = tuple(_note(row, limits) for row in notes)
    return Tree(modules, customisations, checked_notes, code, total)


def _module(value: Any, limits: Limits) -> ModuleCount:
    told = an_object(value, "module")
    name = a_match(told.get("name"), "module name", MODULE_NAME)
    rows = a_list(told.get("files"), f"files of {name}", limits.files)
    files = tuple(_file(row, name, limits) for row in rows)
    _sorted_once((file.path for file in files), f"file of {name}")
    code, total = _sum_code(files), _sum_total(files)
    _must_equal(told.get("code"), code, f"code of {name}")
    _must_equal(told.get("total"), total, f"total of {name}")
    rows = a_list(told.get("excluded", []), f"excluded of {name}", limits.files)
    excluded = tuple(a_name(row, f"excluded file of {name}", limits.path_characters) for row in rows)
    path = a_name(told.get("path"), f"path of {name}", limits.path_characters)
    return ModuleCount(name, path, files, code, total, excluded)


def _file(value: Any, module: str, limits: Limits) -> FileCount:
    path, sha256, code, total, state = a_row(value, f"file of {module}", 5)
    name = a_name(path, f"path in {module}", limits.path_characters)
    if name.startswith("/") or ".." in name.split("/"):
        raise TreeRefusedError("bad_name", f"path leaves {module}: {shown(name)}")
    where = f"{module}/{name}"
    file = FileCount(
        name,
        _digest_or_none(sha256, state, where),
        a_number(code, f"code of {shown(where)}", limits.file_lines),
        a_number(total, f"total of {shown(where)}", limits.file_lines),
        a_match(state, f"state of {shown(where)}", WORD),
    )
    _error_counts_nothing(file, where)
    return file


def _customisations(value: Any, limits: Limits) -> tuple[CustomisationCount, ...]:
    rows = a_list(value, "customisations", limits.customisations)
    found = tuple(_customisation(row, limits) for row in rows)
    _sorted_once(((item.model, item.key) for item in found), "customisation")
    return found


def _customisation(value: Any, limits: Limits) -> CustomisationCount:
    model, key, sha256, code, total, state = a_row(value, "customisation", 6)
    a_match(model, "model of a customisation", MODEL_NAME)
    # A person named it in Odoo ("Order -> invoice"), so any text is a name here.
    name = a_text(key, f"key of a {model}", limits.path_characters)
    where = f"{model} {name}"
    item = CustomisationCount(
        model,
        name,
        a_digest(sha256, f"sha256 of {shown(where)}"),
        a_number(code, f"code of {shown(where)}", limits.file_lines),
        a_number(total, f"total of {shown(where)}", limits.file_lines),
        a_match(state, f"state of {shown(where)}", WORD),
    )
    _error_counts_nothing(item, where)
    return item


def _note(value: Any, limits: Limits) -> Note:
    told = an_object(value, "note")
    lines = told.get("lines")
    return Note(
        a_match(told.get("kind"), "kind of a note", WORD),
        a_text(told.get("module") or "", "module of a note", limits.path_characters),
        a_text(told.get("path") or "", "path of a note", limits.path_characters),
        None if lines is None else a_number(lines, "lines of a note", limits.instance_lines),
        a_text(told.get("message") or "", "message of a note", limits.message_characters),
    )


def _rule(value: Any) -> Rule:
    told = an_object(value, "rule")
    sha256 = told.get("cloc_sha256")
    return Rule(
        a_match(told.get("profile"), "profile of the rule", PROFILE),
        None if sha256 is None else a_digest(sha256, "cloc_sha256 of the rule"),
        a_match(told.get("python"), "python of the rule", PYTHON),
    )


def _digest_or_none(value: Any, state: Any, where: str) -> str:
    """A file that could not be read has no hash: only then may it be empty."""
    if value == "" and state != FILE_OK:
        return ""
    return a_digest(value, f"sha256 of {shown(where)}")


def _error_counts_nothing(item: FileCount | CustomisationCount, where: str) -> None:
    if item.state != FILE_OK and (item.code or item.total):
        raise TreeRefusedError("does_not_add_up", f"{shown(where)} is {item.state} but has lines")


def _must_equal(told: Any, computed: int, where: str) -> None:
    if type(told) is not int or told != computed:
        raise TreeRefusedError("does_not_add_up", f"{where} is {computed}, the host said {shown(told)}")


def _sorted_once(keys: Iterable[Any], what: str) -> None:
    last: Any = None
    for key in keys:
        if last is not None and key <= last:
            code = "duplicate" if key == last else "bad_value"
            raise TreeRefusedError(code, f"{what} is repeated or out of order: {shown(key)}")
        last = key


def _sum_code(items: Iterable[Counted]) -> int:
    return sum(item.code for item in items)


def _sum_total(items: Iterable[Counted]) -> int:
    return sum(item.total for item in items)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise TreeRefusedError("bad_value", f"{where} is neither true nor false: {shown(value)}")
    return value


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("a key is repeated")
    return told


def _no_constant(text: str) -> Any:
    raise ValueError(f"not a whole number: {shown(text)}")


def _short_int(text: str) -> int:
    """Reading a number of a million digits takes minutes, so it is not read."""
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)
