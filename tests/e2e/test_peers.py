"""What goes wrong in OCA `contract` 14, seen in a database where it is installed, and goes right here.

Each row is one fault: what the peer makes of it, and what the suite makes of the same story.
"""

import subprocess

import pytest
from support import ODOO, STATE, SUITE

SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
import peers
answer(peers.tell_both(env))
_os._exit(0)
"""


@pytest.fixture(scope="module")
def told(database):
    words = [*ODOO, "-c", STATE / "odoo.conf", "-d", database.name, "-i", "contract", "--stop-after-init", "--no-http"]
    done = subprocess.run([*words, "--log-level=warn"], check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    assert database.query("SELECT state FROM ir_module_module WHERE name = 'contract'") == [["installed"]]
    return database.shell(SCRIPT.format(tests=str(SUITE / "tests" / "e2e")))


# (the story, what OCA contract makes of it, what the suite makes of it); amounts are those of the invoices
FAULTS = {
    "drift": ("an agreement of the 31st", ["31", "28", "28", "28", "28"], ["31", "28", "31", "30", "31"]),
    "missed": ("three months due, one run", [900.0], [2700.0]),
    "twice": ("the button pressed twice on the first day", [900.0, 900.0], [900.0]),
    "deleted": ("the draft deleted, run again", [], [900.0]),
    "credited": ("the invoice credited in full, run again", 0, 1),
    "cancelled": ("the invoice cancelled, run again", [], [900.0]),
    "broken": ("the second of three contracts cannot be invoiced", [], [900.0, 900.0]),
    "leak": ("two contracts billed together, of January and of March: invoices made", 1, 2),
    "stop_one": ("one of two services ends in January, February is run", [1800.0], [900.0, 1800.0]),
    "yearly": ("a yearly agreement made by import: invoices of three months", [3, "yearly"], [1, "yearly"]),
    "half": ("a service that ends on the 15th of its first month", [900.0], [435.48]),
    "price": ("a new price from March, January and February missed", [1000.0] * 3, [900.0, 900.0, 1000.0]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_peer_goes_wrong(told, fault):
    assert told["oca"][fault] == FAULTS[fault][1], FAULTS[fault][0]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_suite_goes_right(told, fault):
    assert told["ours"][fault] == FAULTS[fault][2], FAULTS[fault][0]


def test_an_early_stop_inside_a_paid_period_is_refused_there_and_credited_here(told):
    assert told["oca"]["stop_inside"].startswith("refused: ValidationError: You can't have the end date before")
    assert told["ours"]["stop_inside"] == [-464.52, 900.0]


def test_the_same_month_again_is_billed_there_and_refused_by_the_database_here(told):
    assert told["oca"]["back"] == [900.0, 900.0]
    assert told["ours"]["back"].startswith("refused: ExclusionViolation")


def test_every_story_has_its_row(told):
    assert set(told["oca"]) == set(told["ours"]) == {*FAULTS, "stop_inside", "back"}
