"""The words a person types after `./dev`."""

import subprocess
import sys

from . import customer, demo, lint, odoo, paths, postgres, root, services, testing, translations
from .errors import DevError

HELP = """usage: ./dev COMMAND …

  demo [--once] [--fresh]   everything from a fresh machine: the Debian 11 root, PostgreSQL, a demo host, the suite
                            with its story; runs the main job, prints what it did, then serves on
                            http://localhost:8069 until Ctrl-C. --once ends after the main job,
                            --fresh starts the story over, --port N serves on another port
  test [ADDON or path …]    every test, or those named (also ADDON:TestClass); ends with one line `N passed, N failed`
  lint [NAME …]             ruff, pylint-odoo, oca-checks, import-linter, mypy
  format [PATH …]           let ruff lay out the files
  bench NAME                one benchmark: a table and one JSON line; status 1 where a goal is missed
  shell                     `odoo shell` on the demo database; a script on stdin runs, its failure is the exit status
  odoo …                    Odoo on the demo database, with your options
  psql …                    psql on the demo database
  i18n ADDON …              bring the addons' i18n/sv.po up to date with their sources
  pictures [PORT]           take screenshots of the running demo, as staff and as a customer
  down                      stop everything that ./dev started
  clean                     down, and remove this clone's databases and files (the Debian root is kept)
  help                      this text

The root and downloads are kept in ~/.cache/linserv, this clone's state in one folder below it
(LINSERV_STATE_DIR chooses another)."""


def command_demo(words):
    """Build, play the story, serve."""
    return demo.run(words)


def command_test(words):
    """Run tests."""
    return testing.run(words)


def command_lint(words):
    """Run the checks."""
    return lint.run(odoo.prepare(need_postgres=False), words)


def command_format(words):
    """Lay out the sources; runs with the caller's own rights, as it writes them."""
    place = odoo.prepare(need_postgres=False)
    for step in (["check", "--fix-only", "--quiet"], ["format"]):
        place.run(["ruff", *step, "--no-cache", *(words or ["."])], as_root=True)
    return 0


def command_bench(words):
    """Run one benchmark in the root."""
    names = sorted(path.stem for path in (paths.REPOSITORY / "tests" / "bench").glob("[a-z]*.py"))
    if len(words) < 1 or words[0] not in names:
        raise DevError("which benchmark? There are: " + ", ".join(names))
    place = odoo.prepare()
    env = {"LINSERV_TEMPLATE": odoo.get_suite_template(place)}
    if words[0] == "cloc":
        env["LINSERV_DEMO_DATABASE"], env["LINSERV_DEMO_ADDONS"] = customer.get_instance(place)
    if words[0] == "backup":
        env["LINSERV_DEMO_TEMPLATE"], env["LINSERV_DEMO_CONFIG"] = customer.provide_template(place)
    script = place.suite / "tests" / "bench" / (words[0] + ".py")
    return place.run(["python", script, *words[1:]], env, check=False).returncode


def command_shell(words):
    """`odoo shell`; with a script on stdin its failure becomes the exit status."""
    place = odoo.prepare()
    odoo.check_database(place, demo.DATABASE, "./dev demo makes it")
    command = odoo.shell_command(place, demo.DATABASE)
    if sys.stdin.isatty():
        return place.run(command, check=False).returncode
    return place.run(command, check=False, input=odoo.shell_script(sys.stdin.buffer.read())).returncode


def command_odoo(words):
    """Odoo itself."""
    place = odoo.prepare()
    return place.run(odoo.odoo_command(place, "-d", demo.DATABASE, *words), check=False).returncode


def command_psql(words):
    """psql on the demo database."""
    place = odoo.prepare()
    if not any(word in ("-d", "-l") for word in words):
        words = ["-d", demo.DATABASE, *words]
    return place.run(["psql", *words], check=False).returncode


def command_i18n(words):
    """Update the translations."""
    return translations.run(odoo.prepare(), words or paths.suite_addons())


def command_pictures(words):
    """Screenshots for the README and docs."""
    return demo.take_pictures(words)


def command_down(words):
    """Stop what runs."""
    place = root.get_root()
    services.stop_all(place)
    postgres.stop(place)
    return 0


def command_clean(words):
    """Stop and remove the state folder."""
    command_down(words)
    root.remove_tree(paths.state_folder())
    return 0


def main(words):
    """Run one command; its exit status."""
    name, rest = (words[0], words[1:]) if words else ("help", [])
    command = globals().get("command_" + name.replace("-", "_"))
    if name in ("help", "-h", "--help") or command is None:
        print(HELP)
        return 0 if command is None and name in ("help", "-h", "--help") else 2
    try:
        return command(rest)
    except DevError as error:
        print("dev: %s" % error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print("dev: %s" % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
