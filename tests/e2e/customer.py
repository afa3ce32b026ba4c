"""A customer's Odoo as an agent sees it: a database of this PostgreSQL and a tree of modules; no Odoo runs."""

import os
from pathlib import Path

from support import STATE, Database

CORE = "/usr/lib/python3/dist-packages/odoo/addons"


class Customer:
    """One database and one tree of modules whose lines are known; `instance()` is what agent.json says of it."""

    def __init__(self, name, folder, modules, files, lines):
        self.addons = Path(folder) / "addons"
        self.lines = modules * files * lines
        names = ["customer_%02d" % number for number in range(modules)]
        for module in names:
            self._write_module(module, files, lines)
        self.database = Database("%s_%d" % (name, os.getpid()), os.environ["LINSERV_TEMPLATE"])
        values = ", ".join("('%s', 'installed')" % module for module in names)
        self.database.query("UPDATE ir_module_module SET state = 'uninstalled' WHERE name LIKE 'linserv%'")
        self.database.query("INSERT INTO ir_module_module (name, state) VALUES " + values)

    def _write_module(self, module, files, lines):
        folder = self.addons / module / "models"
        folder.mkdir(parents=True)
        (self.addons / module / "__manifest__.py").write_text('{"name": "%s"}\n' % module)
        for number in range(files):
            text = "".join(
                "%s_%d_%d = [%d, 'a']  # of no account\n\n" % (module, number, line, line) for line in range(lines)
            )
            (folder / ("model_%03d.py" % number)).write_text(text)

    def instance(self):
        """The instance's part of agent.json."""
        return {
            "database": self.database.name,
            "series": "14.0",
            "python": "/usr/bin/python3",
            "odoo_bin": "/usr/bin/odoo",
            "odoo_config": str(STATE / "odoo.conf"),
            "addons_path": [str(self.addons)],
            "core_addons_path": [CORE],
            "unit": "odoo.service",
        }
