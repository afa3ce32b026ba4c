"""How large things may be on a backup host: numbers of agent.json (`backup.limits`) or of an order, with defaults."""

from typing import Any, Dict, NamedTuple, Optional

from .errors import BackupError


class Limits(NamedTuple):
    """Sizes in bytes, times in seconds.

    A dump up to `patch_bytes` is one patch of its base, beyond that a patch for every `segment_bytes` of it (zstd
    reaches no further back than 2 GiB), beyond `chunk_bytes` borg alone finds what is equal. A source that sends more
    than `max_bytes` or names more than `max_files` files is refused, and a dump that is larger than `small_bytes` and
    more than `growth` times as large as the last good one. `reserve_bytes` of the disk are never filled. Of a point
    that stands alone, files are read back up to `read_back_bytes`; beyond that the new ones are.
    """

    patch_bytes: int = 2_000_000_000
    segment_bytes: int = 1 << 30
    chunk_bytes: int = 10_000_000_000
    max_bytes: int = 1 << 40
    growth: int = 4
    small_bytes: int = 2 << 30
    max_files: int = 5_000_000
    reserve_bytes: int = 200_000_000
    read_back_bytes: int = 4 << 30
    hold_seconds: int = 6 * 3600
    stall_seconds: int = 120

    def most_of_dump(self, last: int) -> int:
        """Return how many bytes of a dump are taken at most.

        :param last: the size of the last good one, 0 when there is none
        """
        return min(self.max_bytes, max(last * self.growth, self.small_bytes)) if last else self.max_bytes

    def form_of(self, size: int, base_size: Optional[int]) -> str:
        """Return how a dump is kept.

        :param base_size: of the dump that it may be a patch of; None when it stands alone
        """
        if size > self.chunk_bytes:
            return "chunks"
        if base_size is None:
            return "whole"
        return "segments" if max(size, base_size) > self.patch_bytes else "patch"


def read(*told: Optional[Dict[str, Any]]) -> Limits:
    """Return the limits; what is told later goes first.

    :raise BackupError: `argument_invalid`
    """
    known = {name: value for each in told for name, value in (each or {}).items()}
    for name, value in known.items():
        if name not in Limits._fields or type(value) is not int or value < 0:
            raise BackupError("argument_invalid", "This is no limit: %.40r" % name, "configuration")
    return Limits(**known)
