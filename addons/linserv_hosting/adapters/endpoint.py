"""Where to log in, and what comes back: the values at both ends of a call."""

from dataclasses import dataclass, field
from typing import Any

from ..domain.host_keys import HostKey


@dataclass(frozen=True)
class Endpoint:
    """Where and as whom to log in, and which host keys to accept. The private key never shows in a repr."""

    address: str
    port: int
    user: str
    private_key_pem: str = field(repr=False)
    host_keys: tuple[HostKey, ...]


@dataclass(frozen=True)
class Answer:
    """What an agent answered. `agent` is its version."""

    result: dict[str, Any] = field(repr=False)
    bytes_received: int
    seconds: float
    agent: str
