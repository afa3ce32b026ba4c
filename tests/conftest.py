"""Lets `from odoo.addons.<addon>.domain… import …` run under plain pytest, where there is no Odoo.

The addons are registered as bare packages: their `__init__.py`, which imports the models, is not run. Importing
`odoo.models` or `odoo.fields` fails here, which keeps the domain rules free of them.
"""

import importlib.machinery
import sys
import types
from pathlib import Path

from hypothesis import HealthCheck, settings

# How long an example takes says something of the machine, not of the rule.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

REPOSITORY = Path(__file__).resolve().parents[1]


def register(name: str, folder: Path) -> None:
    """Register an empty package whose modules are found in ``folder``."""
    package = types.ModuleType(name)
    package.__path__ = [str(folder)]
    package.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    sys.modules[name] = package
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, package)


def register_addons() -> None:
    """Register `odoo`, `odoo.addons`, every addon of the suite and its plain folders."""
    register("odoo", REPOSITORY / "addons" / "none")
    register("odoo.addons", REPOSITORY / "addons")
    for manifest in sorted((REPOSITORY / "addons").glob("*/__manifest__.py")):
        addon = "odoo.addons." + manifest.parent.name
        register(addon, manifest.parent)
        for folder in ("domain", "adapters", "agent", "tests"):
            if (manifest.parent / folder).is_dir():
                register("%s.%s" % (addon, folder), manifest.parent / folder)


register_addons()
