"""Builders of answers to `code.count`, honest unless told otherwise."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import Any

ROOT = "a" * 64
RULE = {"profile": "14.0", "cloc_sha256": "b" * 64, "python": "3.9"}


def file_row(path: str = "models/a.py", code: int = 10, total: int = 12, state: str = "ok") -> list[Any]:
    return [path, hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest(), code, total, state]


def module(name: str = "norrvik_sale", files: list[Any] | None = None, **changed: Any) -> dict[str, Any]:
    files = [file_row()] if files is None else files
    told = {
        "name": name,
        "path": "/opt/addons/" + name,
        "files": files,
        "code": sum(row[2] for row in files),
        "total": sum(row[3] for row in files),
        "excluded": [],
    }
    told.update(changed)
    return told


def tree(modules: list[Any] | None = None, **changed: Any) -> dict[str, Any]:
    told = {
        "modules": [module()] if modules is None else modules,
        "customisations": [],
        "notes": [],
    }
    told.update(changed)
    return told


def pack(value: Any) -> str:
    return pack_bytes(json.dumps(value).encode("ascii"))


def pack_bytes(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw)).decode("ascii")


def answer(told_tree: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    told_tree = tree() if told_tree is None else told_tree
    told = {
        "root": ROOT,
        "unchanged": False,
        "rule": RULE,
        "tree": pack(told_tree),
        "code": sum(item["code"] for item in told_tree["modules"]),
        "total": sum(item["total"] for item in told_tree["modules"]),
        "notes_count": 0,
    }
    told.update(changed)
    return told
