"""Entry of the agent: one request on stdin, its answer on stdout.

`python3 -I agent.pyz [--config FILE] [--role ROLE]` answers a request, `python3 -I agent.pyz install` sets the agent
up, `python3 -I agent.pyz show ADDON/FILE` prints a file that an administrator needs. The role stands in the forced
command of the key that logged in: a key reaches the verbs of its role and no others.
"""

import hashlib
import json
import os
import pkgutil
import signal
import sys
import uuid
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import addons, log, registry
from . import config as configuration
from .context import Context
from .errors import AgentError, Stopped
from .protocol import MAX_REQUEST_BYTES, VERSION, Answers, Request, parse_request
from .verbs import ANY_VERSION

REPLY_SECONDS = 60
LOCAL_SECONDS = 3600
NO_RUN = "00000000-0000-0000-0000-000000000000"


def main(arguments: Optional[List[str]] = None) -> int:
    """Answer one request; return the exit status (which the asker does not rely on)."""
    words = sys.argv[1:] if arguments is None else arguments
    if words == ["install"]:
        from . import installer  # noqa: PLC0415  (only the first visit needs it)

        return installer.main()
    if words[:1] == ["show"]:
        return show(words[1] if len(words) == 2 else "")
    if words[:1] == ["local"]:
        return answer_local(words[1:])
    options = dict(zip(words[::2], words[1::2]))
    path, role = options.get("--config", configuration.DEFAULT_PATH), options.get("--role", registry.LINSERV)
    return answer(path, sys.stdin.buffer.readline(MAX_REQUEST_BYTES + 1), role)


def show(name: str) -> int:
    """Print a file of an addon in the archive, such as `linserv_backup/backup_role.sql`."""
    addon, _slash, file = name.partition("/")
    try:
        data = pkgutil.get_data("%s.%s" % (addons.__name__, addon), file)
    except (ImportError, OSError):
        data = None
    sys.stdout.write((data or b"").decode("utf-8"))
    return 0 if data else 1


def answer_local(words: List[str]) -> int:
    """Ask a verb from this host itself; return the exit status."""
    options = dict(zip(words[1::2], words[2::2]))
    request = {"protocol": VERSION, "run": str(uuid.uuid4()), "verb": "".join(words[:1]), "deadline": LOCAL_SECONDS}
    data = json.dumps(request)[:-1] + ', "args": %s}' % options.get("--args", "{}")
    return answer(options.get("--config", configuration.DEFAULT_PATH), data.encode("utf-8"), registry.LOCAL)


def answer(config_path: str, data: bytes, role: str = registry.LINSERV) -> int:
    """Read the request, carry it out and write the answer."""
    version = own_version()
    descriptor = _take_output()
    config, problem = _attempt(configuration.Config.load, config_path)
    request, malformed = _attempt(parse_request, data)
    error = malformed or problem
    result: Dict[str, Any] = {}
    answers = Answers(descriptor, request.run if request else NO_RUN, version)
    if config and request:
        result, error = _attempt(_carry_out, config, request, answers, version, role)
    if config and request and role == registry.LINSERV:
        log.note_asked(config.state_directory)
    if config:
        _log(config, request, getattr(error, "code", type(error).__name__) if error else "done")
    return _reply(answers, result, error)


def _attempt(function: Callable[..., Any], *args: Any) -> Tuple[Any, Optional[BaseException]]:
    """Return (value, None) or (None, error): whatever a handler raises is answered, never printed."""
    try:
        return function(*args), None
    except (Exception, Stopped) as error:  # noqa: BLE001
        return None, error


def _reply(answers: Answers, result: Dict[str, Any], error: Optional[BaseException]) -> int:
    signal.alarm(REPLY_SECONDS)  # an asker that takes nothing, not even an answer, is not waited for
    try:
        if error is None:
            answers.result(result)
        else:
            answers.error(error)
    except (OSError, Stopped):
        return 1
    finally:
        signal.alarm(0)
    return 0 if error is None else 1


def own_version() -> str:
    """Return the SHA-256 of the archive that runs, or `development` when it runs from a source tree."""
    try:
        with open(sys.argv[0], "rb") as stream:
            if sys.argv[0].endswith(".pyz"):
                return hashlib.sha256(stream.read()).hexdigest()
    except OSError:
        pass
    return "development"


def _carry_out(config: configuration.Config, request: Request, answers: Answers, version: str, role: str) -> Any:
    handler = registry.get_handler(request.verb, role)
    registry.check_arguments(handler, request.args)
    if request.agent and request.agent != version and request.verb not in ANY_VERSION:
        raise AgentError("agent_outdated", "The agent has version %s." % version)
    context = Context(config, request.run, request.instance, False, version)
    context.progress, context.send = answers.progress, answers.data
    _arm(request.deadline)
    result = handler(context, request.args)
    signal.alarm(0)
    return result


def _arm(deadline: int) -> None:
    def pass_deadline(_number: int, _frame: Any) -> None:
        raise Stopped("deadline_passed", "The work took longer than its deadline.", retryable=True)

    signal.signal(signal.SIGALRM, pass_deadline)
    signal.alarm(deadline)


def _take_output() -> int:
    """Keep stdout for the answer alone: what a handler prints goes to stderr."""
    descriptor = os.dup(1)
    os.dup2(2, 1)
    return descriptor


def _log(config: configuration.Config, request: Optional[Request], outcome: str) -> None:
    asked = request or Request("", "", None, {}, 0, None)
    log.write(config.state_directory, run=asked.run, verb=asked.verb, instance=asked.instance, outcome=outcome)
