"""A program of PostgreSQL that lives no longer than the agent that started it."""

import ctypes
import fcntl
import os
import resource
import select
import signal
import subprocess
import time
from types import TracebackType
from typing import Callable, Dict, List, Optional, Type

from .errors import BackupError

STDERR_BYTES = 4096
END_SECONDS = 5.0
PIPE_BYTES = 256 * 1024
_PR_SET_PDEATHSIG = 1
_F_SETPIPE_SZ = 1031


class Child:
    """A child with its three pipes; a context manager that leaves nothing behind, however it is left."""

    def __init__(self, argv: List[str], environment: Dict[str, str]) -> None:
        self.errors = b""
        try:
            self._process = subprocess.Popen(  # noqa: S603  (an argument list, no shell)
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd="/",
                env=environment,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509  (the agent has one thread)
            )
        except OSError as error:
            raise BackupError(
                "pg_dump_missing", "%s cannot be started: %s" % (argv[0], error), "configuration"
            ) from error
        self.output = self._descriptor("stdout")
        _widen(self.output)
        self._stderr: Optional[int] = self._descriptor("stderr")

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self,
        _kind: Optional[Type[BaseException]],
        _error: Optional[BaseException],
        _trace: Optional[TracebackType],
    ) -> None:
        self.kill()

    def write(self, data: bytes) -> None:
        """Hand the child a few lines; one that has ended is noticed when it is read."""
        try:
            os.write(self._descriptor("stdin"), data)
        except BrokenPipeError:
            return

    def read(self, size: int, seconds: float) -> Optional[bytes]:
        """Return what the child wrote, b"" at its end, None when it was silent for that long."""
        return os.read(self.output, size) if self._wait(seconds) else None

    def read_into(self, view: memoryview, seconds: float) -> Optional[int]:
        """Fill in what the child wrote; return how much, 0 at its end, None when it was silent for that long."""
        return os.readv(self.output, [view]) if self._wait(seconds) else None

    def _wait(self, seconds: float) -> bool:
        """Tell whether there is something to read within so many seconds; keep what it complains about meanwhile."""
        limit = time.monotonic() + seconds
        while True:
            watched = [self.output] if self._stderr is None else [self.output, self._stderr]
            ready = select.select(watched, [], [], max(0.0, limit - time.monotonic()))[0]
            if self._stderr in ready:
                self._take_errors()
            if self.output in ready or not ready:
                return bool(ready)

    def finish(self) -> int:
        """Return the exit status of a child that has closed its output."""
        while self._stderr is not None and select.select([self._stderr], [], [], END_SECONDS)[0]:
            self._take_errors()
        try:
            return self._process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def kill(self) -> None:
        """End the child and all that it started."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _take_errors(self) -> None:
        data = os.read(self._stderr, STDERR_BYTES) if self._stderr is not None else b""
        self.errors = (self.errors + data)[-STDERR_BYTES:]
        if not data:
            self._stderr = None

    def _descriptor(self, name: str) -> int:
        descriptor: int = getattr(self._process, name).fileno()
        return descriptor


def peak_memory() -> int:
    """Return how many bytes this process and the largest of its children have used at most."""
    return own_peak() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def own_peak() -> int:
    """Return this program's peak (`ru_maxrss` would count what the process was before it became this program)."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as stream:
            lines = [line for line in stream if line.startswith("VmHWM")]
        return int(lines[0].split()[1]) * 1024
    except (OSError, IndexError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _widen(pipe: int) -> None:
    """Let more be written into a pipe before its writer waits: fewer wake-ups for a large dump."""
    try:
        fcntl.fcntl(pipe, _F_SETPIPE_SZ, PIPE_BYTES)
    except OSError:
        return


def _die_with(parent: int) -> Callable[[], None]:
    """Return what a child does before it becomes the program: it asks the kernel to be killed when the agent dies."""
    prctl = ctypes.CDLL(None).prctl

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
