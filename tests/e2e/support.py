"""What the tests from outside stand on: real databases, Odoo processes, SSH endpoints and a real browser."""

import json
import os
import socket
import subprocess
import textwrap
import time
import urllib.error
import urllib.request
from pathlib import Path

STATE = Path(os.environ.get("LINSERV_STATE", "/nonexistent"))
SUITE = Path(os.environ.get("LINSERV_SUITE", "/nonexistent"))
PYTHON = os.environ.get("LINSERV_PYTHON", "python3")
ODOO = [PYTHON, os.environ.get("LINSERV_ODOO", "/usr/bin/odoo")]
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=sv",
]
MARK = "==answer=="


def free_port():
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Database:
    """A copy of a template database with its filestore; ``drop`` removes both."""

    def __init__(self, name, template):
        self.name = name
        subprocess.run(["dropdb", "-U", "postgres", "--if-exists", "--force", name], check=True, capture_output=True)
        subprocess.run(["createdb", "-T", template, name], check=True, capture_output=True)
        store = STATE / "data" / "filestore"
        if (store / template).is_dir():
            subprocess.run(["cp", "-al", store / template, store / name], check=True)

    def drop(self):
        """Remove the database and its files."""
        subprocess.run(
            ["dropdb", "-U", "postgres", "--if-exists", "--force", self.name], check=False, capture_output=True
        )
        subprocess.run(["rm", "-rf", STATE / "data" / "filestore" / self.name], check=False)

    def query(self, sql):
        """Rows of one SQL statement, as lists of strings."""
        words = ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self.name, "-c", sql]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def start_shell(self, script):
        """`odoo shell` with a script that may call ``answer(value)``; the process, its own session."""
        head = "import json as _json\ndef answer(value):\n    print(%r + _json.dumps(value, default=str), flush=True)\n"
        text = head % MARK + textwrap.dedent(script)
        words = [*ODOO, "shell", "-c", STATE / "odoo.conf", "-d", self.name, "--no-http", "--log-level=warn"]
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        process.stdin.write(guard(text).encode())
        process.stdin.close()
        process.stdin = None
        return process

    def shell(self, script, timeout=240):
        """Run a script to its end; the last value it answered."""
        process = self.start_shell(script)
        out, err = process.communicate(timeout=timeout)
        assert process.returncode == 0, err.decode()[-4000:]
        return read_answer(out)


def guard(text):
    """The script so that an exception ends the shell with status 1 (`odoo shell` alone ends with 0)."""
    return (
        "import os as _os, sys as _sys, traceback as _traceback\n"
        "try:\n    exec(compile(%r, '<script>', 'exec'), globals())\n"
        "except BaseException:\n    _traceback.print_exc()\n"
        "    _sys.stdout.flush()\n    _sys.stderr.flush()\n    _os._exit(1)\n" % text
    )


def read_answer(out):
    """The last value that a script answered, or None."""
    lines = [line for line in out.decode().splitlines() if MARK in line]
    return json.loads(lines[-1].split(MARK, 1)[1]) if lines else None


def build_agent():
    """The agent of the whole suite (bytes): what Odoo expects on every host."""
    from odoo.addons.linserv_hosting.tests import sshd  # noqa: PLC0415  (the suite's conftest makes it importable)

    return sshd.build_agent(*sorted(path.parent.name for path in SUITE.glob("addons/linserv_*/agent")))


def start_endpoint(folder, **options):
    """A real sshd with the suite's agent; a context manager."""
    from odoo.addons.linserv_hosting.tests.sshd import SshEndpoint  # noqa: PLC0415

    options.setdefault("agent", build_agent())
    return SshEndpoint(folder, **options)


class OdooServer:
    """A real Odoo serving one database on a loopback port."""

    def __init__(self, database, *words):
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.log = STATE / "log" / ("e2e-%s.log" % database.name)
        options = ["-c", STATE / "odoo.conf", "-d", database.name, "--http-port", str(self.port)]
        options += ["--max-cron-threads=0", "--db-filter=^%s$" % database.name, *words]
        self.process = subprocess.Popen(
            [*ODOO, *options], stdout=self.log.open("wb"), stderr=subprocess.STDOUT, start_new_session=True
        )
        self.wait()

    def wait(self, seconds=60):
        """Return when the login page answers; AssertionError with the log's end when it does not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.url + "/web/login", timeout=20):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise AssertionError("Odoo does not answer: " + self.log.read_text(errors="replace")[-3000:])

    def stop(self):
        """End the server."""
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
