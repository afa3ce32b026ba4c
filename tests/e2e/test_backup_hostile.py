"""A customer's host in the hands of somebody else: it gets no point, no file and no byte beyond the limits in."""

import os
import shutil
import time
from pathlib import Path

import pytest
from backup_faults import SmallDatabase
from backup_world import BackupWorld

from odoo.addons.linserv_backup.domain import failures
from odoo.addons.linserv_hosting.adapters.errors import HostError

LIMITS = {"max_bytes": 3_000_000, "stall_seconds": 2, "hold_seconds": 6}
HALF_HOUR = 1800
# mode -> what the repository answers, and the class that the failure has in Odoo
ANSWERS = {
    "noise": ("bad_answer", "data"),
    "zeros": ("bad_answer", "data"),
    "giant": ("bad_answer", "data"),
    "silent": ("timeout", "transient"),
    "elsewhere": ("bad_answer", "data"),
    "nonsense": ("bad_answer", "data"),
    "endless": ("too_large", "data"),
    "trickle": ("timeout", "transient"),
    "lying": ("dump_cut", "data"),
    "foreign": ("dump_broken", "data"),
    "smuggle": ("bad_answer", "data"),
}


def slot_at(number):
    start = int(time.time()) // HALF_HOUR * HALF_HOUR
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(start - number * HALF_HOUR))


class Taken:
    """The world, one honest point in it, and a customer's host that is no longer the customer's."""

    def __init__(self, world, folder):
        self.world, self.folder = world, folder
        self.keys = world.customer.endpoint.authorized_keys_path
        self.public_key = world.connect()["public_key"].split()[1]
        self.honest_keys = self.keys.read_text()
        self.honest = world.take(slot_at(40))
        shutil.copy(str(Path(__file__).with_name("hostile_host.py")), str(folder))

    def turn(self, mode):
        """From now on the backup host's key meets the other program."""
        (self.folder / "mode").write_text(mode)
        program = 'restrict,command="/usr/bin/python3 -I %s"' % (self.folder / "hostile_host.py")
        lines = [
            "%s ssh-ed25519 %s" % (program, self.public_key) if self.public_key in line else line
            for line in self.honest_keys.splitlines()
        ]
        self.keys.write_text("\n".join(lines) + "\n")

    def turn_back(self):
        """The host is the customer's again."""
        self.keys.write_text(self.honest_keys)

    def used(self):
        """Bytes on the backup host's disk."""
        root = self.world.folder / "backup" / "repositories"
        return sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())


@pytest.fixture(scope="module")
def database():
    made = SmallDatabase("e2e_hostile_%d" % os.getpid())
    made.go_on(1)
    yield made
    made.drop()


@pytest.fixture(scope="module")
def taken(tmp_path_factory, database):
    with BackupWorld(tmp_path_factory.mktemp("hostile"), database) as world:
        yield Taken(world, tmp_path_factory.mktemp("program"))


@pytest.mark.parametrize("mode", ANSWERS)
def test_what_a_hostile_host_sends_becomes_no_point(taken, mode):
    taken.turn(mode)
    before = taken.used()
    with pytest.raises(HostError) as error:
        taken.world.take(slot_at(list(ANSWERS).index(mode)), limits=LIMITS)
    told = error.value
    assert (told.code, failures.classify(told.code, told.retryable, getattr(told, "kind", "") or "")) == ANSWERS[mode]
    assert list(taken.world.points()) == [taken.honest["name"]]
    assert taken.used() < before + 2 * LIMITS["max_bytes"]
    assert not list(taken.world.folder.rglob("smuggled*"))


def test_an_empty_database_in_place_of_the_customers_is_suspect(taken):
    taken.turn("honest words")
    point = taken.world.take(slot_at(20))
    assert point["judged"] == "suspect" and "table_vanished" in point["reasons"]


def test_when_the_host_is_the_customers_again_the_next_point_is_good(taken):
    taken.turn_back()
    point = taken.world.take(slot_at(19))
    assert point["judged"] == "good" and point["rows"] >= taken.honest["rows"]
    verified = taken.world.backup.work("repo.verify", {"repository": "norrvik", "names": [taken.honest["name"]]})
    assert verified["ok"]
