"""The evidence file passes the verifier that outsiders are given, and any change in it does not."""

from __future__ import annotations

import base64
import copy
import gzip
import importlib.util
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from odoo.addons.linserv_maintenance.domain.evidence import Billing, Signed, evidence_file
from odoo.addons.linserv_maintenance.domain.merkle import chain_hash
from odoo.addons.linserv_maintenance.domain.price import Price
from odoo.addons.linserv_maintenance.domain.statement import Facts, Rule, statement_text
from odoo.addons.linserv_maintenance.domain.tree_check import Limits, check_tree
from odoo.addons.linserv_maintenance.domain.tree_store import pack, root_of, unpack
from odoo.addons.linserv_maintenance.tests.tree_builders import file_row, module, tree

VERIFIER = Path(__file__).resolve().parents[3] / "docs" / "verify.py"
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
COUNTED = check_tree(
    tree(
        [module("a", [file_row("b\udce5.py", 120, 130)]), module("b", [file_row(code=31, total=40)])],
        customisations=[["ir.actions.server", "7: Order -> invoice", "0" * 64, 5, 6, "ok"]],
        notes=[{"kind": "syntax", "module": "b", "path": "x.py", "lines": None, "message": "line 3"}],
    ),
    Limits(),
)


def signed(previous: str | None = None) -> Signed:
    rule = Rule("14.0", None, "3.9")
    facts = Facts(
        "norrvik-prod", "Norrvik", date(2026, 10, 20), rule, root_of(COUNTED), COUNTED.code, COUNTED.total, previous
    )
    statement = statement_text(facts)
    return Signed(statement, KEY.sign(statement.encode()))


def billing(share: tuple[int, int, int] | None = None) -> Billing:
    return Billing(date(2026, 11, 1), date(2026, 11, 30), "SEK", COUNTED.code, Price(Decimal("175"), 100), share)


def evidence(share: tuple[int, int, int] | None = None) -> bytes:
    before = signed()
    now = signed(chain_hash(before.statement, before.signature))
    return evidence_file(now, PUBLIC, before, COUNTED, billing(share))


def verified(document: dict) -> dict[str, bool]:
    spec = importlib.util.spec_from_file_location("verify", VERIFIER)
    verifier = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(verifier)
    return dict(verifier.checks(document, PUBLIC))


def test_the_verifier_for_outsiders_finds_nothing():
    found = verified(json.loads(gzip.decompress(evidence())))
    assert set(found.values()) == {True}
    assert "amount 350.00 SEK" in found
    assert "chain" in found


def test_a_part_of_a_month_is_verified_too():
    found = verified(json.loads(gzip.decompress(evidence((0, 10, 30)))))
    assert found["amount 116.67 SEK"]


def test_the_parts_of_a_month_add_up_to_the_ore():
    found = [verified(json.loads(gzip.decompress(evidence((first, first + 10, 30))))) for first in (0, 10, 20)]
    amounts = [next(name.split()[1] for name in checks if name.startswith("amount")) for checks in found]
    assert amounts == ["116.67", "116.66", "116.67"]
    assert all(all(checks.values()) for checks in found)


def test_two_parts_of_a_month_are_two_files():
    whole = billing()
    assert whole.label() == "2026-11"
    assert billing((0, 10, 30)).label() == "2026-11-01-2026-11-30"


@pytest.mark.parametrize(
    ("path", "value", "check"),
    [
        (("tree", "modules", 0, "files", 0, 2), 20, "root"),
        (("tree", "modules", 0, "name"), "c", "root"),
        (("tree", "customisations", 0, 3), 1, "root"),
        (("signature",), base64.b64encode(b"x" * 64).decode(), "signature"),
        (("previous", "statement"), "{}", "chain"),
        (("billing", "amount"), "175.00", "amount 350.00 SEK"),
    ],
)
def test_any_change_is_found(path, value, check):
    document = copy.deepcopy(json.loads(gzip.decompress(evidence())))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert verified(document)[check] is False


def test_the_same_count_gives_the_same_bytes():
    assert evidence() == evidence()


def test_a_tree_comes_back_as_it_was_kept():
    assert unpack(pack(COUNTED)) == COUNTED
