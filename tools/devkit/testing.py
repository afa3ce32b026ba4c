"""`./dev test`: checks, unit tests, addon tests and tests from outside, and one closing line for all of them."""

import os
import re
import sys
import time
from xml.etree import ElementTree

from . import lint, odoo, paths, postgres
from .errors import DevError

SUMMARY = re.compile(r"odoo\.(?:tests\.\S+|service\.server): (\d+) failed, (\d+) error\(s\) of (\d+) tests")
BLOCK = re.compile(r"^\S+ \S+ \d+ (?:ERROR|CRITICAL) ", re.MULTILINE)
RECORD = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ [A-Z]+ ", re.MULTILINE)
# Glue to addons of others: tested in a database of its own, as the suite must not need it.
OPTIONAL = ["linserv_queue"]


class Tally:
    """Counts of what passed and failed, with what a person wants to read at the end."""

    def __init__(self):
        self.passed, self.failed, self.skipped, self.names = 0, 0, 0, []

    def add(self, title, passed, failed, skipped=0, seconds=0.0):
        """Add one part and print its line."""
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        if failed:
            self.names.append(title)
        words = "%-34s %4d passed, %d failed, %d skipped (%.0f s)" % (title, passed, failed, skipped, seconds)
        print(words, flush=True)

    def close(self):
        """Print the closing line; the exit status."""
        if self.names:
            print("failed: " + ", ".join(self.names))
        skipped = ", %d skipped" % self.skipped if self.skipped else ""
        print("%d passed, %d failed%s" % (self.passed, self.failed, skipped), flush=True)
        return 1 if self.failed or not self.passed else 0


def run(words):
    """Run everything, or the addons and paths named; the exit status."""
    tally, targets = Tally(), list(words)
    addons = [strip_folder(word) for word in targets if is_addon(word)]
    files = [word for word in targets if not is_addon(word)]
    root = odoo.prepare()
    if not targets:
        run_lint(root, tally)
        run_pytest(root, tally, ["tests/unit"])
        run_pytest(root, tally, ["tests/root"])
        for addons in ([name for name in paths.suite_addons() if name not in OPTIONAL], OPTIONAL):
            run_addons(root, tally, [name for name in addons if is_addon(name)])
        run_pytest(root, tally, ["tests/e2e"])
        return tally.close()
    if addons:
        run_addons(root, tally, addons)
    if files:
        run_pytest(root, tally, files)
    return tally.close()


def is_addon(word):
    """Whether a word of the command line names an addon of the suite."""
    place = word.split("/")[0]
    if place != "tests" and (paths.ADDONS / strip_folder(word).split(":")[0] / "__manifest__.py").exists():
        return True
    if not (paths.REPOSITORY / word.split("::")[0]).exists():
        raise DevError("%s is neither an addon of the suite nor a path below the repository" % word)
    return False


def strip_folder(word):
    """``addons/linserv_contract/`` is ``linserv_contract``; ``linserv_contract:TestLedger`` stays as it is."""
    return word.rstrip("/").split("/")[-1]


def run_lint(root, tally):
    """Every check counts as one test."""
    for name, command in lint.get_checks(root):
        begun = time.monotonic()
        good = lint.run_check(root, name, command)
        tally.add("lint: " + name, int(good), int(not good), seconds=time.monotonic() - begun)


def run_pytest(root, tally, words):
    """Plain pytest inside the root; the suite template is made when a test from outside may want it.

    The tests in tests/root are those that need to be the machine's administrator; without a root of our own they skip.
    """
    places = [word for word in words if (paths.REPOSITORY / word.split("::")[0]).exists()]
    if not places:
        return
    begun, env = time.monotonic(), {}
    as_root = all("tests/root" in word for word in places)
    if any("e2e" in word for word in places):
        env["LINSERV_TEMPLATE"] = odoo.get_suite_template(root)
    report = paths.state_folder() / "out" / ("pytest-%d.xml" % os.getpid())
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "--durations=15",
        "--durations-min=5",
        "--junitxml",
        root.state / "out" / report.name,
    ]
    root.run(["python", "-m", "pytest", *options, *places], env, as_root=as_root, check=False)
    if not report.exists():
        tally.add("pytest " + " ".join(places), 0, 1)
        return
    suite = ElementTree.parse(str(report)).getroot().find("testsuite")
    counts = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    bad = counts["failures"] + counts["errors"]
    good = counts["tests"] - bad - counts["skipped"]
    tally.add("pytest " + " ".join(places), good, bad, counts["skipped"], time.monotonic() - begun)


def run_addons(root, tally, addons):
    """Install the addons on a copy of the base template and run their tests, or ``addon:TestClass``, in one Odoo."""
    begun, name = time.monotonic(), "test_%d_%s" % (os.getpid(), len(addons))
    postgres.copy(root, odoo.get_base_template(root), name)
    log = paths.state_folder() / "log" / (name + ".log")
    installed = ",".join(sorted({addon.split(":")[0] for addon in addons}))
    words = ["-d", name, "-i", installed, "--without-demo=all", "--stop-after-init", "--test-enable"]
    words += ["--test-tags", ",".join("/" + addon for addon in addons)]
    words += ["--http-port", str(odoo.free_port()), "--log-handler", "odoo.tools.convert:WARNING"]
    try:
        command = ["sh", "-c", odoo.INTO_LOG, "test", root.state / "log" / log.name]
        done = root.run([*command, *odoo.odoo_command(root, *words)], check=False)
    finally:
        postgres.drop(root, name)
    text = log.read_text(errors="replace")
    title = "addons: " + (addons[0] if len(addons) == 1 else "%d addons" % len(addons))
    passed, failed = count(text, done.returncode)
    if failed:
        print_failures(text)
        print("the whole log: %s" % log)
    tally.add(title, passed, failed, seconds=time.monotonic() - begun)


def count(text, status):
    """(passed, failed) out of Odoo's log; an error logged outside a test is a failure too."""
    found = SUMMARY.findall(text)
    if not found:
        return 0, 1
    failures, errors, total = (int(number) for number in found[-1])
    failed = failures + errors
    if not failed and (status or BLOCK.search(text)):
        return total, 1
    return total - failed, failed


def print_failures(text):
    """The error records of a log, each up to the next record."""
    for match in list(BLOCK.finditer(text))[:40]:
        end = RECORD.search(text, match.end())
        sys.stdout.write(text[match.start() : end.start() if end else None][:4000])
    if not BLOCK.search(text):
        sys.stdout.write(text[-3000:])
