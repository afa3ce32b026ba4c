"""What a host tells about itself, believed only as far as its form goes."""

from dataclasses import dataclass
from typing import Any

from .protocol import storable

MAX_TEXT = 120
MAX_DISKS = 100
GIB = 1024**3
MAX_INTEGER = 2**31 - 1


class MalformedFactsError(ValueError):
    """A fact is missing or has the wrong form; the message names it."""


@dataclass(frozen=True)
class Disk:
    """A mounted file system."""

    mount: str
    file_system: str
    size_gb: float
    free_gb: float


@dataclass(frozen=True)
class Facts:
    """The facts of a host. Memory in MiB, disks in GiB."""

    os: str
    kernel: str
    architecture: str
    python: str
    cpus: int
    memory_total_mb: int
    memory_free_mb: int
    uptime_seconds: float
    load: float
    disks: tuple[Disk, ...]


def parse(answer: dict[str, Any]) -> Facts:
    """Read the answer of `host.facts`.

    :raise MalformedFactsError: something is missing or has the wrong form
    """
    disks = answer.get("disks")
    if not isinstance(disks, list) or len(disks) > MAX_DISKS:
        raise MalformedFactsError("disks")
    return Facts(
        os=_text(answer, "os"),
        kernel=_text(answer, "kernel"),
        architecture=_text(answer, "architecture"),
        python=_text(answer, "python"),
        cpus=int(_number(answer, "cpus")),
        memory_total_mb=int(_number(answer, "memory_total_kb") / 1024),
        memory_free_mb=int(_number(answer, "memory_available_kb") / 1024),
        uptime_seconds=_number(answer, "uptime_seconds"),
        load=_number(answer, "load"),
        disks=tuple(_disk(disk) for disk in disks),
    )


def _disk(value: Any) -> Disk:
    if not isinstance(value, dict):
        raise MalformedFactsError("disks")
    return Disk(
        mount=_text(value, "mount"),
        file_system=_text(value, "file_system"),
        size_gb=_number(value, "size_bytes") / GIB,
        free_gb=_number(value, "free_bytes") / GIB,
    )


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str):
        raise MalformedFactsError(name)
    return storable(value[:MAX_TEXT])


def _number(answer: dict[str, Any], name: str) -> float:
    value = answer.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise MalformedFactsError(name)
    limit = MAX_INTEGER * (GIB if name.endswith("_bytes") else 1024)
    return min(float(value), float(limit))
