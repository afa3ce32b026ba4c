"""Finds modules that the official tool takes for Odoo's own by where they lie, though they are not."""

import glob
import os
import re
from typing import List, Sequence, Set, Tuple

from .discovery import MANIFESTS, Place
from .line_counter import UnreadableError, read_regular

MESSAGES = {
    "prefix_shadow": "the folder's name begins like that of Odoo's own modules: the official tool bills 0",
    "in_core_folder": "lies among Odoo's own modules: the official tool bills 0",
}
PACKAGE_LISTS = "/var/lib/dpkg/info/odoo*.list"
_AUTHOR = re.compile(rb"""["']author["']\s*:\s*["']([^"']*)""")


def find(places: Sequence[Place], cores: Sequence[str]) -> List[Tuple[Place, str]]:
    """Return the modules that are not Odoo's own, with the kind of note each gets."""
    shadowed = [place for place in places if os.path.dirname(place.real) not in cores]
    shipped = shipped_modules(cores)
    within = [place for place in places if os.path.dirname(place.real) in cores]
    aliens = [place for place in within if not _is_shipped(place, shipped)]
    return [(place, "prefix_shadow" if not _below(place, cores) else "in_core_folder") for place in shadowed + aliens]


def _below(place: Place, cores: Sequence[str]) -> bool:
    return any(place.real.startswith(core + "/") for core in cores)


def shipped_modules(cores: Sequence[str], lists: str = PACKAGE_LISTS) -> Set[str]:
    """Return the module folders that the system's package of Odoo brought, if it came as a package."""
    shipped = set()
    for name in glob.glob(lists):
        with open(name, encoding="utf-8", errors="surrogateescape") as stream:
            for line in stream:
                folder, _slash, last = line.rstrip("\n").rpartition("/")
                if last in MANIFESTS and os.path.dirname(folder) in cores:
                    shipped.add(folder)
    return shipped


def _is_shipped(place: Place, shipped: Set[str]) -> bool:
    """Without a package's list, believe the manifest: a module without an author is Odoo's by its default."""
    if shipped:
        return place.real in shipped
    for manifest in MANIFESTS:
        try:
            content = read_regular(os.path.join(place.real, manifest))
        except UnreadableError:
            continue
        author = _AUTHOR.search(content)
        return not author or b"odoo" in author.group(1).lower() or place.name.startswith("l10n_")
    return True
