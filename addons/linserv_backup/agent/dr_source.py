"""The backup host as a DR host reaches it: with a key that reads points there and nothing else."""

import os
from pathlib import Path
from typing import IO, Any, Callable, Dict, List, Optional

from . import dr_tree
from .dr_copies import Copies
from .dr_pull import Sink, Source
from .errors import BackupError
from .peer import Peer
from .source_stream import FileReader

AT_ONCE = 50000
LIST_SECONDS = 600
DUMP_SECONDS = 6 * 3600
MAX_BYTES = 1 << 40
MAX_NAMES = 50_000_000
LEAST_SPEED = 100_000


class PeerSource(Source):
    """Speaks to the backup host that the copies come from.

    :param limits: `max_bytes` that are taken at most, of a dump or of a day's files
    """

    def __init__(self, copies: Copies, limits: Dict[str, Any]) -> None:
        told = copies.settings["source"]
        place = (told["address"], told["port"], told["user"])
        keys = (copies.folder / "key", copies.folder / "known_hosts")
        self._peer = Peer(*place, *keys, expected_agent=told.get("agent"))
        self._repository = copies.name
        self._max_bytes = int(limits.get("max_bytes") or MAX_BYTES)

    def points(self) -> List[Dict[str, Any]]:
        """Return the points of the repository.

        :raise BackupError: `bad_answer`, or what the line says
        """
        points = self._peer.call("repo.points", {"repository": self._repository}, LIST_SECONDS).get("points")
        if not isinstance(points, list) or not all(_is_point(point) for point in points):
            raise BackupError("bad_answer", "The backup host lists what are no points.", "data")
        return points

    def dump(self, name: str, sink: Sink, size: int) -> Dict[str, Any]:
        """Hand over the dump of a point, at most as large as announced; return its manifest."""
        limit = min(size, self._max_bytes)
        manifest = self._export(name, "dump", sink, LIST_SECONDS + size / LEAST_SPEED, limit).get("manifest")
        if not isinstance(manifest, dict) or not isinstance(manifest.get("dump"), dict):
            raise BackupError("bad_answer", "The backup host sends no manifest.", "data")
        return manifest

    def names(self, name: str) -> List[str]:
        """Return the names of the files that belong to a point."""
        parts: List[bytes] = []
        self._export(name, "names", parts.append, LIST_SECONDS, MAX_NAMES)
        names = b"".join(parts).decode("ascii", "replace").split()
        if not all(dr_tree.is_file_name(each) for each in names):
            raise BackupError("bad_answer", "The backup host names files that no filestore has.", "data")
        return names

    def files(self, name: str, names: List[str], folder: Path) -> List[str]:
        """Write these files of a point below the folder; return the names of those that are not there."""
        missing: List[str] = []
        for start in range(0, len(names), AT_ONCE):
            missing += self._files(name, names[start : start + AT_ONCE], folder)
        return missing

    def _files(self, name: str, names: List[str], folder: Path) -> List[str]:
        writer = _Writer(folder, set(names))
        reader = FileReader(writer.begin, writer.end)
        try:
            result = self._export(name, "files", reader.feed, DUMP_SECONDS, self._max_bytes, names)
            reader.close()
        finally:
            writer.close()
        return [each for each in result.get("missing") or [] if each in names]

    def _export(  # noqa: PLR0913
        self, name: str, part: str, sink: Sink, deadline: float, limit: int, names: Optional[List[str]] = None
    ) -> Dict[str, Any]:
        args: Dict[str, Any] = {"repository": self._repository, "name": name, "part": part}
        if names is not None:
            args["names"] = names
        return self._peer.stream("repo.export", args, sink, deadline, max_bytes=limit)


class _Writer:
    """Writes the files of a stream, each under its own name only when it is whole."""

    def __init__(self, folder: Path, wanted: "set[str]") -> None:
        self._folder = folder
        self._wanted = wanted
        self._stream: Optional[IO[bytes]] = None

    def begin(self, header: Any) -> Callable[[bytes], Any]:
        name = header["name"]
        if name not in self._wanted:
            raise BackupError("bad_answer", "The backup host sends a file that nobody asked for.", "data")
        draft = self._draft(name)
        draft.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._stream = open(str(draft), "wb")  # noqa: SIM115  (closed by `close`)
        return self._stream.write

    def end(self, header: Any, _trailer: Any) -> None:
        self.close()
        os.replace(str(self._draft(header["name"])), str(self._folder / header["name"]))

    def close(self) -> None:
        """Close what is open."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _draft(self, name: str) -> Path:
        path = self._folder / name
        return path.with_name("." + path.name)


def _is_point(point: Any) -> bool:
    dump = point.get("dump") if isinstance(point, dict) else None
    sizes = isinstance(dump, dict) and type(dump.get("bytes")) is int and dump["bytes"] >= 0
    return bool(sizes and isinstance(point.get("name"), str) and isinstance(point.get("slot"), str))
