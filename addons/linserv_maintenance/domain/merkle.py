"""Root hash and chain of counted code, format 1 of docs/evidence.md.

The office recomputes what the host answered instead of believing it. The rule is written here a second time on
purpose, by recursion as in RFC 6962, so that a mistake in one of the two does not go unnoticed.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Optional

Tree = dict[str, Any]


def canonical_json(value: Any, sort_keys: bool = False) -> str:
    """Return ``value`` as canonical JSON: ASCII only, no spaces; objects need ``sort_keys``."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=sort_keys)


def _hash(prefix: bytes, data: bytes) -> bytes:
    return hashlib.sha256(prefix + data).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the RFC 6962 tree head over the ``leaves``' data."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return _hash(b"\x00", leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return _hash(b"\x01", merkle_root(leaves[:split]) + merkle_root(leaves[split:]))


def _data(*values: Any) -> bytes:
    return canonical_json(list(values)).encode("ascii")


def module_root(files: Sequence[Sequence[Any]]) -> str:
    """Return the hexadecimal root of a module's ``[path, sha256, code, total, state]`` rows."""
    rows = sorted(files, key=lambda row: str(row[0]))
    return merkle_root([_data("file", *row) for row in rows]).hex()


def snapshot_root(tree: Tree) -> str:
    """Return the hexadecimal root of a count ``{"modules": […], "customisations": […]}``."""
    modules = sorted(tree["modules"], key=lambda module: str(module["name"]))
    leaves = [
        _data("module", m["name"], module_root(m["files"]), m["code"], m["total"], len(m["files"])) for m in modules
    ]
    rows = sorted(tree["customisations"], key=lambda row: (str(row[0]), str(row[1])))
    return merkle_root(leaves + [_data("customisation", *row) for row in rows]).hex()


def tree_lines(tree: Tree) -> tuple[int, int]:
    """Return the lines of code and the lines in all, recomputed from files and customisations."""
    rows: list[Sequence[Any]] = [row[1:] for module in tree["modules"] for row in module["files"]]
    rows += [row[2:] for row in tree["customisations"]]
    return sum(row[1] for row in rows), sum(row[2] for row in rows)


def tree_faults(tree: Tree, root: str, code: int, total: int) -> list[str]:
    """Return in words what an answered count contradicts itself in; an empty list means none."""
    faults = []
    for module in tree["modules"]:
        sums = tree_lines({"modules": [module], "customisations": []})
        if sums != (module["code"], module["total"]):
            faults.append("module %s: sums of its files differ" % module["name"])
    if tree_lines(tree) != (code, total):
        faults.append("the sums of the count differ")
    if snapshot_root(tree) != root:
        faults.append("the root hash differs")
    return faults


def chain_hash(statement: str, signature: bytes) -> str:
    """Return what the next statement names as its ``previous``."""
    return hashlib.sha256(statement.encode("utf-8") + signature).hexdigest()


def build_statement(values: dict[str, Any], previous: Optional[str]) -> str:
    """Return the text to sign.

    ``values`` has instance, customer, date (ISO), rule, root, code and total; ``previous`` is the chain hash of
    the statement before, or None.
    """
    wanted = ("instance", "customer", "date", "rule", "root", "code", "total")
    statement = {key: values[key] for key in wanted}
    return canonical_json({**statement, "version": 1, "previous": previous}, sort_keys=True)
