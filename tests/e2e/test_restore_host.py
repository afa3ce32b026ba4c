"""The target host: what is delivered becomes a hidden database, is made harmless, becomes visible, and goes away."""

import os

import pytest
from restore_world import Dump, RestoreHost, exists, get_customer_template, sql
from support import Database


@pytest.fixture(scope="module")
def customer():
    made = Database("e2e_customer_%d" % os.getpid(), get_customer_template())
    yield made
    made.drop()


@pytest.fixture(scope="module")
def dump(customer, tmp_path_factory):
    return Dump(customer, tmp_path_factory.mktemp("dump"))


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with RestoreHost(tmp_path_factory.mktemp("target")) as made:
        yield made


def test_a_copy_from_delivery_to_its_end(host, dump):
    restore = host.prepare("e2e_copy_a", dump)
    answer = host.deliver(restore, dump)
    assert (answer["state"], answer["files"]) == ("received", len(dump.names))
    closed = host.neutralise(restore)["closed"]
    assert closed["scheduled_action"] > 10
    assert host.ask("restore.check_live", {"restore": restore})["live"] == []
    assert not exists("e2e_copy_a")
    assert host.work("restore.publish", {"restore": restore})["state"] == "published"
    assert sql("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'e2e_copy_a'") == [["odoo"]]
    assert host.ask("restore.drop", {"restore": restore})["state"] == "dropped"
    assert not exists("e2e_copy_a")
