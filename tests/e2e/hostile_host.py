"""What a customer's host that somebody else has taken over may answer a backup host; `test_backup_hostile.py` runs it.

Runs as the forced command of the backup host's key: one request on stdin, an answer as the file `mode` beside it says.
"""

import hashlib
import json
import sys
import time
from pathlib import Path

NAME = "ab/ab" + "0" * 38
DOCUMENT = {"snapshot": "00000003-00000001-1", "clock": time.time(), "counts": {"res_users": 5}, "attachments": []}


def main():
    """Answer one request."""
    mode = Path(__file__).with_name("mode").read_text().strip()
    request = json.loads(sys.stdin.buffer.readline())
    Answer(request, mode).give()


class Answer:
    """One answer."""

    def __init__(self, request, mode):
        self.run, self.verb, self.mode = request["run"], request["verb"].rpartition(".")[2], mode

    def give(self):
        """Do what the mode says about this verb, or else what an honest host would."""
        getattr(self, "%s_%s" % (self.mode, self.verb), getattr(self, self.verb))()

    def hold(self, **changes):
        """An instance that is held still."""
        self.data(json.dumps(dict(DOCUMENT, **changes)).encode() + b"\n")
        sys.stdin.buffer.readline()
        self.result({"held": True, "seconds": 1})

    def dump(self, data=b"PGDMP of no database at all"):
        """A dump as it is told."""
        self.data(data)
        self.result(
            {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "pg_dump": "13", "pg_server": "13"}
        )

    def files(self):
        """No file at all."""
        self.result({"files": 0, "bytes": 0, "missing": []})

    def noise_hold(self):
        """Text that is no answer, without end."""
        while True:
            self.write(b"Last login: yesterday\n" * 1000)

    def zeros_hold(self):
        """A single line without end."""
        while True:
            self.write(bytes(1 << 16))

    def giant_hold(self):
        """A frame that is announced as larger than any disk."""
        self.line({"data": 10**12})
        self.zeros_hold()

    def silent_hold(self):
        """Nothing."""
        time.sleep(600)

    def elsewhere_hold(self):
        """Files that would lie outside the filestore."""
        self.hold(attachments=["../../../../home/linserv/.ssh/authorized_keys"])

    def nonsense_hold(self):
        """Rows that nobody can count."""
        self.hold(counts={"res_users": -1})

    def endless_dump(self):
        """100 GB and more of what could be a dump."""
        self.data(b"PGDMP")
        while True:
            self.data(bytes(1 << 20))

    def trickle_dump(self):
        """A byte now and then, for ever: never silent, never done."""
        while True:
            self.data(b"P")
            time.sleep(0.2)

    def lying_dump(self):
        """Another dump than it says."""
        self.data(b"PGDMP")
        self.result({"bytes": 5, "sha256": "0" * 64, "pg_dump": "13", "pg_server": "13"})

    def foreign_dump(self):
        """Something that is no dump."""
        self.dump(b"\x7fELF and what belongs to it")

    def smuggle_hold(self):
        """A file is named that will be another one."""
        self.hold(attachments=[NAME])

    def smuggle_files(self):
        """A file that nobody asked for, with a way out of the folder for a name."""
        self.data(json.dumps({"name": "../../smuggled", "size": 3, "mtime": 0, "mode": 0o644}).encode() + b"\nabc")
        self.result({"files": 1, "bytes": 3, "missing": []})

    def data(self, data):
        """Hand over bytes."""
        self.line({"data": len(data)})
        self.write(data)

    def result(self, value):
        """The end."""
        self.line({"result": value})

    def line(self, value):
        """One line of the protocol."""
        self.write(json.dumps(dict(value, run=self.run)).encode() + b"\n")

    def write(self, data):
        """Say it; the other side may have hung up."""
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            sys.exit(1)


if __name__ == "__main__":
    main()
