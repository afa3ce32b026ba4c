"""Check a line count's evidence (docs/evidence.md) without Odoo: root, signature, chain, lines and amount.

python3 verify.py EVIDENCE.json.gz --key BASE64    (the published Ed25519 key; needs the package cryptography)
"""
import argparse
import base64
import gzip
import hashlib
import json
from decimal import ROUND_HALF_UP, Decimal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def merkle(leaves):
    if len(leaves) < 2:
        return hashlib.sha256(b"\x00" + leaves[0] if leaves else b"").digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + merkle(leaves[:split]) + merkle(leaves[split:])).digest()

def data(*values):
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode()

def signed(key, statement, signature):
    try:
        return Ed25519PublicKey.from_public_bytes(key).verify(signature, statement) is None
    except (InvalidSignature, ValueError):
        return False


def checks(doc, key):
    tree, bill, statement = doc["tree"], doc["billing"], json.loads(doc["statement"])
    modules, custom = sorted(tree["modules"], key=lambda m: m["name"]), sorted(tree["customisations"])
    roots = [merkle([data("file", *row) for row in sorted(m["files"])]).hex() for m in modules]
    leaves = [data("module", m["name"], r, m["code"], m["total"], len(m["files"])) for m, r in zip(modules, roots)]
    yield "root", merkle(leaves + [data("customisation", *row) for row in custom]).hex() == statement["root"]
    yield "modules", all(m["code"] == sum(f[2] for f in m["files"]) for m in modules)
    yield "lines", statement["code"] == sum(m["code"] for m in modules) + sum(row[3] for row in custom)
    yield "total", statement["total"] == sum(m["total"] for m in modules) + sum(row[4] for row in custom)
    yield "signature", signed(key, doc["statement"].encode(), base64.b64decode(doc["signature"]))
    if doc["previous"]:
        before, seal = doc["previous"]["statement"].encode(), base64.b64decode(doc["previous"]["signature"])
        yield "chain", hashlib.sha256(before + seal).hexdigest() == statement["previous"] and signed(key, before, seal)
    *part, of_days = bill.get("share") or (0, 1, 1)
    blocks = -(-statement["code"] // bill["block_size"])
    sums = [blocks * Decimal(bill["price_unit"]) * days / of_days for days in part]
    before, amount = (value.quantize(Decimal("0.01"), ROUND_HALF_UP) for value in sums)
    amount -= before
    yield "amount %s %s" % (amount, bill["currency"]), (blocks, amount) == (bill["blocks"], Decimal(bill["amount"]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(epilog="Without --key the file's own key is used, which proves little.")
    parser.add_argument("evidence"), parser.add_argument("--key")
    options = parser.parse_args()
    doc = json.loads(gzip.open(options.evidence).read())
    results = list(checks(doc, base64.b64decode(options.key or doc["public_key"])))
    print("\n".join("%-4s %s" % ("ok" if good else "BAD", name) for name, good in results))
    raise SystemExit(0 if all(good for _name, good in results) else 1)
