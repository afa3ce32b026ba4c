"""Delivers a rebuilt point to a host that Odoo has told to expect it: the sending side of `restore.receive`.

What is there already from a delivery that was cut is not sent again. Nothing is believed of the target but its result.
"""

import json
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Set

from .errors import BackupError
from .peer import Conversation, Peer

PIECE = 256 * 1024
DEADLINE = 6 * 3600
Progress = Callable[[int, int, str], None]


class Delivery:
    """One delivery.

    :param peer: the target's agent, as our key of role `deliver` (or `heal`) reaches it
    :param verb: the verb that receives there
    :param args: its arguments, such as the order that Odoo has prepared
    """

    def __init__(self, peer: Peer, verb: str, args: Dict[str, Any], progress: Progress) -> None:
        self._peer = peer
        self._verb = verb
        self._args = args
        self._progress = progress

    def send(self, manifest: Dict[str, Any], dump: Path, files: Path, with_files: bool) -> Dict[str, Any]:
        """Send everything; return what the target says.

        :raise BackupError: what the target or the line says; the delivery may be made again
        """
        with self._peer.converse(self._verb, self._args, DEADLINE) as talk:
            known = talk.read_document()
            if known.get("state") == "prepared":
                self._send_parts(talk, known, (manifest, dump, files if with_files else None))
            return talk.finish()

    def _send_parts(self, talk: Conversation, known: Dict[str, Any], parts: Any) -> None:
        manifest, dump, files = parts
        text = json.dumps(manifest).encode("ascii")
        _say(talk, part="manifest", bytes=len(text))
        talk.send(text)
        if not known.get("dump"):
            self._progress(0, 2, "delivering the dump")
            _say(talk, part="dump", bytes=dump.stat().st_size, sha256=manifest["dump"]["sha256"])
            _send_file(talk, dump)
        self._progress(1, 2, "delivering the files")
        have = {name for name in known.get("have") or [] if isinstance(name, str)}
        sent = self._send_files(talk, files, have) if files else have
        _say(talk, part="end", files=len(sent), missing=(manifest.get("files") or {}).get("missing") or [])

    def _send_files(self, talk: Conversation, files: Path, have: Set[str]) -> Set[str]:
        everything = set(have)
        for name in list_files(files):
            if name not in have:
                path = files / name
                _say(talk, part="file", name=name, bytes=path.stat().st_size)
                _send_file(talk, path)
                everything.add(name)
        return everything


def list_files(folder: Path) -> Iterator[str]:
    """Yield the names of the files of a filestore, in order."""
    for path in sorted(folder.glob("*/*")):
        yield "%s/%s" % (path.parent.name, path.name)


def _say(talk: Conversation, **head: Any) -> None:
    talk.say(json.dumps(head, separators=(",", ":")))


def _send_file(talk: Conversation, path: Path) -> None:
    size = path.stat().st_size
    with open(str(path), "rb") as stream:
        for piece in iter(lambda: stream.read(PIECE), b""):
            size -= len(piece)
            talk.send(piece)
    if size:
        raise BackupError("damaged", "%s has changed while it was delivered." % path.name, "data")
