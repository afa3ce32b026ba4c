"""`./dev lint`: the checks, each one program with a clear yes or no."""

from . import paths

# import-linter wants the addons as Odoo names them: odoo.addons.<addon>.
SHADOW = """
rm -rf "$1" && mkdir -p "$1/odoo/addons" && touch "$1/odoo/__init__.py" "$1/odoo/addons/__init__.py"
for addon in "$2"/addons/*/; do ln -s "$addon" "$1/odoo/addons/$(basename "$addon")"; done
cd "$1" && exec lint-imports --no-cache --config "$2/pyproject.toml"
"""


def get_checks(root):
    """(name, argument list) of every check."""
    addons = [str(root.suite / "addons" / name) for name in paths.suite_addons()]
    typed = [
        folder
        for folder in map(str, sorted(paths.ADDONS.glob("*/*")))
        if folder.rsplit("/", 1)[1] in ("domain", "adapters", "agent")
    ]
    typed = [folder.replace(str(paths.ADDONS), str(root.suite / "addons")) for folder in typed]
    yield "ruff check", ["ruff", "check", "--no-cache", "."]
    yield "ruff format", ["ruff", "format", "--no-cache", "--check", "."]
    if addons:
        pylint = ["pylint", "--rcfile=pyproject.toml", "--score=n", "--jobs=1"]
        yield "pylint-odoo", ["env", "PYTHONPATH=/usr/lib/python3/dist-packages", *pylint, *addons]
        yield (
            "oca-checks",
            [
                "sh",
                "-c",
                'fail=0; for a in "$@"; do oca-checks-odoo-module "$a" || fail=1; done; exit $fail',
                "oca",
                *addons,
            ],
        )
        yield (
            "oca-checks-po",
            ["sh", "-c", 'oca-checks-po $(ls "$@" 2>/dev/null)', "oca", *[addon + "/i18n/sv.po" for addon in addons]],
        )
        yield "import-linter", ["sh", "-c", SHADOW, "shadow", root.state / "lint", root.suite]
    for folder in typed:
        name = "/".join(folder.rsplit("/", 2)[1:])
        yield "mypy " + name, ["mypy", "--config-file=pyproject.toml", "--cache-dir", root.state / "mypy", folder]


def run_check(root, name, command):
    """Run one check, print what it says when it says no; whether it passed."""
    done = root.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        print("--- %s\n%s%s" % (name, done.stdout[-6000:], done.stderr[-2000:]), flush=True)
    return done.returncode == 0


def run(root, words):
    """All checks, or those whose name has one of the words; the exit status."""
    bad = []
    for name, command in get_checks(root):
        if words and not any(word in name for word in words):
            continue
        good = run_check(root, name, command)
        print("%-40s %s" % (name, "ok" if good else "FAILED"), flush=True)
        bad += [] if good else [name]
    return 1 if bad else 0
