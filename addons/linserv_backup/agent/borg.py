"""borg: the encrypted, authenticated container of one repository. Nothing here knows what a point is.

Every call has a hard timeout and waits only so long for borg's own lock. The passphrase stays in a file of this host;
borg's caches lie beside the repository, so that nothing of it depends on the account's home.
"""

import json
import os
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from .engine import Finished, Running, run_engine
from .errors import BackupError

LOCK_SECONDS = 120
QUICK_SECONDS = 600
LEAST_SPEED = 1_000_000
CHUNKER = "buzhash,10,23,14,4095"
COMPRESSION = "auto,zstd,3"
# All words of an entry, then what it is; the first entry that fits is the one.
_COMPLAINTS = (
    (("insufficient free space",), "disk_full", "The disk of the repository is full", "capacity"),
    (("failed to create/acquire the lock",), "busy", "The repository is in use", "transient"),
    *(
        ((word,), "point_damaged", "The repository is damaged", "data")
        for word in (
            "integrityerror",
            "integrity error",
            "checksum mismatch",
            "object with key",
            "not a valid repository",
            "inconsistency detected",
            "no manifest",
        )
    ),
    (("archive", "does not exist"), "point_unknown", "There is no such archive", "data"),
    (("repository", "does not exist"), "repository_unknown", "There is no such repository", "configuration"),
    (("never matched",), "point_damaged", "A part is not in the archive", "data"),
)
_LEAN = ["--noacls", "--noxattrs", "--noflags", "--numeric-ids"]


class Archive(NamedTuple):
    """An archive as borg lists it."""

    name: str
    id: str
    comment: str = ""
    generation: int = 1


class Content(NamedTuple):
    """What goes into an archive: paths relative to a folder, and how many bytes they are about.

    `fine` asks for small chunks, `remember` for borg's memory of files: worth it where most of them are there already.
    """

    folder: Path
    paths: Sequence[str]
    bytes: int
    comment: str
    fine: bool = False
    remember: bool = False


class Borg:
    """One borg repository.

    :param program: borg's path, out of agent.json
    :param folder: where the repository lies
    :param passphrase: the file with its passphrase
    """

    def __init__(self, program: str, folder: Path, passphrase: Path) -> None:
        self._program = program
        self.folder = folder
        self._passphrase = passphrase

    def version(self) -> str:
        """Return the version, such as `1.4.2`."""
        return run_engine([self._program, "--version"], 60).output.decode("ascii", "replace").split()[-1]

    def init(self, reserve: int) -> None:
        """Make the repository.

        :param reserve: bytes of the disk that borg never fills, so that a full one can still be tidied up
        """
        self._run("init", ["-e", "repokey-blake2", self.folder])
        self._run("config", [self.folder, "additional_free_space", str(reserve)])

    def create(self, name: str, content: Content) -> int:
        """Store files as an archive and return how many bytes that takes.

        borg counts what was new only by reading all archives: two seconds more with 4,320. So it is asked about the
        large ones, of which most may be there already; of what is new and packed anyhow, its size is the answer.

        :raise BackupError: `disk_full`, `busy` and others; nothing of the name counts then
        """
        comment = content.comment.replace("{", "{{").replace("}", "}}")  # or borg takes them for its placeholders
        words = ["--comment", comment, "--compression", COMPRESSION, *_LEAN]
        words += ["--json"] if content.remember else []
        words += ["--files-cache", "ctime,size,inode" if content.remember else "disabled"]
        words += ["--chunker-params", CHUNKER] if content.fine else []
        words += ["--paths-from-stdin", "--paths-delimiter", "\\0", self._at(name)]
        fed = b"\0".join(os.fsencode(path) for path in content.paths)
        seconds = QUICK_SECONDS + content.bytes / LEAST_SPEED
        done = self._run("create", words, seconds, fed, cwd=content.folder)
        if not content.remember:
            return content.bytes
        return int(json.loads(done.output.decode("utf-8"))["archive"]["stats"]["deduplicated_size"])

    def rename(self, name: str, other: str) -> None:
        """Give an archive another name, in one transaction of borg's."""
        self._run("rename", [self._at(name), other])

    def list(self, comments: bool = False) -> List[Archive]:
        """Return what is in the repository, oldest first.

        :param comments: with the comments, which takes longer
        """
        text = "{archive}{NUL}{id}{NUL}%s{NL}" % ("{comment}" if comments else "")
        output = self._run("list", ["--format", text, self.folder]).output.decode("utf-8", "replace")
        parts = [line.split("\0") for line in output.splitlines() if line.count("\0") == 2]
        return [Archive(name, number, comment) for name, number, comment in parts]

    def read(self, name: str, *paths: str, size: int = 0) -> Iterator[bytes]:
        """Yield the contents of files of an archive (of all when none is named), in the order in which they lie there.

        What comes is authenticated; when anything is not, it ends in an error.

        :param size: about how many bytes are expected
        :raise BackupError: `point_damaged`, `point_unknown`, `busy`
        """
        words = self._words("extract", ["--stdout", self._at(name), *("pf:" + path for path in paths)])
        with Running(words, QUICK_SECONDS + size / LEAST_SPEED, env=self._environment()) as program:
            for piece in program.chunks():
                yield piece
            program.finish(explain=_explain)

    def extract(self, name: str, folder: Path, paths: Sequence[str], seconds: float) -> None:
        """Write files of an archive below a folder; times and owners do not matter there."""
        words = [self._at(name), *("pp:" + path for path in paths)]
        self._run("extract", [*_LEAN, *words], seconds, cwd=folder)

    def examine(self, name: str, size: int) -> None:
        """Read every byte of an archive and see that it is what was stored; nothing is written.

        :raise BackupError: `point_damaged`, `point_unknown`, `busy`
        """
        self._run("extract", ["--dry-run", self._at(name)], 6 * 3600 + size / LEAST_SPEED)

    def delete(self, names: Sequence[str]) -> None:
        """Remove archives by their names; `compact` gives the room back."""
        if names:
            self._run("delete", [self.folder, *names], 3600)

    def compact(self) -> None:
        """Give back the room of what was removed."""
        self._run("compact", [self.folder], 4 * 3600)

    def check(self) -> str:
        """Read every segment of the repository; return what borg complains about, empty when all is well.

        It never repairs: that is for a person, or for the copy on the DR host.
        """
        words = self._words("check", ["--repository-only", self.folder])
        with Running(words, 12 * 3600, env=self._environment()) as program:
            for _piece in program.chunks():
                pass
            done = program.wait()
        if program.timed_out or done.status < 0 or "acquire the lock" in done.complaints:
            raise BackupError("busy", "The check did not come to its end: %s" % done.complaints[-300:], "transient")
        lines = [line for line in done.complaints.splitlines() if not line.startswith("ID: ")]
        return "\n".join(lines) if done.status else ""

    def wait(self) -> None:
        """Wait for a borg that is still ending; free what a dead one left locked.

        Only for one who holds the repository's own lock: borg knows a dead owner by itself, unless its number was given
        to another process since.
        """
        try:
            self._run("list", ["--last", "1", self.folder])
        except BackupError as error:
            if error.code != "busy":
                raise
            self._run("break-lock", [self.folder])

    def size(self) -> int:
        """Return the bytes of the repository on the disk."""
        found = 0
        for place, _folders, files in os.walk(str(self.folder)):
            found += sum(_size_of(os.path.join(place, name)) for name in files)
        return found

    def _run(  # noqa: PLR0913
        self,
        command: str,
        words: Sequence[Any],
        seconds: float = QUICK_SECONDS,
        stdin: Optional[bytes] = None,
        cwd: Optional[Path] = None,
    ) -> Finished:
        argv = self._words(command, words)
        return run_engine(
            argv, seconds, stdin, env=self._environment(), explain=_explain, cwd=str(cwd or self.folder.parent)
        )

    def _words(self, command: str, words: Sequence[Any]) -> List[Any]:
        waiting = [] if command in ("config", "break-lock") else ["--lock-wait", str(LOCK_SECONDS)]
        return [self._program, command, *waiting, *words]

    def _at(self, name: str) -> str:
        return "%s::%s" % (self.folder, name)

    def _environment(self) -> Dict[str, str]:
        return {
            "BORG_PASSPHRASE": self._passphrase.read_text().strip(),
            "BORG_BASE_DIR": str(self.folder.parent / (self.folder.name + ".home")),
            "BORG_HOST_ID": "linserv",
            "BORG_FILES_CACHE_TTL": "1000",
            "BORG_EXIT_CODES": "legacy",
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
            "BORG_DISPLAY_PASSPHRASE": "no",
        }


def _size_of(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _explain(status: int, complaints: str) -> Optional[BackupError]:
    """Return the error for what borg complains about, None for what it has no words of its own for."""
    text = complaints.lower()
    for words, code, sentence, kind in _COMPLAINTS:
        if all(word in text for word in words):
            return BackupError(code, "%s: %s" % (sentence, gist(complaints)), kind)
    return None


def gist(complaints: str) -> str:
    """Return the line that says what is wrong; borg shows it before and after the way to it."""
    lines = [line.strip() for line in complaints.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() and not line.startswith(("File ", "raise ", "sys."))]
    return (telling[-1] if telling else " ".join(lines))[-300:]
