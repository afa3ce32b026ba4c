"""What PostgreSQL's programs say while a restore fills its database becomes an error that the asker can branch on."""

import pytest

from odoo.addons.linserv_backup.agent import restore_load
from odoo.addons.linserv_backup.agent.errors import BackupError
from odoo.addons.linserv_backup.agent.restore_order import Restore
from odoo.addons.linserv_backup.agent.restore_place import Place

# A pg_restore that lists a dump, and then says what the test wants it to say.
PROGRAM = """#!/bin/sh
case "$1" in --list)
    printf '1; 0 0 EXTENSION - plpgsql \\n2; 0 0 TABLE public a odoo\\n3; 0 0 COMMENT - EXTENSION plpgsql\\n'; exit 0;;
esac
echo '%s' >&2
exit 1
"""


def make(folder, complaint):
    program = folder / "pg_restore"
    program.write_text(PROGRAM % complaint)
    program.chmod(0o700)
    place = Place("", "", "linserv_restore", "", "odoo", folder, folder, str(folder), 1)
    restore = Restore(place, "a" * 32)
    restore.folder.mkdir()
    return restore


@pytest.mark.parametrize(
    ("complaint", "code", "kind"),
    [
        ("could not extend file base/1/2: No space left on device", "disk_full", "capacity"),
        ("pg_restore: error: unexpected end of file", "restore_failed", "data"),
    ],
)
def test_what_pg_restore_complains_about_is_classed(tmp_path, complaint, code, kind):
    with pytest.raises(BackupError) as failure:
        restore_load.fill(make(tmp_path, complaint))
    assert (failure.value.code, failure.value.kind) == (code, kind)
    assert complaint in str(failure.value)


def test_what_belongs_to_the_superuser_is_left_out(tmp_path):
    restore = make(tmp_path, "")
    restore_load.write_list(restore)
    assert (restore.folder / "list").read_text() == "2; 0 0 TABLE public a odoo\n"
