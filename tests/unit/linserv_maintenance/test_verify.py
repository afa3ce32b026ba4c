"""The outsider's script: it accepts true evidence and finds every kind of false one."""

import base64
import copy
import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from odoo.addons.linserv_maintenance.domain import merkle

VERIFY = Path(__file__).resolve().parents[3] / "docs" / "verify.py"
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = base64.b64encode(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def sign(tree, previous=None):
    values = {
        "instance": "norrvik-prod",
        "customer": "Norrvik Bygg AB",
        "date": "2026-10-01",
        "root": merkle.snapshot_root(tree),
    }
    code, total = merkle.tree_lines(tree)
    rule = {"profile": "14.0", "cloc_sha256": "0" * 64, "python": "3.9"}
    statement = merkle.build_statement({**values, "code": code, "total": total, "rule": rule}, previous)
    return statement, KEY.sign(statement.encode())


def build_evidence():
    files = [
        ["models/a.py", "1" * 64, 120, 200, "ok"],
        ["broken.py", "2" * 64, 0, 0, "syntax"],
        ["\\u000a.py", "4" * 64, 1, 1, "ok"],
    ]
    module = {"name": "norrvik_sale", "path": "/opt/x", "files": files, "code": 121, "total": 201, "excluded": []}
    tree = {
        "modules": [module],
        "customisations": [["ir.actions.server", "7: Rätta", "3" * 64, 5, 6, "ok"]],
        "notes": [],
    }
    before, seal = sign(tree)
    statement, signature = sign(tree, merkle.chain_hash(before, seal))
    packed = [base64.b64encode(value).decode() for value in (signature, seal)]
    billing = {"date_from": "2026-10-01", "date_to": "2026-10-31", "currency": "SEK", "block_size": 100}
    return {
        "format": "linserv-code-evidence",
        "version": 1,
        "statement": statement,
        "signature": packed[0],
        "public_key": PUBLIC,
        "previous": {"statement": before, "signature": packed[1]},
        "tree": tree,
        "billing": {**billing, "blocks": 2, "price_unit": "175.00", "amount": "350.00"},
    }


def verify(folder, evidence):
    path = folder / "evidence.json.gz"
    path.write_bytes(gzip.compress(json.dumps(evidence).encode()))
    done = subprocess.run(
        [sys.executable, str(VERIFY), str(path), "--key", PUBLIC], check=False, capture_output=True, text=True
    )
    assert not done.stderr
    return done.returncode, [line[5:] for line in done.stdout.splitlines() if line.startswith("BAD")]


def test_true_evidence_is_accepted(tmp_path):
    assert verify(tmp_path, build_evidence()) == (0, [])


def test_a_part_of_a_month_is_recomputed(tmp_path):
    evidence = build_evidence()
    evidence["billing"].update(share=[16, 31, 31], amount="169.35")
    assert verify(tmp_path, evidence) == (0, [])


FORGERIES = [
    (lambda e: e["tree"]["modules"][0]["files"][0].__setitem__(2, 119), {"root", "modules"} - {"root"}),
    (lambda e: e["tree"]["modules"][0]["files"].pop(), {"root"}),
    (lambda e: e["tree"]["customisations"].pop(), {"root", "lines", "total"}),
    (lambda e: e.update(statement=e["statement"].replace('"code":126', '"code":926')), {"signature", "lines"}),
    (lambda e: e["previous"].update(statement=e["previous"]["statement"] + " "), {"chain"}),
    (lambda e: e["billing"].update(amount="525.00"), {"amount 350.00 SEK"}),
    (lambda e: e["billing"].update(blocks=3), {"amount 350.00 SEK"}),
]


@pytest.mark.parametrize(("forge", "found"), FORGERIES)
def test_every_forgery_is_named(tmp_path, forge, found):
    evidence = copy.deepcopy(build_evidence())
    forge(evidence)
    status, bad = verify(tmp_path, evidence)
    assert status == 1
    assert found <= set(bad)


def test_the_script_is_short_enough_to_read():
    assert len(VERIFY.read_text().splitlines()) <= 60
