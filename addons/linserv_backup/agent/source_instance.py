"""What agent.json and odoo.conf say of an instance that is backed up: its database, its folders, its tools."""

import glob
import os
import re
from typing import Any, Dict, List, NamedTuple, Optional

from .errors import BackupError

APPLICATION = "linserv_backup"  # the name under which our sessions stand in pg_stat_activity
DATA_DIRECTORY = "/var/lib/odoo/.local/share/Odoo"
CONNECT_SECONDS = 5
# Debian's /usr/bin/pg_dump is a script that looks for one of these; without it an hour's backups cost less.
PROGRAMS = ("/usr/lib/postgresql/*/bin/%s", "/usr/pgsql-*/bin/%s")
_WANTED = ("db_host", "db_port", "db_user", "db_password", "data_dir", "addons_path")
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
Instance = Dict[str, Any]


class Source(NamedTuple):
    """An instance as its backup sees it. `environment` holds what libpq connects with; nothing of it is an argument.

    `pg_dump` is empty when agent.json names none: then the one of the server's own release is looked for.
    """

    database: str
    environment: Dict[str, str]
    filestore: str
    folders: Dict[str, str]
    config_file: Optional[str]
    pg_dump: str
    psql: str


def load(instance: Optional[Instance]) -> Source:
    """Return what is known of the instance.

    :raise BackupError: `instance_incomplete`
    """
    if not instance or not isinstance(instance.get("database"), str) or not instance["database"]:
        raise BackupError("instance_incomplete", "agent.json names no database for the instance.", "configuration")
    values = _config_values(instance.get("odoo_config"))
    named = str(instance.get("pg_dump") or "")
    beside = os.path.join(os.path.dirname(named), "psql")
    return Source(
        database=instance["database"],
        environment=_environment(instance, values),
        filestore=_filestore(instance, values),
        folders=_folders(instance, values),
        config_file=instance.get("odoo_config"),
        pg_dump=named,
        psql=beside if named and os.path.exists(beside) else find_program("psql"),
    )


def find_program(name: str, release: str = "") -> str:
    """Return the path of a program of PostgreSQL: of that release if there is one, else of the newest."""
    found = [path for pattern in PROGRAMS for path in glob.glob(pattern % name)]
    fitting = [path for path in found if release and re.search(r"[/-]%s/" % re.escape(release), path)]
    return max(fitting or found, key=_release_of, default="/usr/bin/" + name)


def _release_of(path: str) -> List[int]:
    return [int(number) for number in re.findall(r"\d+", path)]


def _environment(instance: Instance, values: Dict[str, str]) -> Dict[str, str]:
    """Return the environment of PostgreSQL's programs. A role of the backup's own is not given Odoo's password."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("PG") or name in ("HOME", "USER")}
    found = dict(values, **{key: str(instance[key]) for key in _WANTED[:4] if instance.get(key)})
    if instance.get("backup_user"):
        found.update(db_user=str(instance["backup_user"]), db_password="")
    names = {"PGHOST": "db_host", "PGPORT": "db_port", "PGUSER": "db_user", "PGPASSWORD": "db_password"}
    login = {name: found[key] for name, key in names.items() if found.get(key) not in (None, "", "False")}
    own = {"PGDATABASE": instance["database"], "PGAPPNAME": APPLICATION, "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS)}
    return dict(kept, LC_ALL="C.UTF-8", PATH="/usr/bin:/bin", **login, **own)


def _filestore(instance: Instance, values: Dict[str, str]) -> str:
    named = instance.get("filestore")
    data_directory = values.get("data_dir") or DATA_DIRECTORY
    return str(named) if named else os.path.join(data_directory, "filestore", instance["database"])


def _folders(instance: Instance, values: Dict[str, str]) -> Dict[str, str]:
    """Return name -> path of what is kept beside the filestore: the customer's modules and the agreed extra folders."""
    addons = list(instance.get("addons_path") or [])
    names = ["addons"] if len(addons) == 1 else ["addons.%d" % (number + 1) for number in range(len(addons))]
    folders = dict(zip(names, map(str, addons)))
    extra = instance.get("folders") or {}
    if not isinstance(extra, dict) or not all(_FOLDER.match(str(name)) for name in extra):
        raise BackupError(
            "instance_incomplete", "The extra folders in agent.json have the wrong form.", "configuration"
        )
    folders.update({name: str(path) for name, path in extra.items()})
    return folders


def _config_values(path: Optional[str]) -> Dict[str, str]:
    values: Dict[str, str] = {}
    try:
        with open(path or os.devnull, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                key, _sign, value = line.partition("=")
                if key.strip() in _WANTED:
                    values[key.strip()] = value.strip()
    except OSError:
        return {}
    return values
