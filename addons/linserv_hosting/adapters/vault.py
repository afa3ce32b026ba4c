"""The master key file, and what is done with secrets in clear: encrypt, decrypt, make keys, sign."""

import base64
import hashlib
import os
import stat
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from ..domain import host_keys


class VaultError(Exception):
    """A key cannot be used. `code` says why, `detail` (a path or the system's words) goes with it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class KeyPair:
    """A new key: the private part (never shown), the public part and its fingerprint."""

    private: bytes
    public: str
    fingerprint: str

    def __repr__(self) -> str:
        return f"KeyPair({self.fingerprint})"


class Vault:
    """Encrypts under the first key of the file, decrypts with any of them."""

    def __init__(self, keys: list[bytes]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    @classmethod
    def from_file(cls, path: str) -> "Vault":
        """Read the master keys: one urlsafe base64 key of 32 bytes a line, the newest first.

        :raise VaultError: the file is missing, open to others, empty or malformed
        """
        keys = [line.strip() for line in _read_private_file(path).splitlines()]
        keys = [line for line in keys if line and not line.startswith(b"#")]
        if not keys:
            raise VaultError("key_file_empty", path)
        try:
            return cls(keys)
        except ValueError as error:
            raise VaultError("key_file_malformed", path) from error

    def encrypt(self, value: bytes) -> bytes:
        """Return `value` encrypted under the newest key."""
        return self._fernet.encrypt(value)

    def decrypt(self, token: bytes) -> bytes:
        """Return what was encrypted.

        :raise VaultError: no key of the file fits, or the token was altered
        """
        try:
            return self._fernet.decrypt(token)
        except InvalidToken as error:
            raise VaultError("wrong_master_key") from error

    def rotate(self, token: bytes) -> bytes:
        """Return the token encrypted again under the newest key.

        :raise VaultError: no key of the file fits, or the token was altered
        """
        try:
            return self._fernet.rotate(token)
        except InvalidToken as error:
            raise VaultError("wrong_master_key") from error


def _read_private_file(path: str) -> bytes:
    if not path:
        raise VaultError("no_key_file")
    try:
        with open(path, "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o027:
                raise VaultError("key_file_open", path)
            return stream.read(65536)
    except OSError as error:
        raise VaultError("key_file_unreadable", path) from error


def new_master_key() -> str:
    """Return a line for the master key file."""
    return Fernet.generate_key().decode()


def generate_ssh_key(comment: str) -> KeyPair:
    """Make an Ed25519 key for SSH: private part in OpenSSH format, public part as a .pub line."""
    private = ed25519.Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    line = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    public = f"{line.decode()} {comment}"
    return KeyPair(pem, public, host_keys.parse_public_key(public).fingerprint)


def ssh_public_key(private: bytes, comment: str) -> KeyPair:
    """Derive the public part of an unencrypted private SSH key.

    :raise VaultError: no private key, or one with a passphrase
    """
    try:
        key = serialization.load_ssh_private_key(private, password=None)
    except (ValueError, TypeError) as error:
        raise VaultError("no_private_key") from error
    line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    public = f"{line.decode()} {comment}"
    return KeyPair(private, public, host_keys.parse_public_key(public).fingerprint)


def generate_signing_key() -> KeyPair:
    """Make an Ed25519 key for signatures: private part raw, public part as 64 hexadecimal digits."""
    private = ed25519.Ed25519PrivateKey.generate()
    raw = private.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    digest = base64.b64encode(hashlib.sha256(public).digest()).decode().rstrip("=")
    return KeyPair(raw, public.hex(), f"SHA256:{digest}")


def sign(private: bytes, message: bytes) -> bytes:
    """Return the 64 bytes of the Ed25519 signature (RFC 8032) of `message`."""
    return ed25519.Ed25519PrivateKey.from_private_bytes(private).sign(message)
