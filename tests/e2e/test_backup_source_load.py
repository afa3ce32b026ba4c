"""The customer's host under load: Odoo removes files while they are backed up; a large dump in little memory."""

import os
import time
from pathlib import Path

import pytest
from backup_source import CustomerHost, wait_until

FILES = 2400
BATCH = 400
DUMP_BYTES = 250 * 10**6
MEMORY = 64 * 2**20
FILL = (
    """
env['ir.attachment'].create([
    {'name': 'referenced %%d' %% number, 'raw': b'file %%d of many' %% number} for number in range(%d)
])
env.cr.commit()
"""
    % FILES
)
# The customer's users replace and remove attachments, and Odoo's own garbage collection runs again and again.
WORK = """
import logging, pathlib, psycopg2, random
logging.getLogger('odoo').setLevel(logging.CRITICAL)
answer('begun')
number = 0
while pathlib.Path(%(go_on)r).exists():
    number += 1
    old = env['ir.attachment'].search([('name', 'like', 'referenced %%')], limit=5, offset=number %% 7)
    old.unlink()
    env['ir.attachment'].create([{'name': 'work', 'raw': b'work %%d' %% number}]).write({'raw': b'again %%d' %% number})
    env.cr.commit()
"""
COLLECT = """
import pathlib, psycopg2
answer('begun')
store = env['ir.attachment']
collect = getattr(store, '_gc_file_store', None) or store._file_gc
while pathlib.Path(%(go_on)r).exists():
    try:
        collect()
    except psycopg2.Error:
        env.cr.rollback()
"""


class People:
    """Odoo processes that go on until the test is over."""

    def __init__(self, database, flag, *scripts):
        self._flag = flag
        flag.write_text("")
        self._processes = [database.start_shell(script % {"go_on": str(flag)}) for script in scripts]

    def __enter__(self):
        for process in self._processes:
            assert b"begun" in process.stdout.readline()
        return self

    def __exit__(self, *_error):
        self._flag.unlink()
        for process in self._processes:
            process.communicate(timeout=60)


def test_files_that_odoo_removes_meanwhile_are_not_missed(tmp_path, database):
    database.shell(FILL)
    host = CustomerHost(tmp_path, database)
    with People(database, tmp_path / "go on", WORK, COLLECT):
        with host.hold() as held:
            names = held.document["attachments"]
            missing = []
            for start in range(0, len(names), BATCH):
                time.sleep(0.2)  # time in which a careless backup would lose files
                result, _data = host.call("source.files", {"names": names[start : start + BATCH]})
                missing += result["missing"] + result["damaged"]
            dump, _data = host.call("source.dump", {"snapshot": held.document["snapshot"]})
            assert held.release()["held"] is True
        assert len(names) >= 2000
        assert missing == []
        assert dump["bytes"] > 10**6
        wait_until(lambda: host.call("source.files", {"names": names})[0]["missing"], 60)


class Meter:
    """Measures what the agents of a backup and their children use together."""

    def __init__(self, *agents):
        self._agents = agents
        self.peak = 0
        self.cpu = {}

    def look(self):
        """Take one measurement."""
        total = 0
        for agent in self._agents:
            for pid in [agent.process.pid, *agent.children()]:
                total += self._memory(pid)
        self.peak = max(self.peak, total)

    def _memory(self, pid):
        """What the process adds to what the host uses: pages shared with others count in part."""
        try:
            text = Path("/proc/%d/smaps_rollup" % pid).read_text()
            fields = Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()
        except OSError:
            return 0
        self.cpu[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        found = [line.split()[1] for line in text.splitlines() if line.startswith("Pss:")]
        return int(found[0]) * 1024 if found else 0


@pytest.fixture
def large(database):
    """The database with 250 MB more."""
    database.query(
        "CREATE TABLE x_large AS SELECT number AS id, repeat(md5(number::text), 8) AS text, now() AS stamp"
        " FROM generate_series(1, 960000) AS number"
    )
    yield database
    database.query("DROP TABLE x_large")


def test_a_large_dump_takes_little_memory(tmp_path, large):
    host = CustomerHost(tmp_path, large)
    with host.hold() as held, host.start("source.dump", {"snapshot": held.document["snapshot"]}) as talk:
        meter, received = Meter(held, talk), 0
        for number, frame in enumerate(talk.frames()):
            received += len(frame)
            if number % 20 == 0:
                meter.look()
        held.release()
    assert received >= DUMP_BYTES
    assert 10 * 2**20 < meter.peak <= MEMORY
    assert talk.result["peak_memory"] <= MEMORY
    assert sum(meter.cpu.values()) < 0.02 * received / 10**6  # seconds; four thousandths are usual
