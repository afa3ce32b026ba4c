"""The calls of restic, each with a hard timeout: the one file that knows its words.

A repository of restic is encrypted and authenticated under a passphrase of this host's own. A copy is one snapshot,
named by its tags; its contents come back as one tar stream, so that reading back needs no disk.
"""

import json
import os
import secrets
import signal
import tarfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterator, List, NamedTuple, Optional, Sequence, cast

from .engine import KEEP_ERROR_BYTES, Finished, Running
from .errors import BackupError

HOST = "linserv-dr"
QUICK_SECONDS = 300
LONG_SECONDS = 6 * 3600
_DAMAGED = ("ciphertext verification failed", "does not match", "contains errors", "invalid data returned")
_FULL = b"no space left"
_BUSY = ("unable to create lock", "already locked")


class Program(Running):
    """restic at work. On a full disk it would try again for a quarter of an hour; it is stopped instead."""

    def _listen(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for data in iter(lambda: os.read(stream.fileno(), 65536), b""):
                self._complaints = (self._complaints + data)[-KEEP_ERROR_BYTES:]
                if _FULL in self._complaints.lower():
                    self.process.send_signal(signal.SIGINT)


class Snapshot(NamedTuple):
    """One snapshot: its id, when it was made, its tags of the form `key=value`."""

    id: str
    time: str
    tags: Dict[str, str]


class Restic:
    """One repository.

    :param program: restic
    :param folder: the repository
    :param passphrase: the file that holds its passphrase
    """

    def __init__(self, program: str, folder: Path, passphrase: Path) -> None:
        self.folder = folder
        self._program = program
        self._env = {"RESTIC_REPOSITORY": str(folder), "RESTIC_PASSWORD_FILE": str(passphrase)}
        self._passphrase = passphrase

    @property
    def exists(self) -> bool:
        """Whether the repository was made."""
        return (self.folder / "config").exists()

    def init(self) -> None:
        """Make the repository and its passphrase, which never leaves this host."""
        if not self._passphrase.exists():
            write_secret(self._passphrase, secrets.token_hex(32))
        self._run("init")

    def version(self) -> str:
        """Return the version of restic."""
        words = self._run("version").output.decode("utf-8", "replace").split()
        return words[1] if len(words) > 1 else "?"

    def snapshots(self) -> List[Snapshot]:
        """Return what the repository itself lists."""
        output = self._run("snapshots", "--json", "--no-lock").output
        return [read_snapshot(entry) for entry in json.loads(output.decode("utf-8")) or []]

    def backup(self, tree: Path, tags: Dict[str, str]) -> Dict[str, Any]:
        """Store the contents of a folder; return restic's summary.

        :raise BackupError: also when a single file could not be read: no half copy is kept quietly
        """
        words = ["backup", "--json", "--quiet", "--force", "--host", HOST, *_tag_words("--tag", tags), "."]
        return read_summary(self._run(*words, timeout=LONG_SECONDS, cwd=str(tree)).output)

    def retag(self, snapshot: str, tags: Dict[str, str]) -> None:
        """Give a snapshot other tags (restic writes it anew, then drops the old one: it is never without)."""
        self._run("tag", *_tag_words("--set", tags), snapshot)

    def forget(self, snapshots: Sequence[str]) -> None:
        """Drop snapshots by their ids; their data goes with the next `prune`."""
        if snapshots:
            self._run("forget", *snapshots)

    def prune(self) -> None:
        """Remove data that no snapshot needs."""
        self._run("prune", timeout=LONG_SECONDS)

    def unlock(self) -> None:
        """Drop the locks of processes that are dead."""
        if any(self.folder.joinpath("locks").iterdir()):
            self._run("unlock")

    def check(self, read_data: bool) -> Optional[str]:
        """Return what is wrong with the repository, None when nothing is.

        :param read_data: read every byte instead of the structure alone
        """
        words = ["check", "--no-lock"] + (["--read-data"] if read_data else [])
        done = self._run(*words, timeout=LONG_SECONDS, accept=(0, 1))
        if not done.status:
            return None
        said = done.output.decode("utf-8", "replace").strip().splitlines()
        return "\n".join(said[-5:] + [done.complaints])[-1500:]

    @contextmanager
    def read(self, snapshot: str) -> Iterator[tarfile.TarFile]:
        """Open the contents of a snapshot as a tar stream. A clean end is the proof that all of it was there.

        :raise BackupError: `damaged` when a byte of it is not what was stored
        """
        with self._start(["dump", "--no-lock", snapshot, "/"], LONG_SECONDS) as program:
            stream = cast(BinaryIO, program.process.stdout)
            try:
                with tarfile.open(fileobj=stream, mode="r|") as tar:
                    yield tar
                _drain(stream)
            except (tarfile.TarError, EOFError):
                program.finish(explain=explain)
                raise BackupError("damaged", "The copy ends in the middle.", "data") from None
            program.finish(explain=explain)

    def read_file(self, snapshot: str, path: str) -> bytes:
        """Return one small file of a snapshot."""
        return self._run("dump", "--no-lock", snapshot, path).output

    def size(self) -> int:
        """Return how many bytes the repository takes on the disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def _start(self, words: Sequence[str], timeout: float, cwd: str = "/") -> Program:
        return Program([self._program, "--no-cache", *words], timeout, env=self._env, cwd=cwd)

    def _run(
        self, *words: str, timeout: float = QUICK_SECONDS, accept: Sequence[int] = (0,), cwd: str = "/"
    ) -> Finished:
        with self._start(words, timeout, cwd) as program:
            output = b"".join(program.chunks())
            return program.finish(accept, explain)._replace(output=output)


def explain(_status: int, complaints: str) -> Optional[BackupError]:
    """Return the error for complaints of restic that say more than its status."""
    text = complaints.lower()
    if _FULL.decode() in text:
        return BackupError("disk_full", "The disk of the DR host is full: %s" % complaints[-500:], "capacity")
    if any(words in text for words in _DAMAGED):
        return BackupError("damaged", "The DR repository is damaged: %s" % complaints[-500:], "data")
    if any(words in text for words in _BUSY):
        return BackupError("busy", "Another work holds the DR repository.", "transient")
    if "wrong password" in text:
        return BackupError("passphrase_wrong", "The passphrase does not open the DR repository.", "configuration")
    return None


def read_snapshot(entry: Dict[str, Any]) -> Snapshot:
    """Read one entry of `restic snapshots --json`."""
    pairs = [tag.partition("=") for tag in entry.get("tags") or []]
    return Snapshot(str(entry["id"]), str(entry["time"]), {key: value for key, _equals, value in pairs})


def read_summary(output: bytes) -> Dict[str, Any]:
    """Return the summary out of what `restic backup --json` wrote.

    :raise BackupError: `engine_failed`
    """
    for line in reversed(output.decode("utf-8", "replace").splitlines()):
        message = json.loads(line)
        if message.get("message_type") == "summary":
            return cast(Dict[str, Any], message)
    raise BackupError("engine_failed", "restic ended without telling what it stored.", "unknown")


def write_secret(path: Path, text: str) -> None:
    """Write a file that only this account reads, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    stream = os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(stream, "w") as target:
        target.write(text + "\n")
        target.flush()
        os.fsync(target.fileno())
    os.replace(str(draft), str(path))


def _tag_words(option: str, tags: Dict[str, str]) -> List[str]:
    return [word for key, value in sorted(tags.items()) for word in (option, "%s=%s" % (key, value))]


def _drain(stream: BinaryIO) -> None:
    while stream.read(1 << 20):
        continue
