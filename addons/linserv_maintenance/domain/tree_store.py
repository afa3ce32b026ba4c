"""How a checked tree is kept: compressed canonical JSON, read back through the same checks."""

from __future__ import annotations

import base64
import zlib

from .merkle import canonical_json, snapshot_root
from .tree_check import Limits, check_tree, read_tree
from .tree_values import Tree


def root_of(tree: Tree) -> str:
    """The root of a checked tree, computed here and not taken from anyone."""
    return snapshot_root(tree.as_dict())


def pack(tree: Tree) -> bytes:
    """The tree as it is kept."""
    return zlib.compress(canonical_json(tree.as_dict(), sort_keys=True).encode("ascii"), 9)


def unpack(packed: bytes) -> Tree:
    """The tree that was kept; TreeRefusedError when it was damaged since."""
    limits = Limits()
    return check_tree(read_tree(base64.b64encode(packed).decode("ascii"), limits), limits)
