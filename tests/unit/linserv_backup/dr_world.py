"""A DR host's repository in a folder, and a backup host played by this process: real restic, real zstd, no SSH."""

import hashlib
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from quick_key import make_quick  # noqa: E402

from odoo.addons.linserv_backup.agent import dr_enroll, dr_pull, dr_rules  # noqa: E402
from odoo.addons.linserv_backup.agent.dr_copies import Copies  # noqa: E402

DAY = 86400
MORNING = 1793494800  # 2026-11-01T01:00:00Z
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFp0K8m1gQ6Yb0v1yTQ3m9yQe2JmX0n1k7m3w5v7c9Zb"
BACKUP_HOST = {"address": "127.0.0.1", "port": 22, "user": "linserv", "host_keys": [KEY], "agent": "0" * 64}


def name_of(data):
    """The name that Odoo gives a file."""
    digest = hashlib.sha1(data).hexdigest()
    return "%s/%s" % (digest[:2], digest)


class World(dr_pull.Source):
    """``points_by_name`` are what the backup host offers: name -> (manifest, dump, {name: data})."""

    def __init__(self, folder, program="/usr/bin/restic"):
        self.section = {"root": str(folder), "restic": str(program), "zstd": "/usr/bin/zstd"}
        self.points_by_name, self.sent, self.phases = {}, [], []
        new = not Path(folder).exists()
        dr_enroll.enroll(self.section, "norrvik", BACKUP_HOST, 14)
        self.copies = Copies(self.section, "norrvik")
        if new:
            self.make_quick()

    def make_quick(self):
        """Have the newest generation opened at once."""
        make_quick(self.copies.restic.folder, (self.copies.folder / "passphrase").read_text().strip())

    def offer(self, moment, dump, files, judged="good"):
        """A new point on the backup host."""
        slot = dr_rules.format_slot(moment)
        names = sorted(name_of(data) for data in files)
        digest = {"bytes": len(dump), "sha256": hashlib.sha256(dump).hexdigest()}
        tree = {"count": len(names), "root": dr_rules.root_of(names), "missing": []}
        manifest = {"name": "db-" + slot, "slot": slot, "kind": "db", "judged": judged, "dump": digest, "files": tree}
        manifest.update(form="patch", base="db-x", taken_from=moment, taken_to=moment + 5, tools={"borg": "1.4.2"})
        self.points_by_name["db-" + slot] = (manifest, dump, {name_of(data): data for data in files})
        return manifest

    def pull(self, moment, now=None, hook=None):
        """The copy of a slot."""
        order = dr_pull.Order(dr_rules.format_slot(moment), now or moment, "0" * 64)
        return dr_pull.pull(self.copies, self, order, hook or self.note)

    def note(self, done, _total, text):
        self.phases.append((done, text))

    def points(self):
        return [json.loads(json.dumps(manifest)) for manifest, _dump, _files in self.points_by_name.values()]

    def dump(self, name, sink, size):
        manifest, dump, _files = self.points_by_name[name]
        self.sent.append("dump")
        for start in range(0, len(dump), 100000):
            sink(dump[start : start + 100000])
        return manifest

    def names(self, name):
        return sorted(self.points_by_name[name][2])

    def files(self, name, names, folder):
        self.sent += names
        for wanted in names:
            (folder / wanted).parent.mkdir(parents=True, exist_ok=True)
            (folder / wanted).write_bytes(self.points_by_name[name][2][wanted])
        return []


def flip(folder, where="data", offset=None):
    """Flip one bit of one byte in the largest file of a part of a repository; the file's path."""
    files = sorted(
        (path for path in Path(folder, where).rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    path = files[-1]
    os.chmod(path, 0o600)
    data = bytearray(path.read_bytes())
    data[len(data) // 3 if offset is None else offset] ^= 1
    path.write_bytes(data)
    return path
