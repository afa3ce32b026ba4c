"""The host that something is restored to: its PostgreSQL, Odoo's folder of files, and where restores are prepared.

agent.json may say in its section `backup.restore` (each has a default):
`odoo_config` (/etc/odoo/odoo.conf, or that of the instance), `db_host`, `db_port` (as in odoo_config),
`db_user` (linserv_restore: a role that may make databases and is a member of Odoo's), `db_password`,
`owner` (Odoo's role, as in odoo_config), `data_dir` (as in odoo_config), `staging` (a folder for what has arrived),
`pg_bin` (folder of pg_restore and psql), `jobs` (for pg_restore).
"""

import json
import os
import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

from .engine import run_engine
from .errors import BackupError

DEFAULT_CONFIG = "/etc/odoo/odoo.conf"
DEFAULT_DATA = "/var/lib/odoo/.local/share/Odoo"
SQL_SECONDS = 300
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}\Z")
_ROLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}\Z")
_COMPLAINT = re.compile(r"(?:ERROR|FATAL):\s*(.*)")
_WANTED = ("db_host", "db_port", "db_user", "data_dir")


class Place(NamedTuple):
    """Where to restore to. `owner` is the role of Odoo, `user` the role that restores."""

    host: str
    port: str
    user: str
    password: str
    owner: str
    data_dir: Path
    staging: Path
    pg_bin: str
    jobs: int

    @property
    def filestore(self) -> Path:
        """Odoo's folder with one folder of files for each database."""
        return self.data_dir / "filestore"

    def program(self, name: str) -> str:
        """Return a program of PostgreSQL."""
        return os.path.join(self.pg_bin, name) if self.pg_bin else name

    def login(self) -> List[str]:
        """Return the words with which a program of PostgreSQL logs in."""
        words = ["--no-password", "--username=" + self.user]
        words += ["--host=" + self.host] if self.host else []
        return words + (["--port=" + self.port] if self.port else [])

    def environment(self) -> Dict[str, str]:
        """Return the variables of a program of PostgreSQL."""
        return {"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "10", "PGAPPNAME": "linserv-restore"}

    def sql(self, script: str, database: str = "postgres", timeout: float = SQL_SECONDS) -> str:
        """Run statements, each on its own or in the transaction that the script begins; return what they select.

        :raise BackupError: `database_refused`, `database_unreachable` or `sql_failed`
        """
        words = [self.program("psql"), *self.login(), "--no-psqlrc", "--quiet", "--no-align", "--tuples-only"]
        words += ["--set=ON_ERROR_STOP=1", "--dbname=" + database, "--file=-"]
        done = run_engine(words, timeout, stdin=script.encode("utf-8"), env=self.environment(), accept=(0, 1, 2, 3))
        if done.status:
            raise sql_error(done.complaints)
        return done.output.decode("utf-8", "replace")

    def ask(self, query: str, database: str = "postgres") -> Any:
        """Return the value of a query that selects one JSON document, None for none."""
        text = self.sql(query.strip() + ";\n", database).strip()
        return json.loads(text) if text else None

    def databases(self) -> Dict[str, Dict[str, Any]]:
        """Return {database: {"owner", "comment"}}."""
        query = """
            SELECT coalesce(json_object_agg(datname, json_build_object(
                'owner', pg_get_userbyid(datdba), 'comment', shobj_description(oid, 'pg_database'),
                'open', datallowconn)), '{}')
            FROM pg_database WHERE NOT datistemplate
        """
        found: Dict[str, Dict[str, Any]] = self.ask(query)
        return found


def find_place(context: Any, instance: Optional[str]) -> Place:
    """Return where to restore to; of an instance the place where that instance's Odoo is.

    :raise BackupError: `config_invalid`
    """
    section = context.config.get_section("backup").get("restore") or {}
    known = dict(context.config.get_instance(instance) if instance else {}, **section)
    odoo = read_odoo_config(known.get("odoo_config") or DEFAULT_CONFIG)
    owner = str(known.get("owner") or odoo.get("db_user") or "odoo")
    user = str(section.get("db_user") or "linserv_restore")
    if not _ROLE.match(owner) or not _ROLE.match(user):
        raise BackupError("config_invalid", "A role of agent.json has the wrong form.", "configuration")
    return Place(
        host=str(known.get("db_host") or odoo.get("db_host") or ""),
        port=str(known.get("db_port") or odoo.get("db_port") or ""),
        user=user,
        password=str(section.get("db_password") or ""),
        owner=owner,
        data_dir=Path(known.get("data_dir") or odoo.get("data_dir") or DEFAULT_DATA),
        staging=Path(section.get("staging") or context.state_directory / "restores"),
        pg_bin=str(section.get("pg_bin") or ""),
        jobs=int(section.get("jobs") or 2),
    )


def read_odoo_config(path: str) -> Dict[str, str]:
    """Return what odoo.conf says of PostgreSQL and of its files; nothing when there is none that can be read."""
    values: Dict[str, str] = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                name, _sign, value = (part.strip() for part in line.partition("="))
                if name in _WANTED and value and value != "False":
                    values[name] = value
    except OSError:
        return {}
    return values


def is_database_name(name: Any) -> bool:
    """Tell whether this can be the name of an Odoo database: it becomes part of a path and of an argument."""
    return isinstance(name, str) and bool(_NAME.match(name)) and not name.startswith(("pg_", "template", "postgres"))


def quote(value: Any) -> str:
    """Return a value as a literal of SQL."""
    if value is None:
        return "NULL"
    text = str(value)
    if "\0" in text:
        raise BackupError("argument_invalid", "A text holds a NUL character.", "configuration")
    plain = "'%s'" % text.replace("'", "''")
    return plain if "\\" not in text else " E" + plain.replace("\\", "\\\\")


def name(identifier: str) -> str:
    """Return a name as an identifier of SQL."""
    return '"%s"' % identifier.replace('"', '""')


def sql_error(complaints: str) -> BackupError:
    """Return the error for statements that PostgreSQL refused."""
    text = complaints.lower()
    found = _COMPLAINT.search(complaints)
    said = (found.group(1) if found else complaints)[-1000:]
    if "no space left" in text:
        return BackupError("disk_full", said, "capacity")
    if "password authentication" in text or "no pg_hba.conf" in text or "role" in text and "does not exist" in text:
        return BackupError("database_refused", said, "configuration")
    if "could not connect" in text or "connection to server" in text or "terminating connection" in text:
        return BackupError("database_unreachable", said, "transient")
    return BackupError("sql_failed", said, "transient" if "being accessed by other users" in text else "unknown")
