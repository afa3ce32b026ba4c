"""Finds what an instance consists of: its database by a child under its own Python, its folders on the disk."""

import json
import os
import signal
import subprocess
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from .errors import CountError
from .sources import own_source

SECONDS = 90
MEMORY = 1024 * 2**20
MANIFESTS = ("__manifest__.py", "__openerp__.py")
RETRYABLE = ("database_unreachable",)
_BOOT = """
import json, resource, sys
head = json.loads(sys.stdin.readline())
for name, value in head["limits"]:
    resource.setrlimit(getattr(resource, name), (value, value))
space = {"__name__": "database_reader"}
exec(compile(head["source"], "database_reader.py", "exec"), space)
space["work"]()
"""
Instance = Dict[str, Any]


class DatabaseChild:
    """A child that reads the database while its parent does something else."""

    def __init__(self, instance: Instance, rule: str) -> None:
        limits = [["RLIMIT_AS", MEMORY], ["RLIMIT_CPU", SECONDS], ["RLIMIT_CORE", 0]]
        head = {"source": own_source("database_reader.py"), "limits": limits}
        order = {"dsn": dsn(instance), "rule": rule}
        self._orders = (json.dumps(head) + "\n" + json.dumps(order)).encode("ascii")
        try:
            self._child = subprocess.Popen(  # noqa: S603  (an argument list, no shell)
                [instance["python"], "-I", "-c", _BOOT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise CountError("python_missing", "the instance's Python cannot be started: %s" % error) from error

    def result(self) -> Dict[str, Any]:
        """Wait for the child and return its answer; raise CountError."""
        with self._child as child:
            try:
                output = child.communicate(self._orders, timeout=SECONDS)[0]
            except subprocess.TimeoutExpired:
                child.kill()
                child.communicate()
                raise CountError("database_timeout", "the database did not answer in time", True) from None
            finally:
                child.kill()
        try:
            answer: Dict[str, Any] = json.loads(output.decode("ascii"))
        except ValueError as error:
            ended, killed = child.returncode, child.returncode == -signal.SIGKILL
            raise CountError("python_broken", "the instance's Python ended with %s" % ended, killed) from error
        if "error" in answer:
            raise CountError(answer["error"], answer["message"], answer["error"] in RETRYABLE)
        return answer


def environment() -> Dict[str, str]:
    """Return the environment of a child that talks to PostgreSQL: libpq's own settings and no more."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("PG") or name in ("HOME", "USER")}
    return {**kept, "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}


def dsn(instance: Instance) -> Dict[str, Any]:
    """Return what to connect with: the instance's own keys, else its odoo.conf, else libpq's defaults."""
    values = _config_values(instance.get("odoo_config"))
    for key in ("db_host", "db_port", "db_user", "db_password"):
        if instance.get(key):
            values[key] = instance[key]
    found = {key[3:]: value for key, value in values.items() if value and value != "False"}
    return {"dbname": instance["database"], **found}


def _config_values(path: Optional[str]) -> Dict[str, Any]:
    values: Dict[str, Any] = {}
    if path:
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                pairs = [line.partition("=") for line in stream if line.startswith("db_")]
        except OSError:
            return values
        wanted = ("db_host", "db_port", "db_user", "db_password")
        values = {key.strip(): value.strip() for key, _sign, value in pairs if key.strip() in wanted}
    return values


class Place(NamedTuple):
    """Where a module lies: as found in an addons folder, and where that really is."""

    name: str
    found: str
    real: str


def addons_folders(instance: Instance) -> List[str]:
    """Return the folders in which modules are searched, in order."""
    return list(instance.get("addons_path") or []) + list(instance.get("core_addons_path") or [])


def find_module(name: str, folders: Sequence[str]) -> Optional[Place]:
    """Return the place of a module: the first folder that has its manifest, or its archive."""
    for folder in folders:
        path = os.path.join(folder, name)
        if any(os.path.exists(os.path.join(path, manifest)) for manifest in MANIFESTS) or os.path.exists(path + ".zip"):
            return Place(name, path, os.path.realpath(path))
    return None


def core_folders(folders: Sequence[str], standard_modules: Sequence[str]) -> List[str]:
    """Return the real folders that count as Odoo's own, as the official tool finds them."""
    places = [find_module(name, folders) for name in standard_modules]
    found = {os.path.dirname(place.real) for place in places if place}
    if not find_module("base", folders):
        raise CountError("core_missing", "the module base is in none of the instance's addons folders")
    return sorted(found)


def split_places(
    names: Sequence[str], folders: Sequence[str], cores: Sequence[str]
) -> Tuple[List[Place], List[Place], List[str]]:
    """Return the installed modules that are counted, those taken for Odoo's own, and those without sources."""
    counted, own, missing = [], [], []
    for name in names:
        place = find_module(name, folders)
        if place is None:
            missing.append(name)
        elif any(place.real.startswith(core) for core in cores):
            own.append(place)
        else:
            counted.append(place)
    return counted, own, missing
