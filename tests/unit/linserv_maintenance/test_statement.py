"""What is signed is one sequence of bytes, and each statement names the one before it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date

from odoo.addons.linserv_maintenance.domain.merkle import canonical_json, chain_hash
from odoo.addons.linserv_maintenance.domain.statement import (
    Facts,
    Rule,
    statement_text,
)

FACTS = Facts(
    instance="norrvik-prod",
    customer="Norrvik Bygg & Måleri AB",
    date=date(2026, 10, 20),
    rule=Rule("14.0", None, "3.9"),
    root="a" * 64,
    code=12_345,
    total=20_000,
    previous=None,
)


def test_the_signed_bytes_are_written_out_here_once():
    assert statement_text(FACTS) == (
        '{"code":12345,"customer":"Norrvik Bygg & M\\u00e5leri AB","date":"2026-10-20",'
        '"instance":"norrvik-prod","previous":null,"root":"' + "a" * 64 + '",'
        '"rule":{"cloc_sha256":null,"profile":"14.0","python":"3.9"},"total":20000,"version":1}'
    )


def test_every_fact_changes_the_bytes():
    others = [
        replace(FACTS, instance="x"),
        replace(FACTS, customer="x"),
        replace(FACTS, date=date(2026, 10, 21)),
        replace(FACTS, rule=Rule("15.0", None, "3.9")),
        replace(FACTS, root="b" * 64),
        replace(FACTS, code=1),
        replace(FACTS, total=1),
        replace(FACTS, previous="c" * 64),
    ]
    assert len({statement_text(facts) for facts in [FACTS, *others]}) == len(others) + 1


def test_the_chain_covers_statement_and_signature():
    statement, signature = statement_text(FACTS), b"s" * 64
    assert chain_hash(statement, signature) == hashlib.sha256(statement.encode() + signature).hexdigest()
    assert chain_hash(statement, b"t" * 64) != chain_hash(statement, signature)


def test_lists_keep_their_order_and_lone_bytes_survive():
    leaf = canonical_json(["file", "mod\udce5l.py", "0" * 64, 1, 2, "ok"])
    assert leaf.startswith('["file","mod\\udce5l.py","')
    assert json.loads(leaf)[1] == "mod\udce5l.py"
