"""Which verbs the agent knows: those of its core and of each addon in the archive."""

import importlib
import pkgutil
from typing import Any, Callable, Dict

from . import addons
from .context import Context
from .errors import AgentError

Handler = Callable[[Context, Dict[str, Any]], Dict[str, Any]]
LINSERV = "linserv"  # the role of Odoo's own key
LOCAL = "local"  # the role of the host's own timers; no key has it


def load_handlers() -> Dict[str, Handler]:
    """Return verb -> handler.

    :raise ValueError: two addons claim the same verb
    """
    from .verbs import VERBS  # noqa: PLC0415  (verbs of the core start runs, which look up handlers here)

    handlers: Dict[str, Handler] = dict(VERBS)
    for module in sorted(pkgutil.iter_modules(addons.__path__), key=lambda found: found.name):
        verbs = importlib.import_module("%s.%s.verbs" % (addons.__name__, module.name)).VERBS
        twice = set(verbs) & set(handlers)
        if twice:
            raise ValueError("verbs with two owners: %s" % ", ".join(sorted(twice)))
        handlers.update(verbs)
    return handlers


def get_handler(verb: str, role: str = LINSERV) -> Handler:
    """Return the handler of a verb. A handler may name the roles that reach it in its attribute `roles`.

    :raise AgentError: `verb_unknown`, also for a verb of another role
    """
    handler = load_handlers().get(verb)
    if handler is None or role not in getattr(handler, "roles", (LINSERV,)):
        raise AgentError("verb_unknown", "The agent does not know this verb.")
    return handler


def check_arguments(handler: Handler, args: Dict[str, Any]) -> None:
    """Refuse arguments that the handler does not name in its attribute `args` (name -> type or types).

    :raise AgentError: `argument_unknown` or `argument_invalid`
    """
    allowed = getattr(handler, "args", None)
    if allowed is None:
        return
    for name, value in args.items():
        if name not in allowed:
            raise AgentError("argument_unknown", "The verb has no such argument.")
        if not isinstance(value, allowed[name]):
            raise AgentError("argument_invalid", "The argument %s has the wrong type." % name)
