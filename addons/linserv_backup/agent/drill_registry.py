"""Starts the Odoo that loads a restored database: a child with limits, a data folder of its own, and no server."""

import json
from pathlib import Path
from typing import Any, Dict, Optional

from .drill_process import own_source, run
from .drill_settings import Settings
from .errors import BackupError

SECONDS = 900
MEMORY = 4 * 2**30
_BOOT = """
import json, resource, sys
head = json.loads(sys.stdin.readline())
for name, value in head["limits"]:
    resource.setrlimit(getattr(resource, name), (value, value))
exec(compile(head["source"], "drill_odoo.py", "exec"), {"__name__": "__main__"})
"""


def load_registry(
    settings: Settings, database: str, filestore: Optional[Path], folder: Path, samples: int
) -> Optional[Dict[str, Any]]:
    """Return what Odoo says of the database, or None when the host has no Odoo.

    :raise BackupError: `registry_broken`, kind `data`
    """
    if not settings.odoo_bin:
        return None
    data = _data_folder(folder, database, filestore)
    limits = [["RLIMIT_AS", MEMORY], ["RLIMIT_CPU", SECONDS], ["RLIMIT_CORE", 0]]
    head = {"source": own_source("drill_odoo.py"), "limits": limits}
    order = {
        "database": database,
        "odoo_bin": settings.odoo_bin,
        "samples": samples,
        "options": _options(settings, database, data),
    }
    script = json.dumps(head) + "\n" + json.dumps(order) + "\n"
    words = [settings.odoo_python, "-I", "-c", _BOOT]
    answer = run(words, SECONDS, {**settings.environment, "HOME": str(data)}, stdin=script, code="registry_broken")
    try:
        found: Dict[str, Any] = json.loads(answer)
    except ValueError as error:
        raise BackupError("registry_broken", "Odoo gave no answer that can be read.", "data") from error
    return found


def _data_folder(folder: Path, database: str, filestore: Optional[Path]) -> Path:
    """Return a data folder in which Odoo finds the files under the name of the scratch database."""
    data = folder / "odoo"
    (data / "filestore").mkdir(parents=True)
    (data / "odoo.conf").write_text("[options]\n")
    if filestore and filestore.is_dir():
        (data / "filestore" / database).symlink_to(filestore)
    return data


def _options(settings: Settings, database: str, data: Path) -> Any:
    """Return the command line: no configuration file, no HTTP, no cron, one database."""
    options = ["-c", str(data / "odoo.conf"), "-d", database, "--data-dir", str(data), "--no-http", "--log-level=error"]
    options += ["--max-cron-threads=0", "--db-filter=^%s$" % database, "--without-demo=all"]
    return options + (["--addons-path=" + ",".join(settings.addons_path)] if settings.addons_path else [])
