"""Host keys: fingerprints and the comparison that decides whether a host is spoken to at all."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass


class MalformedKeyError(ValueError):
    """The text is no public key."""


@dataclass(frozen=True)
class HostKey:
    """A public host key as in known_hosts: `ssh-ed25519` and the base64 text."""

    algorithm: str
    public_key: str

    @property
    def fingerprint(self) -> str:
        """The fingerprint as `ssh-keygen -lf` prints it: `SHA256:` and unpadded base64."""
        return fingerprint(self.public_key)


def fingerprint(public_key: str) -> str:
    """Return the SHA-256 fingerprint of a base64 key.

    :raise MalformedKeyError: not base64
    """
    try:
        blob = base64.b64decode(public_key, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedKeyError("The key is not base64 text.") from error
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def parse_public_key(line: str) -> HostKey:
    """Read `algorithm base64 [comment]`, the line of a .pub file.

    :raise MalformedKeyError: the line has another form, or the key says another algorithm than the line
    """
    parts = line.split()
    if len(parts) < 2:
        raise MalformedKeyError("A public key is an algorithm and a base64 text.")
    key = HostKey(parts[0], parts[1])
    fingerprint(key.public_key)
    blob = base64.b64decode(key.public_key)
    length = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + length] != key.algorithm.encode():
        raise MalformedKeyError("The key and its algorithm do not belong together.")
    return key


def verdict(pinned: Iterable[HostKey], offered: HostKey) -> str:
    """Compare what a host shows with what was pinned: `ok`, `host_key_unknown` or `host_key_changed`.

    A host with no pinned key at all is unknown; one that shows anything but a pinned key has changed.
    """
    known = set(pinned)
    if not known:
        return "host_key_unknown"
    return "ok" if offered in known else "host_key_changed"


def same_fingerprint(typed: str, actual: str) -> bool:
    """Compare a fingerprint that a person typed or pasted, with or without `SHA256:` and spaces around."""
    text = typed.strip()
    prefix = "SHA256:"
    if text[: len(prefix)].upper() == prefix:
        text = text[len(prefix) :]
    return bool(text) and text.rstrip("=") == actual[len(prefix) :]
