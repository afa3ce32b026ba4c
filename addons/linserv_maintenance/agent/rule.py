"""By which rule an instance is counted: its series, the host's own official tool, and the instance's Python.

Only two things of the host's tool are believed: its hash, which the snapshot names, and which of the published
revisions of the series it is. A tool that is none of them changes no number; it is told in a note.
"""

import ast
import hashlib
import os
from typing import Any, Dict, List, Optional, Tuple

from . import line_counter
from .errors import CountError

LINE_LIMIT = 100000
TOOL_SIZE = 2**20
Instance = Dict[str, Any]


def find_tool(instance: Instance) -> Optional[str]:
    """Return the path of the official tool's source on this host, if it is there."""
    roots = [os.path.dirname(core) for core in instance.get("core_addons_path") or []]
    if instance.get("odoo_bin"):
        roots.append(os.path.join(os.path.dirname(os.path.realpath(instance["odoo_bin"])), "odoo"))
    roots += [os.path.join(root, "odoo") for root in roots]
    paths = [os.path.join(root, "tools", "cloc.py") for root in roots]
    return next((path for path in paths if os.path.isfile(path)), None)


def read_tool(instance: Instance) -> bytes:
    """Return the source of the host's official tool, empty when there is none."""
    path = find_tool(instance)
    try:
        return line_counter.read_regular(path, TOOL_SIZE) if path else b""
    except line_counter.UnreadableError:
        return b""


def tool_hash(tool: bytes) -> Optional[str]:
    """Return what the snapshot names the official tool by."""
    return hashlib.sha256(tool).hexdigest() if tool else None


def choose_profile(name: Any, instance: Instance) -> str:
    """Return the series to count by: the asked one, else the instance's."""
    series = name or instance.get("series")
    if series not in line_counter.PROFILES:
        raise CountError("profile_unknown", "there is no rule for the series %.20s" % ascii(series))
    return str(series)


def refine(profile: line_counter.Profile, tool: bytes) -> Tuple[line_counter.Profile, List[str]]:
    """Return the revision of the series' rule that the host's tool is, and which of its values nobody published."""
    known: Dict[str, Any] = {
        "DEFAULT_EXCLUDE": ("exclude", [line_counter.OLD_EXCLUDE, line_counter.NEW_EXCLUDE]),
        "VALID_EXTENSION": ("extensions", [line_counter.OLD_EXTENSIONS, line_counter.NEW_EXTENSIONS]),
        "MAX_LINE_SIZE": ("max_line_size", [None, LINE_LIMIT]),
        "STANDARD_MODULES": ("standard_modules", [line_counter.OLD_CORE, line_counter.NEW_CORE]),
    }
    if not tool:
        return profile, []
    values = {"VALID_EXTENSION": line_counter.OLD_EXTENSIONS, "MAX_LINE_SIZE": None, **_constants(tool)}
    odd = [name for name, (_field, allowed) in known.items() if values.get(name, ()) not in allowed]
    if odd:
        return profile, odd
    fields = {field: values[name] for name, (field, _allowed) in known.items()}
    style = "studio" if b"studio_customization" in tool else "unowned"
    style = "manual" if b"f.state = 'manual'" in tool else style
    return profile._replace(customisations=style, skips_empty_globs=b"filter(None" in tool, **fields), []


def _constants(tool: bytes) -> Dict[str, Any]:
    """Return the plain constants at the top of a source, lists as tuples; nothing of it is run."""
    try:
        body = ast.parse(tool).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = {}
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                value = ast.literal_eval(node.value)
            except ValueError:
                continue
            found[node.targets[0].id] = tuple(value) if isinstance(value, list) else value
    return found
