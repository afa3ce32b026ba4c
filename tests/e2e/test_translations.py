"""Every term that Odoo finds in the suite's addons has a Swedish translation."""

import subprocess

import pytest
from support import ODOO, STATE, SUITE

ADDONS = ["linserv_hosting", "linserv_contract", "linserv_maintenance", "linserv_backup"]


def untranslated(path):
    """Terms without a translation in a .po file."""
    search = ["msgattrib", "--untranslated", "--no-wrap", path]
    found = subprocess.run(search, capture_output=True, text=True, check=True)
    return {line for line in found.stdout.splitlines() if line.startswith('msgid "') and line != 'msgid ""'}


def same_in_swedish(path):
    """Terms that are written the same in Swedish: Odoo's export leaves their translation out."""
    lines = path.read_text("utf-8").splitlines()
    return {line for line, following in zip(lines, lines[1:]) if following == line.replace("msgid", "msgstr", 1)}


@pytest.mark.parametrize("addon", ADDONS)
def test_every_exported_term_is_in_swedish(database, addon):
    target = STATE / "out" / ("%s-%s.po" % (database.name, addon))
    words = ["-c", STATE / "odoo.conf", "-d", database.name, "--modules=" + addon, "--language=sv_SE"]
    words += ["--i18n-export=%s" % target, "--stop-after-init", "--no-http", "--log-level=error"]
    subprocess.run([*ODOO, *words], check=True)
    missing = untranslated(target) - same_in_swedish(SUITE / "addons" / addon / "i18n" / "sv.po")
    target.unlink()
    assert missing == set()
