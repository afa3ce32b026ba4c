"""Names that travel to a host: narrow enough that no shell, SQL or path can read more into them."""

import re
from typing import Optional

_TECHNICAL_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}\Z")
_VERB = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\Z|hello\Z")
_LOGIN = re.compile(r"[a-z_][a-z0-9_-]{0,31}\Z")
_ADDRESS = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,253}[A-Za-z0-9])?\Z")
_FOLD = str.maketrans("åäáàâãéèêëíìîïöóòôõøúùûüñç", "aaaaaaeeeeiiiioooooouuuunc")


def is_technical_name(name: str) -> bool:
    """Tell whether `name` may name an instance in a request to an agent."""
    return bool(_TECHNICAL_NAME.match(name))


def is_verb(name: str) -> bool:
    """Tell whether `name` has the form of a verb: `hello` or `area.action`."""
    return bool(_VERB.match(name))


def is_login(name: str) -> bool:
    """Tell whether `name` is a portable Unix account name."""
    return bool(_LOGIN.match(name))


def is_address(name: str) -> bool:
    """Tell whether `name` has the form of a host name, an IPv4 or an IPv6 address."""
    return bool(_ADDRESS.match(name))


def technical_name(*sources: Optional[str]) -> str:
    """Return a technical name made of the first source that leaves something usable.

    >>> technical_name("", "Norrvik Bygg, produktion")
    'norrvik-bygg-produktion'
    """
    for source in sources:
        folded = (source or "").lower().translate(_FOLD)
        name = re.sub(r"[^a-z0-9_.]+", "-", folded).strip("-_.")[:63].rstrip("-_.")
        if name:
            return name
    return "instance"
