"""The host's own timers ask the agent without a key; and when Linserv last asked is remembered."""

import json
import subprocess
import sys
import time

import pytest

from odoo.addons.linserv_hosting.tests.sshd import build_agent


class LocalHost:
    """The agent in a folder, without an sshd."""

    def __init__(self, folder):
        self.state = folder / "state"
        self.agent, self.config = folder / "agent.pyz", folder / "agent.json"
        self.agent.write_bytes(build_agent("linserv_backup"))
        section = {"root": str(folder / "copies"), "restic": "/usr/bin/restic"}
        document = {"protocol": 1, "state_directory": str(self.state), "instances": {}, "backup": section}
        self.config.write_text(json.dumps(document))

    def run(self, *words, data=b""):
        """(exit status, last line of the answer)."""
        argv = [sys.executable, "-I", str(self.agent), *words]
        done = subprocess.run(argv, check=False, input=data, capture_output=True, timeout=60)
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    def ask(self, verb, *words):
        """What a key asks."""
        request = {"protocol": 1, "run": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "verb": verb}
        return self.run("--config", str(self.config), *words, data=json.dumps(request).encode() + b"\n")


@pytest.fixture
def host(tmp_path):
    return LocalHost(tmp_path)


def test_a_timer_asks_a_verb_of_the_role_local(host):
    (host.state.parent / "copies").mkdir()
    status, answer = host.run("local", "watch.report", "--config", str(host.config), "--args", '{"daily": false}')
    assert (status, answer["result"]["role"]) == (0, "dr")


@pytest.mark.parametrize("words", [["local", "dr.list"], ["local", "hello"], ["local", "nobody.knows"]])
def test_a_timer_reaches_no_other_verb(host, words):
    status, answer = host.run(*words, "--config", str(host.config))
    assert (status, answer["error"]["code"]) == (1, "verb_unknown")


def test_a_timer_with_a_broken_argument_fails_clearly(host):
    status, answer = host.run("local", "watch.report", "--config", str(host.config), "--args", "{")
    assert (status, answer["error"]["code"]) == (1, "request_malformed")


@pytest.mark.parametrize("role", ["linserv", "backup", "dr", "heal"])
def test_no_key_reaches_what_is_for_timers(host, role):
    status, answer = host.ask("watch.report", "--role", role)
    assert (status, answer["error"]["code"]) == (1, "verb_unknown")


def test_when_linserv_last_asked_is_remembered_and_others_do_not_count(host):
    host.ask("repo.points", "--role", "dr")
    assert not (host.state / "asked").exists()
    host.ask("hello")
    assert time.time() - (host.state / "asked").stat().st_mtime < 60
