"""Every term that Odoo finds in the suite's addons has a Swedish translation."""

import subprocess

import pytest
from support import ODOO, STATE

ADDONS = ["linserv_hosting", "linserv_contract", "linserv_maintenance"]


@pytest.mark.parametrize("addon", ADDONS)
def test_every_exported_term_is_in_swedish(database, addon):
    target = STATE / "out" / ("%s-%s.po" % (database.name, addon))
    words = ["-c", STATE / "odoo.conf", "-d", database.name, "--modules=" + addon, "--language=sv_SE"]
    words += ["--i18n-export=%s" % target, "--stop-after-init", "--no-http", "--log-level=error"]
    subprocess.run([*ODOO, *words], check=True)
    search = ["msgattrib", "--untranslated", "--no-wrap", target]
    missing = subprocess.run(search, capture_output=True, text=True, check=True)
    target.unlink()
    assert [line for line in missing.stdout.splitlines() if line.startswith('msgid "') and line != 'msgid ""'] == []
