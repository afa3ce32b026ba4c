"""The target host: what is delivered becomes a hidden database, equal to its source row by row; what is restored in
earnest takes the place of what is in service.
"""

import os
import uuid

import pytest
from restore_world import FILESTORE, Dump, RestoreHost, get_customer_template, make_tiny, sql
from support import STATE, Database

from odoo.addons.linserv_hosting.adapters.errors import HostError

EARNEST = uuid.uuid4().hex
PHONE = "UPDATE res_partner SET phone = '+46 60 65 43 21' WHERE name = 'Fredrik Forsberg' RETURNING id"


@pytest.fixture(scope="module")
def customer():
    made = Database("e2e_customer_%d" % os.getpid(), get_customer_template())
    yield made
    made.drop()


@pytest.fixture(scope="module")
def dump(customer, tmp_path_factory):
    return Dump(customer, tmp_path_factory.mktemp("dump"))


@pytest.fixture(scope="module")
def host(tmp_path_factory, customer):
    compared = {"source": customer.name, "restored": "linserv_restore_" + EARNEST}
    made = RestoreHost(
        tmp_path_factory.mktemp("target"),
        instances={name: {"database": database} for name, database in compared.items()},
        backup={"drill": {"pg": {"host": str(STATE / "run"), "user": "linserv_restore"}}},
    )
    with made:
        yield made


def test_every_row_is_that_of_the_source_and_a_changed_phone_number_is_found(host, customer, dump):
    host.prepare("e2e_earnest", dump, kind="other", restore=EARNEST)
    host.deliver(EARNEST, dump)
    host.work("restore.load", {"restore": EARNEST})
    sides = {"left": {"instance": "source"}, "right": {"instance": "restored"}}
    found = host.work("drill.compare", sides)
    assert (found["equal"], found["differences"]) == (True, [])
    assert found["tables"] > 300 and found["rows"][0] == found["rows"][1] == sum(dump.counts.values())
    changed = customer.query(PHONE)[0][0]
    found = host.work("drill.compare", sides)
    assert [(each["table"], each["changed"]) for each in found["differences"]] == [
        ("res_partner", [{"row": changed, "columns": ["phone"]}])
    ]
    for verb, args in (("restore.neutralise", {"url": "https://x.example.com"}), ("restore.publish", {})):
        with pytest.raises(HostError, match="in earnest"):
            host.work(verb, {"restore": EARNEST, **args})


def test_a_manager_puts_it_into_service_and_the_former_one_is_kept(host, tmp_path):
    name = "e2e_service_%d" % os.getpid()
    service = make_tiny(name)
    dump, restore = Dump(service, tmp_path), uuid.uuid4().hex
    service.query("DELETE FROM ir_cron; INSERT INTO big (name) VALUES ('since then')")
    host.prepare(name, dump, kind="same", restore=restore)
    host.deliver(restore, dump)
    host.work("restore.load", {"restore": restore})
    host.orders.remove(restore)
    with pytest.raises(HostError, match="was not confirmed"):
        host.work("restore.swap", {"restore": restore, "confirm": "e2e_service"})
    assert service.query("SELECT count(*) FROM ir_cron") == [["0"]]
    answers = [host.work("restore.swap", {"restore": restore, "confirm": name}) for _number in range(2)]
    kept = answers[0]["kept"]
    assert answers[1]["kept"] == kept
    assert service.query("SELECT count(*) FROM ir_cron") == [["5"]]
    assert sql("SELECT count(*) FROM big WHERE name = 'since then'", kept) == [["1"]]
    owners = dict(sql("SELECT datname, pg_get_userbyid(datdba) FROM pg_database WHERE datname LIKE '%s%%'" % name))
    assert owners == {name: "odoo", kept: "linserv_restore"}
    assert sorted(each for each in (FILESTORE / name).glob("??/*")) != []
    assert len(list((FILESTORE / kept).glob("??/*"))) == len(dump.names)
    with pytest.raises(HostError, match="taken the place"):
        host.ask("restore.drop", {"restore": restore})
    service.drop()
    Database(kept, "template0").drop()
