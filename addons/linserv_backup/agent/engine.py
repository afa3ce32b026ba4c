"""Runs the programs that do the heavy work (borg, zstd, ssh …): argument lists, hard timeouts, nothing outlives us.

Every program runs in a session of its own. It is ended as a group when its time is over, and by the kernel when this
process dies, so a killed agent leaves no engine behind that writes into a repository.
"""

import ctypes
import os
import resource
import signal
import subprocess
import threading
import time
from typing import Any, BinaryIO, Callable, Dict, List, NamedTuple, Optional, Sequence, Union

from .errors import BackupError

KEEP_ERROR_BYTES = 4096
KEEP_OUTPUT_BYTES = 64 * 1024 * 1024
READ_BYTES = 1 << 20
PATH = "/usr/local/bin:/usr/bin:/bin"
_SET_DEATH_SIGNAL = 1
_FULL = ("no space left on device", "disk quota exceeded", "file too large")
_LIBC = ctypes.CDLL(None, use_errno=True)

Input = Union[bytes, BinaryIO, None]
Explain = Callable[[int, str], Optional[BackupError]]


class Finished(NamedTuple):
    """What came of a program: its status, what it wrote (empty when a file took it), its complaints, seconds."""

    status: int
    output: bytes
    complaints: str
    seconds: float


class Limits(NamedTuple):
    """What a program may use: `memory` in bytes of address space (0: as much as it wants), `nice` 0 to 19."""

    memory: int = 0
    nice: int = 5


class Running:
    """A program at work; a context manager that leaves nothing behind.

    :param argv: the program and its words; never a shell
    :param timeout: seconds from now until the program and all that it started are killed
    :param stdin: bytes, an open file, or None for nothing
    :param stdout: an open file; None for a pipe, read by `chunks`
    :raise BackupError: `engine_missing`
    """

    def __init__(
        self,
        argv: Sequence[Any],
        timeout: float,
        stdin: Input = None,
        stdout: Optional[BinaryIO] = None,
        env: Optional[Dict[str, str]] = None,
        limits: Limits = Limits(),  # noqa: B008  (immutable)
        cwd: str = "/",
    ) -> None:
        self.argv = [str(word) for word in argv]
        self.timed_out = False
        self.began = time.monotonic()
        self._complaints = b""
        feed = isinstance(stdin, bytes)
        self._cwd = cwd
        self.process = self._start(subprocess.PIPE if feed else stdin or subprocess.DEVNULL, stdout, env, limits)
        self._watch = threading.Timer(timeout, self._expire)
        self._watch.daemon = True
        self._watch.start()
        self._threads = [_thread(self._listen)] + ([_thread(self._feed, stdin)] if feed else [])

    def _start(
        self, stdin: Any, stdout: Any, env: Optional[Dict[str, str]], limits: Limits
    ) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(  # noqa: S603  (a list, its first word from agent.json or fixed)
                self.argv,
                stdin=stdin,
                stdout=stdout or subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(clean_environment(), **(env or {})),
                cwd=self._cwd,
                preexec_fn=_prepare_for(os.getpid(), limits),  # noqa: PLW1509  (nothing in it takes a lock)
            )
        except OSError as error:
            message = "%s cannot be started: %s" % (self.argv[0], error.strerror)
            raise BackupError("engine_missing", message, "configuration") from error

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_error: Any) -> None:
        self.kill()

    def chunks(self) -> Any:
        """Yield what the program writes until it closes its output; its status is judged by `finish` only."""
        assert self.process.stdout is not None
        while True:
            data = os.read(self.process.stdout.fileno(), READ_BYTES)
            if not data:
                return
            yield data

    def wait(self, patience: Optional[float] = None) -> Finished:
        """Wait for the end, whatever it is; after `patience` seconds make it."""
        try:
            status = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            _kill_group(self.process.pid)
            status = self.process.wait()
        for thread in self._threads:
            thread.join(5)
        self._watch.cancel()
        return Finished(status, b"", self._complaints.decode("utf-8", "replace").strip(), time.monotonic() - self.began)

    def finish(self, accept: Sequence[int] = (0,), explain: Optional[Explain] = None) -> Finished:
        """Wait for the end and judge it.

        :raise BackupError: `engine_timeout`, `disk_full`, `engine_failed`, or what `explain(status, complaints)` says
        """
        done = self.wait()
        if self.timed_out:
            raise BackupError("engine_timeout", "%s did not end in time." % _name(self.argv), "transient")
        if done.status not in accept:
            raise (explain and explain(done.status, done.complaints)) or judge(_name(self.argv), done)
        return done

    def kill(self) -> None:
        """End the program and all that it started, if anything of it is left."""
        self._watch.cancel()
        if self.process.poll() is None:
            _kill_group(self.process.pid)
            self.process.wait()
        for stream in (self.process.stdout, self.process.stdin):
            _close(stream)

    def _expire(self) -> None:
        self.timed_out = True
        _kill_group(self.process.pid)

    def _listen(self) -> None:
        """Keep the end of what it complains about; read all of it, so that it never waits for us."""
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for data in iter(lambda: os.read(stream.fileno(), 65536), b""):
                self._complaints = (self._complaints + data)[-KEEP_ERROR_BYTES:]

    def _feed(self, data: bytes) -> None:
        assert self.process.stdin is not None
        try:
            with self.process.stdin as stream:
                stream.write(data)
        except OSError:
            return  # it did not want to hear all of it; its status tells whether that matters


def run_engine(  # noqa: PLR0913  (the parts of a call are what they are)
    argv: Sequence[Any],
    timeout: float,
    stdin: Input = None,
    stdout: Optional[BinaryIO] = None,
    env: Optional[Dict[str, str]] = None,
    limits: Limits = Limits(),  # noqa: B008  (immutable)
    accept: Sequence[int] = (0,),
    explain: Optional[Explain] = None,
    *,
    cwd: str = "/",
) -> Finished:
    """Run a program to its end and return what it wrote (at most 64 MiB, unless `stdout` takes it).

    :raise BackupError: as `Running.finish`, and `engine_failed` for more output than anybody could want
    """
    with Running(argv, timeout, stdin, stdout, env, limits, cwd) as program:
        output = b"" if stdout else _collect(program)
        return program.finish(accept, explain)._replace(output=output)


def _collect(program: Running) -> bytes:
    parts: List[bytes] = []
    size = 0
    for data in program.chunks():
        size += len(data)
        if size > KEEP_OUTPUT_BYTES:
            raise BackupError("engine_failed", "%s writes without end." % _name(program.argv))
        parts.append(data)
    return b"".join(parts)


def judge(name: str, done: Finished) -> BackupError:
    """Return the error for a program that ended badly."""
    text = done.complaints.lower()
    if any(words in text for words in _FULL):
        return BackupError("disk_full", "The disk is full: %s" % done.complaints[-500:], "capacity")
    how = "was killed by signal %d" % -done.status if done.status < 0 else "ended with status %d" % done.status
    return BackupError("engine_failed", "%s %s: %s" % (name, how, done.complaints[-1000:]), "unknown")


def clean_environment() -> Dict[str, str]:
    """Return the variables that every program gets: no locale, no configuration of the account."""
    home = os.environ.get("HOME", "/nonexistent")
    return {"PATH": PATH, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": home}


def usage() -> Dict[str, float]:
    """Return what the programs that ended so far have used: `cpu` seconds and `peak_memory_mb` of the largest."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu": round(used.ru_utime + used.ru_stime, 3), "peak_memory_mb": round(used.ru_maxrss / 1024.0, 1)}


def _prepare_for(parent: int, limits: Limits) -> Callable[[], None]:
    """Return what the child does before it becomes the program."""

    def prepare() -> None:
        os.setsid()
        _LIBC.prctl(_SET_DEATH_SIGNAL, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:  # it died before we could ask to be told
            os._exit(127)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.nice(limits.nice)
        if limits.memory:
            resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))

    return prepare


def _thread(function: Callable[..., None], *args: Any) -> threading.Thread:
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread


def _name(argv: Sequence[str]) -> str:
    return os.path.basename(argv[0])


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _close(stream: Any) -> None:
    try:
        if stream:
            stream.close()
    except OSError:
        return
