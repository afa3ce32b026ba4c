"""What agent.json says about drills: where the scratch PostgreSQL is, and which Odoo proves a restored database.

    "backup": {"drill": {"pg": {"host": "/run/postgresql", "port": 5432, "user": "linserv_drill"},
                         "odoo_python": "/usr/bin/python3", "odoo_bin": "/usr/bin/odoo", "core_addons_path": ["…"],
                         "folder": "/var/lib/linserv-drill", "jobs": 2}}

Everything has a usual value but `odoo_bin`: without it the registry of a restored database is not loaded, which the
drill's result says.
"""

import os
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

from .engine import PATH
from .errors import BackupError

PYTHON = "/usr/bin/python3"
MAX_JOBS = 4


class Settings(NamedTuple):
    """The section, read and checked."""

    environment: Dict[str, str]
    odoo_python: str
    odoo_bin: Optional[str]
    addons_path: List[str]
    folder: Path
    jobs: int


def read_settings(context: Any) -> Settings:
    """Return the settings of the host that the context is on.

    :raise BackupError: `drill_unconfigured`
    """
    section = context.config.get_section("backup").get("drill")
    if not isinstance(section, dict):
        raise BackupError("drill_unconfigured", "agent.json has no part backup.drill on this host.", "configuration")
    folders = section.get("core_addons_path") or []
    jobs = section.get("jobs") or min(MAX_JOBS, os.cpu_count() or 1)
    folder = section.get("folder") or str(context.state_directory / "drills")
    if not isinstance(folders, list) or not isinstance(jobs, int) or not isinstance(section.get("pg", {}), dict):
        raise BackupError("drill_unconfigured", "backup.drill in agent.json has the wrong form.", "configuration")
    return Settings(
        _environment(section.get("pg", {})),
        str(section.get("odoo_python") or PYTHON),
        section.get("odoo_bin"),
        [str(path) for path in folders],
        Path(folder),
        jobs,
    )


def _environment(place: Dict[str, Any]) -> Dict[str, str]:
    """Return the environment of every child: how to reach PostgreSQL, and nothing of what this process was given."""
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "passfile": "PGPASSFILE"}
    found = {names[key]: str(value) for key, value in place.items() if key in names and value}
    kept = {name: os.environ[name] for name in ("HOME", "USER") if name in os.environ}
    return {**kept, **found, "PGCONNECT_TIMEOUT": "10", "LC_ALL": "C.UTF-8", "PATH": PATH}
