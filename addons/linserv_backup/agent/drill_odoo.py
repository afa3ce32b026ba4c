"""Loads the registry of a restored database. Runs alone under the Python of an Odoo 14; answers one JSON object.

Nothing is sent, fetched or scheduled: only the registry is loaded, there is no server and no worker. Only Odoo's own
modules are on the path, so no code of a customer runs on a backup host; modules that are missing are told.
"""

import importlib
import json
import os
import sys
import time
from typing import Any, Dict

INSTALLED = "SELECT name FROM ir_module_module WHERE state IN ('installed', 'to upgrade', 'to remove') ORDER BY name"


def prove(order: Dict[str, Any]) -> Dict[str, Any]:
    """Load the registry, count what is in it, and read a few files through Odoo."""
    odoo: Any = importlib.import_module("odoo")  # only this Python has it
    find: Any = importlib.import_module("odoo.modules.module").get_module_path
    begun = time.monotonic()
    odoo.tools.config.parse_config(order["options"])
    registry = odoo.registry(order["database"])
    seconds = time.monotonic() - begun
    with odoo.api.Environment.manage(), registry.cursor() as cursor:
        environment = odoo.api.Environment(cursor, odoo.SUPERUSER_ID, {})
        cursor.execute(INSTALLED)
        installed = [row[0] for row in cursor.fetchall()]
        result = {
            "odoo": odoo.release.version,
            "seconds": round(seconds, 3),
            "modules": len(installed),
            "missing_modules": [name for name in installed if not find(name, display_warning=False)],
            "models": len(registry.models),
            "users": environment["res.users"].search_count([]),
            "opened": read_files(environment, order["samples"]),
        }
        cursor.rollback()
    return result


def read_files(environment: Any, samples: int) -> Dict[str, int]:
    """Open the newest files as Odoo opens them; return how many were asked for and how many have their size."""
    domain = [("store_fname", "!=", False), "|", ("res_field", "=", False), ("res_field", "!=", False)]
    files = environment["ir.attachment"].search(domain, order="id desc", limit=samples)
    return {"asked": len(files), "good": sum(1 for one in files if len(one.raw or b"") == one.file_size)}


def main() -> int:
    """Answer the order on standard input; Odoo's own words go to the error stream."""
    order = json.loads(sys.stdin.readline())
    output = os.dup(1)
    os.dup2(2, 1)
    sys.path.insert(0, os.path.dirname(os.path.realpath(order["odoo_bin"])))
    result = prove(order)
    os.write(output, json.dumps(result).encode("ascii"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
