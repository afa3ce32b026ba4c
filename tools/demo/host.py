"""The demo customer's host: a real sshd on a loopback port, with a customer's Odoo 14 behind it.

It serves until it is ended. A folder that is there already is taken over with its keys and port.
What the story needs to know of it stands in `demo-host/endpoint.json` of the state folder.
"""

import importlib.util
import json
import os
import signal
import sys
import types
from pathlib import Path

SUITE, STATE = Path(os.environ["LINSERV_SUITE"]), Path(os.environ["LINSERV_STATE"])
FOLDER = STATE / "demo-host"
CUSTOMER = STATE / "norrvik"


def load_sshd():
    """The SSH endpoint of the addon's tests, loaded without Odoo."""
    for name, folder in (("linserv_hosting", SUITE / "addons" / "linserv_hosting"),):
        for package in (name, name + ".tests", name + ".adapters", name + ".domain"):
            module = types.ModuleType(package)
            module.__path__ = [str(folder / package.partition(".")[2]) if "." in package else str(folder)]
            sys.modules[package] = module
    spec = importlib.util.spec_from_file_location(
        "linserv_hosting.tests.sshd", str(SUITE / "addons/linserv_hosting/tests/sshd.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def get_instances():
    """What /etc/linserv/agent.json of this host says of the customer's Odoo."""
    core = "/usr/lib/python3/dist-packages/odoo/addons"
    return {
        "norrvik": {
            "database": "norrvik",
            "series": "14.0",
            "python": "/usr/bin/python3",
            "odoo_bin": "/usr/bin/odoo",
            "odoo_config": str(CUSTOMER / "odoo.conf"),
            "addons_path": [str(CUSTOMER / "addons")],
            "core_addons_path": [core],
            "unit": "odoo-norrvik.service",
        }
    }


def make_endpoint(sshd):
    """The endpoint in its folder; one that is there already keeps its keys and ports."""
    known = FOLDER / "endpoint.json"
    if not known.exists():
        # No agent yet: the story installs it, with the administrator's key.
        return sshd.SshEndpoint(FOLDER, agent=b"", instances=get_instances())
    ports, agent = json.loads(known.read_text())["ports"], (FOLDER / "agent.pyz").read_bytes()
    return sshd.SshEndpoint(FOLDER, agent=agent, instances=get_instances(), ports=ports, keep=True)


def write_facts(endpoint):
    """Tell the story where the host is and how an administrator gets in the first time."""
    facts = {"address": endpoint.address, "ports": endpoint.ports, "port": endpoint.port, "user": endpoint.user}
    facts.update(host_public_key=endpoint.host_public_key, admin_private_key=endpoint.admin_private_key)
    facts.update(folder=str(FOLDER), authorized_keys=str(endpoint.authorized_keys_path))
    facts.update(agent=str(endpoint.agent_path), config=str(endpoint.config_path))
    facts.update(state_directory=str(endpoint.state_directory))
    draft = FOLDER / "endpoint.json.new"
    draft.write_text(json.dumps(facts))
    draft.replace(FOLDER / "endpoint.json")


def main():
    """Serve until a signal comes."""
    sshd = load_sshd()
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(0))
    with make_endpoint(sshd) as endpoint:
        write_facts(endpoint)
        while True:
            signal.pause()


if __name__ == "__main__":
    main()
