"""A real host for the tests of the adapter and the agent."""

import time
import uuid

import pytest

from odoo.addons.linserv_hosting.adapters import ssh, zipapp_builder
from odoo.addons.linserv_hosting.domain import host_keys, protocol
from odoo.addons.linserv_hosting.tests import sshd
from odoo.addons.linserv_hosting.tests.sshd import SshEndpoint

PROBE = """
import os, signal, subprocess, sys, time

def _echo(context, args):
    return {"args": args, "instance": context.instance_name}

def _work(context, args):
    (context.cache_directory / "started").open("a").write("x")
    for number in range(args.get("steps", 0)):
        context.progress(number, args["steps"], "step")
        time.sleep(0.05)
    if args.get("child"):
        (context.cache_directory / "child").write_text(str(subprocess.Popen(["sleep", "60"]).pid))
    while args.get("gate") and not (context.cache_directory / args["gate"]).exists():
        time.sleep(0.02)
    time.sleep(args.get("seconds", 0))
    return {"started": (context.cache_directory / "started").stat().st_size}

def _print(context, args):
    print("noise on stdout")
    os.write(1, b"more noise\\n")
    return {}

def _fail(context, args):
    raise KeyError("broken")

class Busy(Exception):
    code, retryable = "busy", True

def _busy_once(context, args):
    (context.cache_directory / args["mark"]).open("a").write("x")
    if (context.cache_directory / args["mark"]).stat().st_size == 1:
        raise Busy("come back later")
    return {"tries": (context.cache_directory / args["mark"]).stat().st_size}

def _big(context, args):
    return {"data": "x" * args["bytes"]}

def _die(context, args):
    os.kill(os.getpid(), signal.SIGKILL)

_echo.args = {"text": str}
VERBS = {"probe.echo": _echo, "probe.work": _work, "probe.print": _print, "probe.fail": _fail, "probe.big": _big,
         "probe.busy_once": _busy_once,
         "probe.die": _die}
"""


def make_agent(folder):
    """Return an agent with the verbs of the core and the probes above."""
    addon = folder / "linserv_probe"
    addon.mkdir(exist_ok=True)
    (addon / "__init__.py").write_text("")
    (addon / "verbs.py").write_text(PROBE)
    core = sshd.Path(sshd.__file__).resolve().parents[1] / "agent"
    return zipapp_builder.build({"linserv_hosting": core, "linserv_probe": addon})


class Asker:
    """Asks a host as the suite does; every keyword of `Endpoint` can be changed."""

    def __init__(self, host):
        self.host = host

    def endpoint(self, **changes):
        values = {
            "address": self.host.address,
            "port": self.host.port,
            "user": self.host.user,
            "private_key_pem": self.host.private_key,
            "host_keys": (host_keys.parse_public_key(self.host.host_public_key),),
        }
        return ssh.Endpoint(**dict(values, **changes))

    def __call__(self, verb, args=None, instance=None, run=None, deadline=20, limit=10**6, agent=None, **changes):
        request = protocol.build_request(run or new_run(), verb, args or {}, instance, int(deadline) or 1, agent)
        return ssh.execute(self.endpoint(**changes), request, deadline, limit)

    def wait(self, run, *states):
        """Ask for the run's status until it is one of the states."""
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            status = self("run.status", run=run).result
            if status["state"] in states:
                return status
        raise AssertionError("the run stays %r" % status)


def new_run():
    return str(uuid.uuid4())


@pytest.fixture(scope="session")
def host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("host")
    instances = {"norrvik-prod": {"database": "norrvik", "series": "14.0"}}
    with SshEndpoint(folder / "sshd", agent=make_agent(folder), instances=instances) as endpoint:
        yield endpoint


@pytest.fixture
def ask(host):
    return Asker(host)
