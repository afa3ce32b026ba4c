"""The first visit to a host as it is made in earnest: root's password, the default paths, an account to be made.

Runs as root inside the Debian root. The sshd lives in a mount namespace of its own with copies of /etc, /opt, /var/lib
and /root, so that nothing of it stays.
"""

import crypt
import os
import shutil
import socket
import subprocess
import time

import pytest

from odoo.addons.linserv_hosting.adapters import ssh, ssh_install
from odoo.addons.linserv_hosting.adapters.errors import FatalHostError
from odoo.addons.linserv_hosting.tests.sshd import build_agent, make_key

PASSWORD = "one-time; $(touch /tmp/linserv-reached) 'å'"
ACCOUNT = "linsagent"
SKELETON = {"protocol": 1, "state_directory": "/var/lib/linserv", "instances": {}}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the first visit is made by root")

HIDE = """
set -e
for place in etc opt var/lib root; do mount --bind "$1/$place" "/$place"; done
exec /usr/sbin/sshd -D -e -f "$1/sshd_config"
"""
CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
PidFile none
UsePAM no
PasswordAuthentication yes
PermitRootLogin yes
Subsystem sftp internal-sftp
"""


class Machine:
    """A machine as its owner hands it over: an sshd and root's password."""

    def __init__(self, folder):
        self.folder = folder
        for place in ("opt", "var/lib", "root"):
            (folder / place).mkdir(parents=True)
        shutil.copytree("/etc", str(folder / "etc"), symlinks=True)
        self._set_password()
        make_key(folder / "host_key")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "sshd_config").write_text(CONFIG.format(port=self.port, folder=folder))
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        words = ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", HIDE, "hide", str(folder)]
        with (folder / "sshd.log").open("wb") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
        self.keys = tuple(self._scan())

    def _set_password(self):
        shadow = self.folder / "etc" / "shadow"
        secret = crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_SHA512))
        lines = shadow.read_text().splitlines()
        shadow.write_text(
            "".join(
                "root:%s:19000:0:99999:7:::\n" % secret if line.startswith("root:") else line + "\n" for line in lines
            )
        )

    def _scan(self):
        deadline = time.monotonic() + 15
        while True:
            try:
                return ssh.scan_host_keys("127.0.0.1", self.port)
            except ssh.HostError:
                assert time.monotonic() < deadline, (self.folder / "sshd.log").read_text()
                time.sleep(0.05)

    def visit(self, order, password=PASSWORD):
        """The administrator's visit."""
        credential = ssh_install.Credential("root", password=password)
        return ssh_install.install_agent("127.0.0.1", self.port, self.keys, credential, order, build_agent())

    def stop(self):
        """End the sshd."""
        self.process.terminate()
        self.process.wait(timeout=10)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    made = Machine(tmp_path_factory.mktemp("machine"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return make_key(tmp_path_factory.mktemp("key") / "login")


@pytest.fixture(scope="module")
def order(key):
    public = (key.parent / "login.pub").read_text().strip()
    return ssh_install.Order(user=ACCOUNT, public_key=public, skeleton=SKELETON)


@pytest.fixture(scope="module")
def first(machine, order):
    return machine.visit(order)


def test_a_wrong_password_changes_nothing(machine, order):
    with pytest.raises(FatalHostError) as refusal:
        machine.visit(order, password="wrong")
    assert refusal.value.code == "auth_refused"
    assert list((machine.folder / "opt").iterdir()) == []


def test_the_visit_puts_account_agent_configuration_and_key_in_place(machine, first):
    assert set(first.changed) >= {ACCOUNT, "/opt/linserv/agent.pyz", "/etc/linserv/agent.json", "/var/lib/linserv"}
    assert ACCOUNT + ":" in (machine.folder / "etc" / "passwd").read_text()


def test_agent_and_configuration_belong_to_root_and_the_state_to_the_account(machine, first):
    for path in ("opt/linserv/agent.pyz", "etc/linserv/agent.json"):
        status = (machine.folder / path).stat()
        assert (status.st_uid, status.st_mode & 0o022) == (0, 0), path
    state = (machine.folder / "var" / "lib" / "linserv").stat()
    assert state.st_uid != 0
    assert state.st_mode & 0o077 == 0


def test_a_second_visit_changes_nothing(machine, order, first):
    assert machine.visit(order).changed == []


def test_a_link_in_the_accounts_folder_leads_root_nowhere(machine, order, first):
    account = machine.folder / "var" / "lib" / "linserv" / ".ssh"
    target = machine.folder / "var" / "lib" / "precious"
    target.write_text("precious")
    (account / "authorized_keys.new").symlink_to("/var/lib/precious")
    (account / "authorized_keys").write_text("")
    assert "/var/lib/linserv/.ssh/authorized_keys" in machine.visit(order).changed
    assert (target.read_text(), target.stat().st_uid) == ("precious", 0)


def test_nothing_of_the_visit_stays_behind(machine, first):
    assert [path.name for path in (machine.folder / "root").iterdir()] == []
    assert not os.path.exists("/tmp/linserv-reached")


def test_the_key_speaks_to_the_agent(machine, key, first):
    endpoint = ssh.Endpoint("127.0.0.1", machine.port, ACCOUNT, key.read_text(), machine.keys)
    request = {
        "protocol": 1,
        "run": "7d3b1c52-6f0e-4c1e-9d0a-1f2e3d4c5b6a",
        "verb": "hello",
        "instance": None,
        "args": {},
    }
    assert ssh.execute(endpoint, request, 20.0, 65536).result


@pytest.mark.parametrize(
    ("flags", "command"),
    [([], ["touch /tmp/linserv-reached; id"]), (["-s"], ["sftp"]), (["-W", "127.0.0.1:{port}"], [])],
    ids=["shell", "files", "tunnel"],
)
def test_the_key_gets_nothing_but_the_agent(machine, key, first, flags, command):
    options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes"]
    words = ["ssh", *(word for option in options for word in ("-o", option)), "-i", str(key), "-p", str(machine.port)]
    words += [*(flag.format(port=machine.port) for flag in flags), ACCOUNT + "@127.0.0.1", *command]
    done = subprocess.run(words, input=b"", capture_output=True, timeout=30, check=False)
    assert done.returncode != 0
    assert b"uid=" not in done.stdout
    assert b"SSH-2.0" not in done.stdout
    assert not os.path.exists("/tmp/linserv-reached")
