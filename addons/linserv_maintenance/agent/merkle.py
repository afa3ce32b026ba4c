"""Root hash over a counted instance: the agent's side of format 1 in docs/evidence.md."""

import hashlib
import json
from typing import Any, Dict, Iterable

EMPTY = hashlib.sha256(b"").digest()


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of ``value`` as ASCII bytes."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def leaf(value: Any) -> bytes:
    """Return the hash of one leaf whose data is the canonical JSON of ``value``."""
    return hashlib.sha256(b"\x00" + canonical(value)).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the RFC 6962 root of leaf hashes.

    Equal neighbours are folded level by level and an odd last one is carried up, which gives the same tree
    as splitting at the largest power of two, without recursion.
    """
    level = list(leaves)
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            pairs.append(level[-1])
        level = pairs
    return level[0] if level else EMPTY


def module_leaf(module: Dict[str, Any]) -> bytes:
    """Return the top-level leaf of a module of the tree."""
    files = sorted(module["files"])
    module_root = root(leaf(["file", *file]) for file in files).hex()
    return leaf(["module", module["name"], module_root, module["code"], module["total"], len(files)])


def tree_root(tree: Dict[str, Any]) -> str:
    """Return the hexadecimal root of ``{"modules": […], "customisations": […]}``."""
    modules = sorted(tree["modules"], key=lambda module: module["name"])
    leaves = [module_leaf(module) for module in modules]
    leaves += [leaf(["customisation", *row]) for row in sorted(tree["customisations"])]
    return root(leaves).hex()
