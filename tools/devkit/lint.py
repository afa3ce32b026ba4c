"""`./dev lint`: the checks, each one program with a clear yes or no."""

from . import paths

# import-linter wants the addons as Odoo names them: odoo.addons.<addon>.
SHADOW = """
rm -rf "$1" && mkdir -p "$1/odoo/addons" && touch "$1/odoo/__init__.py" "$1/odoo/addons/__init__.py"
for addon in "$2"/addons/*/; do ln -s "$addon" "$1/odoo/addons/$(basename "$addon")"; done
cd "$1" && exec lint-imports --no-cache --config "$2/pyproject.toml"
"""
EACH = 'fail=0; for addon in "$@"; do oca-checks-odoo-module "$addon" || fail=1; done; exit $fail'


def get_checks(root):
    """(name, argument list) of every check."""
    addons = [str(root.suite / "addons" / name) for name in paths.suite_addons()]
    yield "ruff check", ["ruff", "check", "--no-cache", "."]
    yield "ruff format", ["ruff", "format", "--no-cache", "--check", "."]
    # readme/ holds the fragments of a README.rst; a large model is several files on purpose
    off = "--disable=missing-readme,consider-merging-classes-inherited"
    pylint = ["pylint", "--rcfile=pyproject.toml", "--score=n", off]
    yield "pylint-odoo", ["env", "PYTHONPATH=/usr/lib/python3/dist-packages", *pylint, *addons]
    yield "oca-checks", ["sh", "-c", EACH, "oca", *addons]
    # A term that is the same in Swedish is written twice: empty would mean that nobody has looked at it.
    words = ["oca-checks-po", "--disable=po-pretty-format"]
    yield "oca-checks-po", words + [addon + "/i18n/sv.po" for addon in addons]
    yield "import-linter", ["sh", "-c", SHADOW, "shadow", root.state / "lint", root.suite]
    for folder in sorted(paths.ADDONS.glob("*/*")):
        if folder.name in ("domain", "adapters", "agent"):
            words = ["mypy", "--config-file=pyproject.toml", "--cache-dir", root.state / "mypy"]
            place = root.suite / folder.relative_to(paths.REPOSITORY)
            yield "mypy %s/%s" % (folder.parent.name, folder.name), [*words, place]


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
