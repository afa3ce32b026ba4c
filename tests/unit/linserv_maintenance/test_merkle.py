"""The root hash: three readings of one rule agree, and any change of a counted thing changes it."""

import copy
import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.linserv_maintenance.agent import merkle as agent
from odoo.addons.linserv_maintenance.domain import merkle as domain

HASHES = st.binary(max_size=3).map(lambda data: hashlib.sha256(data).hexdigest())
NAMES = st.text(max_size=6)
COUNTS = st.tuples(HASHES, st.integers(0, 99), st.integers(0, 99), st.sampled_from(["ok", "syntax"])).map(list)
FILES = st.dictionaries(NAMES, COUNTS, max_size=9).map(lambda rows: [[name, *row] for name, row in rows.items()])


def build_module(name, files):
    sums = {"code": sum(row[2] for row in files), "total": sum(row[3] for row in files)}
    return {"name": name, "path": "/x", "files": files, "excluded": [], **sums}


MODULES = st.dictionaries(NAMES, FILES, max_size=6).map(lambda found: [build_module(*item) for item in found.items()])
CUSTOM = st.dictionaries(st.tuples(NAMES, NAMES), COUNTS, max_size=5).map(
    lambda rows: [[*key, *row] for key, row in rows.items()]
)
TREES = st.fixed_dictionaries({"modules": MODULES, "customisations": CUSTOM, "notes": st.just([])})


def test_the_root_of_nothing_is_the_hash_of_nothing():
    nothing = {"modules": [], "customisations": []}
    assert agent.tree_root(nothing) == domain.snapshot_root(nothing) == hashlib.sha256(b"").hexdigest()


def test_published_values_of_rfc_6962():
    """The inputs and roots that implementations of certificate transparency test themselves with."""
    leaves = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
    leaves.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
    assert domain.merkle_root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert domain.merkle_root(leaves[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert domain.merkle_root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@settings(deadline=None)
@given(TREES)
def test_agent_and_office_find_the_same_root(tree):
    assert agent.tree_root(tree) == domain.snapshot_root(tree)


@settings(deadline=None)
@given(TREES, st.randoms())
def test_order_does_not_matter(tree, random):
    mixed = copy.deepcopy(tree)
    random.shuffle(mixed["modules"])
    random.shuffle(mixed["customisations"])
    for module in mixed["modules"]:
        random.shuffle(module["files"])
    assert domain.snapshot_root(mixed) == domain.snapshot_root(tree)


@settings(deadline=None)
@given(TREES.filter(lambda tree: any(module["files"] for module in tree["modules"])), st.data())
def test_a_changed_file_changes_the_root(tree, data):
    changed = copy.deepcopy(tree)
    module = data.draw(st.sampled_from([one for one in changed["modules"] if one["files"]]))
    row = data.draw(st.sampled_from(module["files"]))
    row[2] += 1
    module["code"] += 1
    assert domain.snapshot_root(changed) != domain.snapshot_root(tree)


def test_faults_name_what_does_not_add_up():
    tree = {"modules": [build_module("sale_x", [["a.py", "0" * 64, 3, 4, "ok"]])], "customisations": []}
    root = domain.snapshot_root(tree)
    assert domain.tree_faults(tree, root, 3, 4) == []
    assert domain.tree_faults(tree, "0" * 64, 3, 5) == ["the sums of the count differ", "the root hash differs"]
    tree["modules"][0]["code"] = 2
    assert "module sale_x: sums of its files differ" in domain.tree_faults(tree, root, 3, 4)


def test_a_statement_names_the_one_before():
    values = {key: key for key in ("instance", "customer", "date", "rule", "root", "code", "total")}
    first = domain.build_statement(values, None)
    assert first.startswith('{"code":"code","customer":"customer"') and '"previous":null' in first
    second = domain.build_statement(values, domain.chain_hash(first, b"s" * 64))
    assert hashlib.sha256(first.encode() + b"s" * 64).hexdigest() in second
