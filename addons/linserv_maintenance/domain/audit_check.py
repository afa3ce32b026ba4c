"""Checks an answer to `code.audit`, chooses what to ask for, and compares with what was counted."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .tree_values import FILE_OK, FileCount, Tree
from .value_check import TreeRefusedError, a_list, a_number, a_row, a_text, an_object, printable

MOST_FILES = 500
MOST_FILE_BYTES = 25 * 2**20
MOST_BYTES = 64 * 2**20
MOST_MODULES = 10_000
MOST_LINES = 50_000_000
MOST_NAME = 4_096
MOST_TAIL = 4_000

Name = tuple[str, str]


@dataclass(frozen=True)
class Source:
    """A file that the host handed out; `same` says whether it is the file that was counted."""

    module: str
    path: str
    content: bytes
    same: bool


@dataclass(frozen=True)
class Official:
    """What the host's own tool counted; `code` is None when it did not come to an end."""

    modules: dict[str, int]
    code: int | None
    tail: str


@dataclass(frozen=True)
class Audit:
    """A checked answer; `missing` are files that were asked for and not handed out."""

    sources: tuple[Source, ...]
    missing: tuple[Name, ...]
    official: Official | None


def choose(tree: Tree, seed: str, most: int = MOST_FILES) -> list[list[str]]:
    """Choose files to look at: all, or those that a hash of `seed` picks, so that no host can foresee them."""
    names = [(module.name, file.path) for module in tree.modules for file in module.files if file.state == FILE_OK]

    def rank(name: Name) -> str:
        text = "\0".join((seed, *name)).encode("utf-8", "backslashreplace")
        return hashlib.sha256(text).hexdigest()

    return [list(name) for name in sorted(sorted(names, key=rank)[:most])]


def counted_files(tree: Tree) -> dict[Name, FileCount]:
    """The files of a tree by module and path."""
    return {(module.name, file.path): file for module in tree.modules for file in module.files}


def check_audit(answer: Any, asked: list[list[str]], tree: Tree) -> Audit:
    """The checked answer, or TreeRefusedError; what was not asked for is refused."""
    told = an_object(answer, "the answer")
    wanted = {(module, path) for module, path in asked}
    files = counted_files(tree)
    sources: dict[Name, Source] = {}
    size = 0
    for row in a_list(told.get("files"), "files", MOST_FILES):
        name, content = _file(an_object(row, "file"))
        if name not in wanted or name in sources:
            raise TreeRefusedError("duplicate", f"a file that was not asked for: {printable(repr(name))}")
        if content is None:
            continue
        size += len(content)
        if size > MOST_BYTES:
            raise TreeRefusedError("too_large", f"more than {MOST_BYTES} bytes of sources")
        same = hashlib.sha256(content).hexdigest() == files[name].sha256
        sources[name] = Source(name[0], name[1], content, same)
    missing = tuple(sorted(wanted - set(sources)))
    return Audit(tuple(sources.values()), missing, _official(told.get("official")))


def compare(counted: Mapping[str, int], official: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """(module, ours, official) for every module that one of the two knows, the largest difference first."""
    rows = [(name, counted.get(name, 0), official.get(name, 0)) for name in set(counted) | set(official)]
    return sorted(rows, key=lambda row: (-abs(row[1] - row[2]), row[0]))


def _file(told: dict[str, Any]) -> tuple[Name, bytes | None]:
    name = (a_text(told.get("module"), "module", MOST_NAME), a_text(told.get("path"), "path", MOST_NAME))
    if told.get("state") != FILE_OK:
        return name, None
    packed = a_text(told.get("content"), "content", 2 * MOST_FILE_BYTES)
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.b64decode(packed, validate=True), MOST_FILE_BYTES + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise TreeRefusedError("unreadable", f"a source cannot be unpacked: {error}") from error
    if len(content) > MOST_FILE_BYTES:
        raise TreeRefusedError("too_large", f"a source of more than {MOST_FILE_BYTES} bytes")
    return name, content


def _official(value: Any) -> Official | None:
    if value is None:
        return None
    told = an_object(value, "official")
    table = an_object(told.get("modules"), "modules of official")
    if len(table) > MOST_MODULES:
        raise TreeRefusedError("too_large", f"official has {len(table)} modules")
    modules = {
        printable(a_text(name, "official module", MOST_NAME)): a_number(
            a_row(row, "official row", 2)[1], "official lines", MOST_LINES
        )
        for name, row in table.items()
    }
    code = told.get("code")
    tail = a_text(told.get("tail") or "", "tail of official", MOST_TAIL)
    return Official(modules, None if code is None else a_number(code, "official code", MOST_LINES), printable(tail))
