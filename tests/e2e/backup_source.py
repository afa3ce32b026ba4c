"""Speaks to the agent of a customer's host as a backup host does, but as a plain child process: no SSH between."""

import contextlib
import json
import os
import signal
import subprocess
import time
import uuid
from pathlib import Path

from support import STATE, build_agent

SECONDS = 60


class HostRefusalError(Exception):
    """The agent answered an error."""

    def __init__(self, error):
        super().__init__("%(code)s: %(message)s" % error)
        self.code, self.message, self.retryable = error["code"], error["message"], error["retryable"]


class CustomerHost:
    """The agent with its agent.json, and one instance `norrvik`."""

    def __init__(self, folder, database, **instance):
        self.folder, self.database = folder, database
        self.filestore = STATE / "data" / "filestore" / database.name
        self.agent, self.config = folder / "agent.pyz", folder / "agent.json"
        self.agent.write_bytes(build_agent())
        self.configure(**instance)

    def configure(self, backup=None, **instance):
        """Write agent.json."""
        values = {"database": self.database.name, "odoo_config": str(STATE / "odoo.conf"), **instance}
        document = {"protocol": 1, "state_directory": str(self.folder / "state"), "instances": {"norrvik": values}}
        document["backup"] = backup or {}
        self.config.write_text(json.dumps(document))

    def start(self, verb, args=None, deadline=SECONDS, role="backup"):
        """Ask; the conversation."""
        return Conversation(self, verb, args or {}, deadline, role)

    def call(self, verb, args=None, deadline=SECONDS, role="backup"):
        """Ask and wait; (result, the bytes that were handed over)."""
        with self.start(verb, args, deadline, role) as talk:
            data = b"".join(talk.frames())
            return talk.result, data

    def hold(self, **args):
        """Hold the instance; the conversation, its document read."""
        talk = self.start("source.hold", args)
        talk.document = talk.read_document()
        return talk


class Conversation:
    """One request to the agent, and its answer as it comes."""

    def __init__(self, host, verb, args, deadline, role):
        self.run = str(uuid.uuid4())
        self.result = None
        words = ["/usr/bin/python3", "-I", str(host.agent), "--config", str(host.config), "--role", role]
        environment = {"HOME": os.environ["HOME"], "PATH": "/usr/bin:/bin"}
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        request = {
            "protocol": 1,
            "run": self.run,
            "verb": verb,
            "args": args,
            "instance": "norrvik",
            "deadline": deadline,
        }
        self.say(json.dumps(request))

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.hang_up()
        self.process.wait(timeout=SECONDS)

    def say(self, line):
        """Say a line."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def hang_up(self):
        """The line is cut."""
        self.process.stdin.close()
        self.process.stdout.close()

    def kill(self):
        """The agent is killed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=SECONDS)

    def children(self):
        """The processes that the agent has started: {pid: name}."""
        found = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                name, rest = path.read_text().split("(", 1)[1].rsplit(")", 1)
            except OSError:
                continue
            if int(rest.split()[1]) == self.process.pid:
                found[int(path.parent.name)] = name
        return found

    def frames(self):
        """Everything that is handed over until the result is there; raises HostRefusalError."""
        while self.result is None:
            line = self._line()
            if "data" in line:
                yield self.process.stdout.read(line["data"])
            elif "error" in line:
                raise HostRefusalError(line["error"])
            else:
                self.result = line.get("result")

    def read_document(self):
        """What `source.hold` hands over first."""
        text = b""
        for frame in self.frames():
            text += frame
            if text.endswith(b"\n"):
                return json.loads(text)
        raise AssertionError("no document")

    def release(self):
        """End a hold; its result."""
        self.say("release")
        for _frame in self.frames():
            raise AssertionError("data after the release")
        return self.result

    def _line(self):
        line = self.process.stdout.readline()
        assert line.endswith(b"\n"), "the agent ended without an answer"
        parsed = json.loads(line)
        assert parsed["run"] == self.run
        return parsed


def wait_until(condition, seconds=10):
    """Wait for something to become true."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it never became true"
        time.sleep(0.05)


@contextlib.contextmanager
def somebody(database, statement):
    """A session of somebody else, in the middle of a transaction."""
    words = ["psql", "-X", "-q", "-A", "-t", "-d", database.name]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
        session.stdin.write(("BEGIN; %s; SELECT 'done';\n" % statement).encode())
        session.stdin.flush()
        assert session.stdout.readline() == b"done\n"
        yield session


def is_gone(pid):
    """Whether a process has ended."""
    try:
        return "State:\tZ" in Path("/proc/%d/status" % pid).read_text()
    except OSError:
        return True
