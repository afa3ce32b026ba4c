"""Check the evidence of restore drills (docs/drills.md) without Odoo: signatures, chain, what was proved.

python3 verify_drill.py EVIDENCE.json --key BASE64    (the published Ed25519 key; needs the package cryptography)
"""

import argparse
import base64
import hashlib
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def is_signed(key, text, signature):
    try:
        return Ed25519PublicKey.from_public_bytes(key).verify(signature, text) is None
    except (InvalidSignature, ValueError):
        return False


def says_proved(told):
    whole = None not in (told["dump"]["sha256"], told["rows"]["root"], told["files"])
    return not told["faults"] and whole and not (told["files"]["damaged"] or told["files"]["missing"])


def checks(document, keys):
    """Yield (what, whether it is so) for every statement of the chain."""
    before = None
    for entry in document["chain"]:
        text, signature = entry["statement"].encode("ascii"), base64.b64decode(entry["signature"])
        told, key = json.loads(text), base64.b64decode(entry["public_key"])
        name = "%(sequence)d %(zone)s %(began)s %(result)s" % told
        canonical = json.dumps(told, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        yield name + ": form", told["format"] == "linserv-drill" and canonical.encode("ascii") == text
        yield name + ": signature", (not keys or key in keys) and is_signed(key, text, signature)
        if before:
            follows = told["sequence"] == before[0] + 1 and told["instance"] == before[2]
            yield name + ": chain", follows and told["previous"] == before[1]
        else:
            yield name + ": begins the chain", (told["sequence"] == 1) == (told["previous"] is None)
        yield name + ": result", told["result"] == ("proved" if says_proved(told) else "faulty")
        before = told["sequence"], hashlib.sha256(text + signature).hexdigest(), told["instance"]


def main():
    parser = argparse.ArgumentParser(epilog="Without --key each statement's own key is used, which proves little.")
    parser.add_argument("evidence")
    parser.add_argument("--key", action="append", default=[], help="again for each key that has been published")
    options = parser.parse_args()
    with open(options.evidence) as stream:
        results = list(checks(json.load(stream), [base64.b64decode(key) for key in options.key]))
    print("\n".join("%-4s %s" % ("ok" if good else "BAD", name) for name, good in results))
    return 0 if results and all(good for _name, good in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
