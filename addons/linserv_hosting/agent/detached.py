"""Work that goes on after the line is closed: started once, watched over by its own process, collected later."""

import os
import signal
import sys
import time
import traceback
from typing import Any, Dict, NamedTuple, NoReturn

from . import log, registry, run_store
from .context import Context
from .errors import AgentError, Stopped, disk_full
from .protocol import error_dict
from .run_store import RunFolder

PROGRESS_EVERY_SECONDS = 0.5
STOP_SECONDS = 3.0


class Work(NamedTuple):
    """What a detached process needs to know; `lock` is the descriptor of the run's lock."""

    folder: RunFolder
    context: Context
    handler: registry.Handler
    args: Dict[str, Any]
    deadline: int
    lock: int


def start(context: Context, verb: str, args: Dict[str, Any], deadline: int) -> Dict[str, Any]:
    """Start the work in a session of its own and return the run's status; a run that was started is not again.

    A run whose process died (the host was restarted), or that failed with an error worth another try, is started anew.

    :raise AgentError: unknown verb or argument, or `disk_full`
    """
    handler = registry.get_handler(verb)
    registry.check_arguments(handler, args)
    folder = RunFolder(context.state_directory, context.run_id)
    folder.create()
    lock = folder.acquire(patience=1.0)
    if lock is None:
        return folder.read_status()
    try:
        return _start_locked(Work(folder, context, handler, args, deadline, lock), verb)
    finally:
        os.close(lock)


def _start_locked(work: Work, verb: str) -> Dict[str, Any]:
    status = work.folder.read_status()
    if status["state"] in run_store.FINAL and not _may_try_again(status):
        return status
    run_store.forget_old(work.context.state_directory, time.time())
    work.folder.reserve()
    instance = work.context.instance_name
    work.folder.write_status(state="starting", verb=verb, instance=instance, started=time.time(), error=None)
    child = os.fork()
    if child == 0:
        _leave(work)
    os.waitpid(child, 0)
    return work.folder.read_status()


def _may_try_again(status: Dict[str, Any]) -> bool:
    return status["state"] == "failed" and bool((status.get("error") or {}).get("retryable"))


def _leave(work: Work) -> NoReturn:
    """Become a process that no terminal, no line and no parent can end; do the work in it and never return."""
    try:
        os.setsid()
        if os.fork() == 0:
            _carry_out(work)
    finally:
        os._exit(0)


def _carry_out(work: Work) -> None:
    folder, context = work.folder, work.context
    context.detached = True
    context.progress = _Progress(folder)
    try:
        _redirect(folder, work.lock)
        _arm(work.deadline)
        folder.write_status(state="running", pid=os.getpid(), group=os.getpgrp())
        result = work.handler(context, work.args)
        signal.alarm(0)
        folder.write_result(result)
        folder.release_reserve()
        folder.write_status(state="done", finished=time.time())
        outcome = "done"
    except BaseException as error:  # noqa: BLE001  (the last line of defence: whatever it was, it is told)
        signal.alarm(0)
        traceback.print_exc()
        outcome = _note_failure(folder, error)
    log.write(context.state_directory, run=folder.run, outcome=outcome)
    _end_children()


def _note_failure(folder: RunFolder, error: BaseException) -> str:
    full = disk_full(error)
    state = "cancelled" if getattr(error, "code", None) == "cancelled" else "failed"
    folder.release_reserve()
    folder.write_status(state=state, error=error_dict(full or error), finished=time.time())
    return "disk_full" if full else state


def _redirect(folder: RunFolder, lock: int) -> None:
    """Let go of the line, read nothing, write what the work prints to the run's log; only the lock stays open."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in (0, 1, 2, lock):
            _close(int(name))
    source = os.open(os.devnull, os.O_RDONLY)
    sink = os.open(str(folder.path / "log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(source, 0)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    sys.stdout = sys.stderr = open(2, "w", buffering=1, closefd=False, errors="backslashreplace")  # noqa: SIM115  (until the end)


def _close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:
        return


def _arm(deadline: int) -> None:
    def pass_deadline(_number: int, _frame: Any) -> None:
        raise Stopped("deadline_passed", "The work took longer than its deadline of %d s." % deadline)

    def cancel(_number: int, _frame: Any) -> None:
        raise Stopped("cancelled", "The run was cancelled.")

    signal.signal(signal.SIGALRM, pass_deadline)
    signal.signal(signal.SIGTERM, cancel)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.alarm(deadline)


def _end_children() -> None:
    """Nothing that the work started outlives it: end the process group, this process as the last."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)


class _Progress:
    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._next = 0.0

    def __call__(self, done: int, total: int, text: str) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + PROGRESS_EVERY_SECONDS
            self._folder.write_status(progress={"done": done, "total": total, "text": text})


def status(context: Context, run: str) -> Dict[str, Any]:
    """Return what is known of a run; `state` tells whether it runs, has died, or what came of it."""
    return RunFolder(context.state_directory, run).read_status()


def result(context: Context, run: str) -> Dict[str, Any]:
    """Return the result of a run.

    :raise AgentError: its own error when it failed, or `not_finished`
    """
    folder = RunFolder(context.state_directory, run)
    known = folder.read_status()
    if known["state"] == "done":
        return folder.read_result()
    if known["state"] in ("failed", "cancelled"):
        error = known.get("error") or {}
        code, message = str(error.get("code", "agent_error")), str(error.get("message", ""))
        raise AgentError(code, message, bool(error.get("retryable")))
    raise AgentError("not_finished", "The run is %s." % known["state"], retryable=True)


def cancel(context: Context, run: str) -> Dict[str, Any]:
    """Stop a run and all that it started; return its status."""
    folder = RunFolder(context.state_directory, run)
    known = folder.read_status()
    group = known.get("group")
    if known["state"] != "running" or type(group) is not int or group <= 1:
        return known
    _signal_group(group, signal.SIGTERM)
    limit = time.monotonic() + STOP_SECONDS
    while folder.is_alive() and time.monotonic() < limit:
        time.sleep(0.05)
    if folder.is_alive():
        _signal_group(group, signal.SIGKILL)
        folder.write_status(state="cancelled", finished=time.time())
    return folder.read_status()


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return
