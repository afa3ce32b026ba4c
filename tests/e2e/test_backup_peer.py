"""A backup host speaks to another host: a real sshd, a real agent, real ssh, and everything that can go wrong."""

import os
import signal
import subprocess
import sys
import time

import pytest

from odoo.addons.linserv_backup.agent import engine, login, peer
from odoo.addons.linserv_backup.agent.errors import BackupError
from odoo.addons.linserv_hosting.adapters import zipapp_builder
from odoo.addons.linserv_hosting.tests import sshd

PROBE = r"""
import json, os, sys, time

def _pour(context, args):
    for _number in range(args["frames"]):
        context.send(b"x" * args["size"])
    if args.get("die"):
        os._exit(0)
    if args.get("garbage"):
        os.write(args["garbage"], b"not json\n")
    time.sleep(args.get("sleep", 0))
    return {"sent": args["frames"] * args["size"], "instance": context.instance_name}

def _talk(context, args):
    context.send(json.dumps({"hello": "x" * args.get("size", 1)}).encode() + b"\n")
    said = sys.stdin.buffer.readline()
    context.send(json.dumps({"heard": said.decode()}).encode() + b"\n")
    rest = sys.stdin.buffer.read()
    return {"said": said.decode(), "rest": len(rest)}

def _raw(context, args):
    os.write(1, b"to the log\n")
    while True:
        context.send(b"0" * (1 << 20))

def _busy(context, args):
    raise Busy("later")

class Busy(Exception):
    code, retryable = "lock_timeout", True

_pour.roles = _talk.roles = _raw.roles = _busy.roles = ("backup",)
VERBS = {"probe.pour": _pour, "probe.talk": _talk, "probe.flood": _raw, "probe.busy": _busy}
"""


def make_agent(folder):
    addon = folder / "linserv_probe"
    addon.mkdir()
    (addon / "__init__.py").write_text("")
    (addon / "verbs.py").write_text(PROBE)
    core = sshd.Path(sshd.__file__).resolve().parents[1] / "agent"
    return zipapp_builder.build({"linserv_hosting": core, "linserv_probe": addon})


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peer")
    with sshd.SshEndpoint(folder / "sshd", agent=make_agent(folder), instances={"norrvik": {}}) as endpoint:
        endpoint.key = sshd.make_key(folder / "backup_key")
        public = (folder / "backup_key.pub").read_text()
        endpoint.authorize(public, endpoint.agent_command + " --role backup")
        endpoint.known = folder / "known_hosts"
        login.write_known_hosts(endpoint.known, [endpoint.host_public_key])
        yield endpoint


def reach(host, **changes):
    values = {
        "address": host.address,
        "port": host.port,
        "user": host.user,
        "key_path": host.key,
        "known_hosts_path": host.known,
        "instance": "norrvik",
    }
    return peer.Peer(**dict(values, **changes))


def refused(function, *args, **options):
    """(code, kind) of the error that a call ends with."""
    with pytest.raises(BackupError) as caught:
        function(*args, **options)
    return caught.value.code, caught.value.kind


def test_data_and_result_arrive(host):
    taken = []
    order = {"frames": 40, "size": 1 << 20}
    result = reach(host).stream("probe.pour", order, lambda data: taken.append(len(data)), 60)
    assert result == {"sent": 40 << 20, "instance": "norrvik"}
    assert sum(taken) == 40 << 20


def test_a_conversation_goes_both_ways(host):
    with reach(host).converse("probe.talk", {"size": 3 << 20}, deadline=30) as talk:
        assert len(talk.read_document()["hello"]) == 3 << 20
        talk.say("release")
        assert talk.read_document() == {"heard": "release\n"}
        talk.send(b"y" * (5 << 20))
        assert talk.finish() == {"said": "release\n", "rest": 5 << 20}


def test_last_words_end_a_conversation(host):
    with reach(host).converse("probe.talk", {}, deadline=30) as talk:
        talk.read_document()
        assert talk.finish("bye") == {"said": "bye\n", "rest": 0}


def test_a_dead_agent_is_no_answer(host):
    order = {"frames": 2, "size": 100, "die": True}
    assert refused(reach(host).stream, "probe.pour", order, len, 30) == ("connection_lost", "transient")


def test_a_host_that_pours_without_end_is_left(host):
    begun = time.monotonic()
    assert refused(reach(host).stream, "probe.flood", {}, len, 60, max_bytes=20 << 20) == ("too_large", "data")
    assert time.monotonic() - begun < 20


def test_a_frozen_host_is_left_after_the_stall_time(host):
    order = {"frames": 1, "size": 10, "sleep": 30}
    assert refused(reach(host).stream, "probe.pour", order, len, 60, stall=1) == ("timeout", "transient")


def test_a_slow_host_is_left_at_the_deadline(host):
    order = {"frames": 0, "size": 0, "sleep": 30}
    assert refused(reach(host).stream, "probe.pour", order, len, 1, stall=40)[1] == "transient"


def test_what_the_other_host_refuses_keeps_its_class(host):
    assert refused(reach(host).call, "probe.busy") == ("lock_timeout", "transient")
    assert refused(reach(host).call, "probe.unheard") == ("verb_unknown", "configuration")
    assert refused(reach(host, instance="other").call, "probe.busy") == ("instance_unknown", "configuration")
    assert refused(reach(host).call, "hello") == ("verb_unknown", "configuration")  # not a verb of this role


def test_another_agent_than_expected_is_refused(host):
    assert refused(reach(host, expected_agent="0" * 64).call, "probe.busy") == ("agent_outdated", "configuration")


def test_data_that_nobody_asked_for_is_refused(host):
    assert refused(reach(host).call, "probe.pour", {"frames": 1, "size": 5}) == ("bad_answer", "data")


def test_nothing_is_said_to_a_host_with_another_key(host, tmp_path):
    other = sshd.make_key(tmp_path / "other")
    known = tmp_path / "known_hosts"
    login.write_known_hosts(known, [" ".join((tmp_path / "other.pub").read_text().split()[:2])])
    assert refused(reach(host, known_hosts_path=known).call, "probe.busy") == ("host_key_changed", "configuration")
    assert refused(reach(host, key_path=other).call, "probe.busy") == ("auth_refused", "configuration")


def test_a_host_that_is_down_is_unreachable(host):
    assert refused(reach(host, port=1).call, "probe.busy") == ("unreachable", "transient")


@pytest.mark.parametrize(
    ("address", "port", "user"),
    [
        ("-oProxyCommand=x", 22, "root"),
        ("a b", 22, "root"),
        ("a", 0, "root"),
        ("a", 22, "-x"),
        ("a", True, "x"),
        ("a", 22, ""),
    ],
)
def test_a_place_that_could_be_an_option_is_refused(address, port, user):
    assert refused(login.check_place, address, port, user) == ("argument_invalid", "configuration")


def test_host_keys_that_could_be_more_than_keys_are_refused(tmp_path):
    for keys in ([], ["ssh-ed25519 AAAA\n* ssh-ed25519 BBBB"], ["@cert-authority * ssh-rsa AAAA"], [5]):
        assert refused(login.write_known_hosts, tmp_path / "known", keys)[0] == "argument_invalid"


def test_an_engine_is_ended_at_its_time():
    begun = time.monotonic()
    assert refused(engine.run_engine, ["sleep", "300"], 0.3) == ("engine_timeout", "transient")
    assert time.monotonic() - begun < 200


def test_an_engine_that_fails_tells_why():
    assert refused(engine.run_engine, ["ls", "/nonexistent"], 5) == ("engine_failed", "unknown")
    assert refused(engine.run_engine, ["/nonexistent/borg"], 5) == ("engine_missing", "configuration")


def test_a_full_disk_is_known_by_its_words():
    with open("/dev/full", "wb") as full:
        assert refused(engine.run_engine, ["head", "-c", "100000", "/dev/zero"], 5, stdout=full) == (
            "disk_full",
            "capacity",
        )


def test_an_engine_is_given_bytes_and_its_output_is_kept():
    assert engine.run_engine(["cat"], 20, stdin=b"x" * 3000000).output == b"x" * 3000000
    assert refused(engine.run_engine, ["cat", "/dev/zero"], 20)[0] == "engine_failed"


CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
import tests.conftest
from odoo.addons.linserv_backup.agent import engine
with engine.Running(["sleep", "60"], 60) as program:
    print(program.process.pid, flush=True)
    program.wait()
"""


def test_a_killed_agent_leaves_no_engine_behind():
    suite = os.environ["LINSERV_SUITE"]
    child = subprocess.Popen([sys.executable, "-c", CHILD, suite], stdout=subprocess.PIPE, cwd=suite)
    pid = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    child.wait()
    limit = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < limit:
        time.sleep(0.02)
    assert not is_running(pid)


def is_running(pid):
    try:
        with open("/proc/%d/stat" % pid) as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
