"""Keys of other hosts: each speaks to the agent in one role and reaches the verbs of that role, no others."""

import json
import subprocess
import uuid

import pytest

from odoo.addons.linserv_hosting.adapters import ssh, zipapp_builder
from odoo.addons.linserv_hosting.adapters.errors import FatalHostError
from odoo.addons.linserv_hosting.domain import host_keys, protocol
from odoo.addons.linserv_hosting.tests import sshd

VERBS = """
import sys

def _give(context, args):
    for number in range(args["times"]):
        context.send(bytes([number]) * 1000)
    return {"given": args["times"]}

def _talk(context, args):
    return {"heard": sys.stdin.buffer.readline().decode()}

def _secret(context, args):
    return {}

_give.roles = ("probe",)
_talk.roles = ("probe",)
VERBS = {"probe.give": _give, "probe.talk": _talk, "probe.secret": _secret}
"""


def make_agent(folder):
    addon = folder / "linserv_probe"
    addon.mkdir()
    (addon / "__init__.py").write_text("")
    (addon / "verbs.py").write_text(VERBS)
    core = sshd.Path(sshd.__file__).resolve().parents[1] / "agent"
    return zipapp_builder.build({"linserv_hosting": core, "linserv_probe": addon})


@pytest.fixture
def host(tmp_path):
    with sshd.SshEndpoint(tmp_path / "sshd", agent=make_agent(tmp_path)) as endpoint:
        yield endpoint


@pytest.fixture
def peer(tmp_path):
    """Another host's key."""
    return sshd.make_key(tmp_path / "peer")


def public(key):
    return key.with_suffix(".pub").read_text().strip()


def ask_as(host, key, verb, args=None, more=b""):
    """What OpenSSH's client gets with that key: (answer lines, raw bytes)."""
    request = {"protocol": 1, "run": str(uuid.uuid4()), "verb": verb, "args": args or {}}
    command = ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i", str(key)]
    command += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-p", str(host.port)]
    command += ["%s@%s" % (host.user, host.address), "anything"]
    asked = json.dumps(request).encode() + b"\n" + more
    done = subprocess.run(command, input=asked, capture_output=True, timeout=30, check=False)
    lines, data, rest = [], b"", done.stdout
    while rest:
        line, _newline, rest = rest.partition(b"\n")
        lines.append(json.loads(line))
        count = lines[-1].get("data", 0)
        data, rest = data + rest[:count], rest[count:]
    return lines, data, done.returncode


@pytest.fixture
def ask(host):
    """Ask as Odoo does."""
    key = host_keys.parse_public_key(host.host_public_key)
    place = ssh.Endpoint(host.address, host.port, host.user, host.private_key, (key,))

    def ask(verb, args=None):
        request = protocol.build_request(str(uuid.uuid4()), verb, args or {}, None, 20, None)
        return ssh.execute(place, request, 20).result

    return ask


def test_a_key_reaches_the_verbs_of_its_role_and_no_others(host, peer, ask):
    ask("key.authorize", {"public_key": public(peer), "role": "probe"})
    lines, data, _status = ask_as(host, peer, "probe.give", {"times": 3})
    assert lines[-1]["result"] == {"given": 3}
    assert data == bytes(1000) + b"\1" * 1000 + b"\2" * 1000
    for verb in ("hello", "probe.secret", "run.start", "key.authorize"):
        lines, _data, _status = ask_as(host, peer, verb)
        assert lines[-1]["error"]["code"] == "verb_unknown"
    with pytest.raises(FatalHostError, match="does not know"):
        ask("probe.give", {"times": 1})


def test_a_handler_may_go_on_reading_after_the_request(host, peer, ask):
    ask("key.authorize", {"public_key": public(peer), "role": "probe"})
    lines, _data, _status = ask_as(host, peer, "probe.talk", more=b"more\n")
    assert lines[-1]["result"] == {"heard": "more\n"}


def test_a_key_is_authorized_once_moved_and_revoked(host, peer, ask):
    for role in ("probe", "probe", "other"):
        assert ask("key.authorize", {"public_key": public(peer), "role": role}) == {"keys": 3}
    assert ask_as(host, peer, "probe.give", {"times": 1})[0][-1]["error"]["code"] == "verb_unknown"
    assert ask("key.revoke", {"public_key": public(peer)}) == {"keys": 2}
    assert ask("key.revoke", {"public_key": public(peer)}) == {"keys": 2}
    assert ask_as(host, peer, "probe.give")[2] == 255


def test_linservs_own_key_cannot_be_taken_away_or_made_another(host, ask):
    own = host.private_key_path.with_suffix(".pub").read_text().strip()
    assert ask("key.revoke", {"public_key": own}) == {"keys": 2}
    assert ask("hello")["instances"] == []


@pytest.mark.parametrize(
    ("public_key", "role"),
    [
        ("ssh-ed25519 AAAA\ncommand=x", "probe"),
        ('ssh-ed25519 AAAA" x', "probe"),
        ("no key", "probe"),
        ("ssh-ed25519 AAAA", 'pro"be'),
        ("ssh-ed25519 AAAA", "linserv"),
        ("ssh-ed25519 AAAA", ""),
    ],
)
def test_what_could_become_another_line_is_refused(host, ask, public_key, role):
    before = host.authorized_keys_path.read_text()
    with pytest.raises(FatalHostError) as refused:
        ask("key.authorize", {"public_key": public_key, "role": role})
    assert refused.value.code == "argument_invalid"
    assert host.authorized_keys_path.read_text() == before
