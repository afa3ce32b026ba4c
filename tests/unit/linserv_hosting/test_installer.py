import getpass
import json

import pytest

from odoo.addons.linserv_hosting.agent import installer
from odoo.addons.linserv_hosting.agent.errors import AgentError

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJi0hZy1pOe7qJrHgKlCnSLTL1oGBJVqfnZdXb9WzvPW linserv-1"
OTHER = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 someone@else"


def order_of(folder, **changes):
    order = {
        "user": getpass.getuser(),
        "public_key": KEY,
        "agent": "%s/opt/agent.pyz" % folder,
        "config": "%s/etc/agent.json" % folder,
        "state_directory": "%s/state" % folder,
        "authorized_keys": "%s/ssh/authorized_keys" % folder,
        "skeleton": {"protocol": 1},
    }
    return json.dumps(dict(order, **changes)).encode()


def test_the_first_visit_puts_everything_in_place_and_the_second_changes_nothing(tmp_path):
    order = installer.parse_order(order_of(tmp_path))
    first = installer.install(order, b"agent")
    assert len(first["changed"]) == 5
    second = installer.install(order, b"agent")
    assert second["changed"] == []
    assert (tmp_path / "ssh" / "authorized_keys").read_text().count("linserv-1") == 1


def test_a_new_agent_replaces_the_old_one_and_the_configuration_stays(tmp_path):
    order = installer.parse_order(order_of(tmp_path))
    installer.install(order, b"agent")
    (tmp_path / "etc" / "agent.json").write_text("mine")
    assert installer.install(order, b"newer")["changed"] == [str(tmp_path / "opt" / "agent.pyz")]
    assert (tmp_path / "opt" / "agent.pyz").read_bytes() == b"newer"
    assert (tmp_path / "etc" / "agent.json").read_text() == "mine"


def test_folders_and_keys_are_private(tmp_path):
    installer.install(installer.parse_order(order_of(tmp_path)), b"agent")
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("state", "ssh", "ssh/authorized_keys")}
    assert modes == {"state": 0o700, "ssh": 0o700, "ssh/authorized_keys": 0o600}


def test_other_keys_stay_and_our_own_old_line_goes(tmp_path):
    line = installer.authorized_line(installer.parse_order(order_of(tmp_path)))
    assert installer.merged_keys("", line) == line + "\n"
    assert installer.merged_keys("%s\n%s\n" % (KEY, OTHER), line) == "%s\n%s\n" % (OTHER, line)
    assert line.startswith('restrict,command="/usr/bin/python3 -I ')


def test_a_line_that_sudo_did_not_read_is_passed_over(tmp_path):
    assert installer.parse_order(b"p4ss{word\n" + order_of(tmp_path)).user == getpass.getuser()


@pytest.mark.parametrize(
    "changes",
    [
        {"user": "root;id"},
        {"user": "-x"},
        {"public_key": KEY + '\nssh-rsa AAAA evil"'},
        {"public_key": 'command="id" ' + KEY},
        {"public_key": "x"},
        {"agent": "/opt/a b"},
        {"agent": '/opt/a"; id; "'},
        {"agent": "relative"},
        {"config": "/etc/../etc/passwd"},
        {"config": "/etc/$(id)"},
        {"state_directory": "/var/lib/x\n"},
        {"authorized_keys": "/root/`id`"},
        {"skeleton": []},
    ],
)
def test_values_that_could_mean_more_in_authorized_keys_are_refused(tmp_path, changes):
    with pytest.raises(AgentError):
        installer.parse_order(order_of(tmp_path, **changes))


def test_an_account_that_is_not_there_is_made_by_root_only(tmp_path):
    order = installer.parse_order(order_of(tmp_path, user="no-such-account"))
    with pytest.raises(AgentError) as caught:
        installer.install(order, b"agent")
    assert caught.value.code in ("not_root", "account_failed")
