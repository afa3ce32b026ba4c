"""`./dev i18n`: bring each addon's sv.po up to date with its sources."""

import os

from . import odoo, paths, postgres

MERGE = """
set -e
msgattrib --no-obsolete --sort-output -o "$1.pot" "$1.new.pot" 2>/dev/null || cp "$1.new.pot" "$1.pot"
if [ -s "$2" ]; then msgmerge --quiet --no-fuzzy-matching -o "$1.merged.po" "$2" "$1.pot"; else
  msginit --no-translator --locale=sv_SE.UTF-8 -i "$1.pot" -o "$1.merged.po"; fi
msgattrib --no-obsolete -o "$1.po" "$1.merged.po"
echo "$(basename "$1"): $(msgfmt --statistics -o /dev/null "$1.po" 2>&1)"
"""


def run(root, addons):
    """Export the terms of the addons, merge them into i18n/sv.po; print how many are untranslated."""
    name = "i18n_%d" % os.getpid()
    postgres.copy(root, odoo.get_base_template(root), name)
    try:
        install = ["-d", name, "-i", ",".join(addons), "--without-demo=all", "--stop-after-init", "--no-http"]
        odoo.run_quietly(root, odoo.odoo_command(root, *install), name)
        for addon in addons:
            merge_addon(root, name, addon)
    finally:
        postgres.drop(root, name)
    return 0


def merge_addon(root, database, addon):
    """One addon's terms into its sv.po."""
    work = root.state / "out" / addon
    export = ["-d", database, "--modules=" + addon, "--i18n-export=%s.new.po" % work, "--language=sv_SE"]
    odoo.run_quietly(root, odoo.odoo_command(root, *export, "--stop-after-init", "--no-http"), database)
    root.run(["sh", "-c", 'msgattrib --clear-obsolete --empty -o "$1.new.pot" "$1.new.po"', "empty", work])
    current = root.suite / "addons" / addon / "i18n" / "sv.po"
    root.run(["sh", "-c", MERGE, "merge", work, current])
    target = paths.ADDONS / addon / "i18n" / "sv.po"
    target.parent.mkdir(exist_ok=True)
    target.write_bytes((paths.state_folder() / "out" / (addon + ".po")).read_bytes())
