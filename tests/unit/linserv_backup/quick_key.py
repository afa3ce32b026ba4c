"""Opens a repository of restic in milliseconds: its key file is written anew with a cheap derivation.

restic takes half a second of work for every call to derive its key from the passphrase. Tests make hundreds of calls,
and their passphrase guards nothing. The form of the file is restic's own ("Design", Keys, Encryption and MAC).
"""

import base64
import hashlib
import json
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

CHEAP = {"N": 2, "r": 8, "p": 1}


def make_quick(folder, passphrase):
    """Replace the one key file of a repository by one that opens at once, with the same passphrase."""
    (path,) = (folder / "keys").iterdir()
    key = json.loads(path.read_text())
    master = _open(base64.b64decode(key["data"]), *_derive(passphrase, key))
    key.update(CHEAP)
    key["data"] = base64.b64encode(_seal(master, *_derive(passphrase, key))).decode()
    text = json.dumps(key).encode()
    quick = path.with_name(hashlib.sha256(text).hexdigest())
    quick.write_bytes(text)
    path.unlink()


def _derive(passphrase, key):
    """The key of AES, and the two halves of the key of Poly1305-AES."""
    salt, cost = base64.b64decode(key["salt"]), {"n": key["N"], "r": key["r"], "p": key["p"]}
    made = hashlib.scrypt(passphrase.encode(), salt=salt, dklen=64, maxmem=1 << 28, **cost)
    return made[:32], made[32:48], made[48:]


def _open(data, encrypt, mac_k, mac_r):
    nonce, text, mac = data[:16], data[16:-16], data[-16:]
    assert _mac(text, nonce, mac_k, mac_r) == mac, "the passphrase does not open this key"
    return _cipher(encrypt, nonce, text)


def _seal(text, encrypt, mac_k, mac_r):
    nonce = os.urandom(16)
    sealed = _cipher(encrypt, nonce, text)
    return nonce + sealed + _mac(sealed, nonce, mac_k, mac_r)


def _cipher(key, nonce, text):
    worker = Cipher(algorithms.AES(key), modes.CTR(nonce)).encryptor()
    return worker.update(text) + worker.finalize()


def _mac(text, nonce, mac_k, mac_r):
    worker = Cipher(algorithms.AES(mac_k), modes.ECB()).encryptor()  # noqa: S305  (one block, as Poly1305-AES has it)
    return Poly1305.generate_tag(mac_r + worker.update(nonce) + worker.finalize(), text)
