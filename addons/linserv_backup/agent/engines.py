"""What an engine is: something that keeps points and gives them back. borg does it on backup hosts, restic on DR hosts.

An engine never says that a point is there before it has read it back, lists only what its own repository lists, and
finds a damaged point by itself.
"""

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional


class Rebuilt(NamedTuple):
    """A point on the disk again: its manifest, its dump (None for a point of files), and its filestore."""

    manifest: Dict[str, Any]
    dump_path: Path
    filestore_path: Path


class Engine:
    """The protocol: `store / list / rebuild / verify / delete`."""

    def store(self, folder: Path, manifest: Dict[str, Any]) -> Dict[str, Any]:
        """Keep what is in the folder as a point, read it back, and only then let it count; return its manifest."""
        raise NotImplementedError

    def list(self) -> List[Dict[str, Any]]:
        """Return the points that the repository itself lists."""
        raise NotImplementedError

    def rebuild(self, name: str, folder: Path) -> Rebuilt:
        """Write a point into a folder; its dump has the SHA-256 that was noted, or it is an error."""
        raise NotImplementedError

    def verify(self, name: str) -> Dict[str, Any]:
        """Rebuild a point and throw it away again."""
        raise NotImplementedError

    def delete(self, names: List[str], now: int, proved: Optional[str]) -> Dict[str, Any]:
        """Move points to the trash, by name, if every rule of deletion allows it."""
        raise NotImplementedError
