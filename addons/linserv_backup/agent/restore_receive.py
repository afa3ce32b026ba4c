"""Takes a delivery from a backup or DR host: a dump and the files of a filestore, into the folder of an order.

The deliverer's key reaches this verb only, and only what Odoo has ordered before is taken: the dump by its SHA-256,
files by their names, which are their SHA-1. What has arrived whole stays, so that a delivery that was cut goes on.
"""

import json
import os
import sys
from typing import Any, BinaryIO, Dict, List, Set

from . import restore_files as files
from .errors import BackupError
from .restore_order import Restore, open_restore, working_on

MAX_LINE = 64 * 1024
MAX_MANIFEST = 16 << 20
FRAME = 1 << 20
KEYS = {"part", "bytes", "sha256", "name", "files", "missing"}


def receive(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Take the delivery on standard input; answer first what is here already.

    :raise BackupError: `not_prepared`, `restore_expired`, `wrong_dump`, `wrong_files`, `bad_delivery`, `busy`
    """
    known = open_restore(context, args.get("restore"))
    if known.has_come_to("received"):
        _say(context, {"have": [], "dump": True, "state": known.step})
        return known.told()
    with working_on(context, args.get("restore")) as restore:
        restore.check_time()
        return _Delivery(context, restore, sys.stdin.buffer).take()


class _Delivery:
    def __init__(self, context: Any, restore: Restore, stream: BinaryIO) -> None:
        self.context, self.restore, self.stream = context, restore, stream
        self.have: Set[str] = set(files.list_files(restore.files))
        self.room = restore.order["bytes"] + restore.order["files_bytes"] * 2 + (1 << 30)

    def take(self) -> Dict[str, Any]:
        """Read parts until the end; note that all has arrived."""
        files.make_folder(self.restore.files)
        arrived = self.restore.dump.exists()
        _say(self.context, {"have": sorted(self.have), "dump": arrived, "state": self.restore.step})
        while True:
            head = self._head()
            if head["part"] == "end":
                return self._finish(head)
            takers = {"manifest": self._take_manifest, "dump": self._take_dump, "file": self._take_file}
            if head["part"] not in takers:
                raise _bad("a part that is not known")
            takers[head["part"]](head)

    def _head(self) -> Dict[str, Any]:
        line = self.stream.readline(MAX_LINE + 1)
        if not line.endswith(b"\n"):
            raise BackupError("connection_lost", "The delivery ended before it was whole.", "transient")
        try:
            head = json.loads(line.decode("ascii"))
        except ValueError:
            raise _bad("a line that is no JSON") from None
        if not isinstance(head, dict) or set(head) - KEYS or not isinstance(head.get("part"), str):
            raise _bad("a line of another form")
        return head

    def _blocks(self, head: Dict[str, Any], limit: int) -> Any:
        """Yield the bytes that the line announces."""
        left = head.get("bytes")
        if type(left) is not int or not 0 <= left <= limit:
            raise BackupError("too_large", "More is delivered than was ordered.", "data")
        self.room -= left
        if self.room < 0:
            raise BackupError("too_large", "More is delivered than was ordered.", "data")
        while left:
            data = self.stream.read(min(left, files.BLOCK))
            if not data:
                raise BackupError("connection_lost", "The delivery ended before it was whole.", "transient")
            left -= len(data)
            yield data

    def _take_manifest(self, head: Dict[str, Any]) -> None:
        text = b"".join(self._blocks(head, MAX_MANIFEST))
        try:
            document = json.loads(text.decode("utf-8"))
        except ValueError:
            raise _bad("a manifest that is no JSON") from None
        files.write_json(self.restore.folder / "manifest.json", document)

    def _take_dump(self, head: Dict[str, Any]) -> None:
        arriving = files.Arriving(self.restore.dump, "sha256")
        self._fill(arriving, head, self.restore.order["bytes"])
        if not arriving.keep(self.restore.order["sha256"], sync=True):
            raise BackupError("wrong_dump", "The dump that was delivered is not the one that was ordered.", "data")

    def _take_file(self, head: Dict[str, Any]) -> None:
        name = head.get("name")
        if not files.is_file_name(name):
            raise _bad("a file with an impossible name")
        path = self.restore.files / str(name)
        files.make_folder(path.parent)
        arriving = files.Arriving(path, "sha1")
        self._fill(arriving, head, self.room)
        if not arriving.keep(str(name)[3:]):
            raise BackupError("wrong_file", "A file that was delivered does not fit its name.", "data")
        self.have.add(str(name))

    def _fill(self, arriving: files.Arriving, head: Dict[str, Any], limit: int) -> None:
        try:
            for data in self._blocks(head, limit):
                arriving.write(data)
        except BaseException:
            arriving.drop()
            raise

    def _finish(self, head: Dict[str, Any]) -> Dict[str, Any]:
        """Check that everything is here.

        :raise BackupError: `bad_delivery` or `wrong_files`
        """
        restore, root = self.restore, self.restore.order["files_root"]
        if not restore.dump.exists():
            raise _bad("an end without a dump")
        if head.get("files") != len(self.have):
            raise BackupError("wrong_files", "Other files have arrived than were delivered.", "data")
        if root and files.files_root(self.have) != root:
            raise BackupError("wrong_files", "The files are not those of the point.", "data")
        os.sync()
        missing: List[str] = [str(each) for each in head.get("missing") or []][:1000]
        size = restore.dump.stat().st_size
        restore.note(state="received", bytes=size, files=len(self.have), missing=missing)
        return {**restore.told(), "sha256": restore.order["sha256"]}


def _say(context: Any, document: Dict[str, Any]) -> None:
    text = json.dumps(document).encode("ascii") + b"\n"
    for begin in range(0, len(text), FRAME):
        context.send(text[begin : begin + FRAME])


def _bad(what: str) -> BackupError:
    return BackupError("bad_delivery", "The delivery holds %s." % what, "data")
