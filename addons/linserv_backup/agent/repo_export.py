"""Hands points over: to the DR host that asks for them, and to the host that a restore is made on."""

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

from . import login, point_names
from .deliver import Delivery
from .errors import BackupError
from .peer import Peer
from .points import FILES, Points
from .repository import Repository
from .source_stream import Sender
from .zstd import read_blocks

MOST_NAMES = 100_000
ALIVE_SECONDS = 15.0
Progress = Callable[[int, int, str], None]


def export(repository: Repository, args: Dict[str, Any], context: Any) -> Dict[str, Any]:
    """Send a part of a point: `dump` (the bytes of the dump), `names` (a line for each file), or `files`.

    :param args: name, part, names (which files)
    :return: manifest with bytes and sha256, or count, or sent and missing
    :raise BackupError: `point_damaged`, `point_unknown`, `argument_invalid`
    """
    parts = {"dump": _export_dump, "names": _export_names, "files": _export_files}
    if args["part"] not in parts:
        raise BackupError("argument_invalid", "A point has no such part.", "configuration")
    points, sender = Points(repository), Sender(context.send)
    points.entry(args["name"])
    with repository.reading(), keep_alive(context.progress):
        told = parts[args["part"]](points, args, sender)
    sender.flush()
    return told


@contextmanager
def keep_alive(progress: Progress) -> Iterator[None]:
    """Tell the other side every few seconds that this one is at work."""
    over = threading.Event()

    def tell() -> None:
        while not over.wait(ALIVE_SECONDS):
            try:
                progress(0, 0, "at work")
            except OSError:
                return

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _export_dump(points: Points, args: Dict[str, Any], sender: Sender) -> Dict[str, Any]:
    name = args["name"]
    with points.repository.scratch() as folder:
        hashed = points.rebuild_dump(name, folder / "dump")
        _send_file(sender, folder / "dump")
    return dict(hashed._asdict(), manifest=points.manifest(name))


def _export_names(points: Points, args: Dict[str, Any], sender: Sender) -> Dict[str, Any]:
    names = sorted(points.files(args["name"]))
    for name in names:
        sender.add(name.encode("ascii") + b"\n")
    return {"manifest": points.manifest(args["name"]), "count": len(names)}


def _export_files(points: Points, args: Dict[str, Any], sender: Sender) -> Dict[str, Any]:
    """Send those of the named files that the point has."""
    asked: List[Any] = args.get("names") or []
    if len(asked) > MOST_NAMES or not all(point_names.is_file(name) for name in asked):
        raise BackupError("argument_invalid", "These are no names of files.", "configuration")
    holders = points.files(args["name"])
    wanted = {name: holders[name] for name in asked if name in holders}
    with points.repository.scratch() as folder:
        points.write_files(wanted, folder)
        for name in sorted(wanted):
            path = folder / FILES / name
            sender.line({"name": name, "size": path.stat().st_size})
            _send_file(sender, path)
    return {"sent": len(wanted), "missing": [name for name in asked if name not in holders]}


def _send_file(sender: Sender, path: Path) -> None:
    with open(str(path), "rb") as stream:
        for piece in read_blocks(stream):
            sender.add(piece)


def deliver(repository: Repository, args: Dict[str, Any], progress: Progress) -> Dict[str, Any]:
    """Rebuild a point, hashed, and push it to a host that is told to expect it.

    :param args: name, restore (the prepared order), target {address, port, user, host_keys, agent}, with_files
    :return: what the target answered, with the name and the dump's sha256
    :raise BackupError: `point_damaged`, or what the target or the line says
    """
    points, name, with_files = Points(repository), args["name"], args.get("with_files", True)
    with repository.scratch() as folder:
        peer = _open_peer(repository, args["target"], folder)
        progress(0, 3, "rebuilding")
        rebuilt = points.rebuild(name, folder / "point", with_files)
        manifest = _leave_out_odd(rebuilt.manifest, rebuilt.filestore_path)
        delivery = Delivery(peer, "restore.receive", {"restore": args["restore"], "point": name}, progress)
        told = delivery.send(manifest, rebuilt.dump_path, rebuilt.filestore_path, with_files)
    return dict(told, name=name, sha256=manifest["dump"]["sha256"])


def _leave_out_odd(manifest: Dict[str, Any], filestore: Path) -> Dict[str, Any]:
    """Files that were damaged at the source already would be refused by the target: they count as missing there."""
    files = manifest["files"]
    odd = sorted(files.get("odd") or {})
    for name in odd:
        path = filestore / name
        if path.exists():
            path.unlink()
    return dict(manifest, files=dict(files, missing=[*(files.get("missing") or []), *odd]))


def _open_peer(repository: Repository, target: Dict[str, Any], folder: Path) -> Peer:
    login.check_place(target.get("address"), target.get("port"), target.get("user"))
    login.write_known_hosts(folder / "known_hosts", target.get("host_keys") or [])
    place = (target["address"], target["port"], target["user"])
    return Peer(*place, repository.folder / "key", folder / "known_hosts", expected_agent=target.get("agent"))
