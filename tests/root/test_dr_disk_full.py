"""A DR host whose disk is full, in earnest: a small file system of its own, filled at each phase of a copy."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "linserv_backup"))

from dr_world import MORNING, World  # noqa: E402

from odoo.addons.linserv_backup.agent import dr_pull  # noqa: E402
from odoo.addons.linserv_backup.agent.errors import BackupError  # noqa: E402

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a file system")


@pytest.fixture
def disk(tmp_path):
    """64 MB and no more. The mount goes with the namespace that the tests run in, or here."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], check=False, capture_output=True)
    if done.returncode:
        pytest.skip("nothing can be mounted here: %s" % done.stderr.decode())
    yield place
    subprocess.run(["umount", "-l", place], check=False)


def fill(disk):
    """Leave no byte; the path of what fills it."""
    path = disk / "filler"
    with path.open("wb", 0) as stream:
        try:
            while True:
                stream.write(b"\0" * 65536)
        except OSError as error:
            assert error.errno == errno.ENOSPC
    return path


def test_a_disk_that_is_full_at_any_phase_costs_one_attempt_and_nothing_else(disk, monkeypatch):
    monkeypatch.setattr(dr_pull, "MARGIN_BYTES", 0)
    world = World(disk / "copies")
    world.offer(MORNING - 60, os.urandom(12 << 20), [b"a file", b"another"])
    for phase in range(4):

        def filling(done, _total, _text, phase=phase):
            if done == phase:
                fill(disk)

        with pytest.raises((BackupError, OSError)) as failure:
            world.pull(MORNING, hook=filling)
        error = failure.value
        assert getattr(error, "kind", None) == "capacity" or getattr(error, "errno", None) == errno.ENOSPC, str(error)
        (disk / "filler").unlink()
        assert [point.state for point in world.copies.points() if point.state == "proved"] == []
    copy = world.pull(MORNING)
    assert world.copies.verify([copy["name"]]) == []
    assert [point.state for point in world.copies.points()] == ["proved"]
    assert world.copies.restic.check(read_data=True) is None
