"""The demo's hosts: the customer's with its Odoo 14, a backup host and a DR host, each a real sshd on a loopback port.

They serve until they are ended. A folder that is there already is taken over with its keys and port.
What the story needs to know of a host stands in `<host>/endpoint.json` of the state folder.
"""

import importlib.util
import json
import os
import signal
import sys
import types
from contextlib import ExitStack
from pathlib import Path

SUITE, STATE = Path(os.environ["LINSERV_SUITE"]), Path(os.environ["LINSERV_STATE"])
CUSTOMER = STATE / "norrvik"
CORE = "/usr/lib/python3/dist-packages/odoo/addons"
HOSTS = ("demo-backup-host", "demo-dr-host", "demo-host")  # the last one tells that all are there


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
    return {
        "norrvik": {
            "database": "norrvik",
            "series": "14.0",
            "python": "/usr/bin/python3",
            "odoo_bin": "/usr/bin/odoo",
            "odoo_config": str(CUSTOMER / "odoo.conf"),
            "addons_path": [str(CUSTOMER / "addons")],
            "core_addons_path": [CORE],
            "unit": "odoo-norrvik.service",
        }
    }


def get_sections(host):
    """What agent.json says of backups: where they are kept, with what, and where a point is restored to prove it."""
    drill = {
        "pg": {"host": str(STATE / "run"), "user": "odoo"},
        "odoo_python": "/usr/bin/python3",
        "odoo_bin": "/usr/bin/odoo",
        "core_addons_path": [CORE],
    }
    common = {"root": str(STATE / host / "copies"), "zstd": "/usr/bin/zstd", "drill": drill}
    engines = {"demo-backup-host": {"borg": os.environ["LINSERV_BORG"]}, "demo-dr-host": {"restic": "/usr/bin/restic"}}
    return {"backup": {**common, **engines[host]}} if host in engines else {}


def make_endpoint(sshd, host):
    """The endpoint in its folder; one that is there already keeps its keys and ports."""
    folder = STATE / host
    known = folder / "endpoint.json"
    options = {"instances": get_instances() if host == "demo-host" else {}, "sections": get_sections(host)}
    if not known.exists():
        # No agent yet: the story installs it, with the administrator's key.
        return sshd.SshEndpoint(folder, agent=b"", **options)
    ports, agent = json.loads(known.read_text())["ports"], (folder / "agent.pyz").read_bytes()
    return sshd.SshEndpoint(folder, agent=agent, ports=ports, keep=True, **options)


def write_facts(endpoint):
    """Tell the story where the host is and how an administrator gets in the first time."""
    folder = endpoint.folder
    facts = {"address": endpoint.address, "ports": endpoint.ports, "port": endpoint.port, "user": endpoint.user}
    facts.update(host_public_key=endpoint.host_public_key, admin_private_key=endpoint.admin_private_key)
    facts.update(folder=str(folder), authorized_keys=str(endpoint.authorized_keys_path))
    facts.update(agent=str(endpoint.agent_path), config=str(endpoint.config_path))
    facts.update(state_directory=str(endpoint.state_directory))
    draft = folder / "endpoint.json.new"
    draft.write_text(json.dumps(facts))
    draft.replace(folder / "endpoint.json")


def main():
    """Serve until a signal comes."""
    sshd = load_sshd()
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(0))
    with ExitStack() as running:
        for host in HOSTS:
            write_facts(running.enter_context(make_endpoint(sshd, host)))
        while True:
            signal.pause()


if __name__ == "__main__":
    main()
