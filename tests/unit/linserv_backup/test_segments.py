"""Dumps packed by the real zstd as patches and segments, and unpacked again."""

import random

import pytest

from odoo.addons.linserv_backup.agent import segments
from odoo.addons.linserv_backup.agent.errors import BackupError
from odoo.addons.linserv_backup.agent.repo_limits import Limits
from odoo.addons.linserv_backup.agent.zstd import Zstd, hash_file

ZSTD = Zstd("/usr/bin/zstd")


class FolderBorg:
    """Reads a folder as borg reads an archive."""

    def __init__(self, folder):
        self.folder = folder

    def read(self, _archive, path, size=0):
        yield (self.folder / path).read_bytes()


class Case:
    def __init__(self, folder):
        self.tree, self.scratch, self.base = folder / "tree", folder / "scratch", folder / "base"
        self.tree.mkdir()
        self.scratch.mkdir()
        known = random.Random(1).randbytes(300000)
        self.base.write_bytes(known)
        (self.tree / "dump").write_bytes(known[:100000] + b"a row more" + known[100000:250000])
        self.dump = hash_file(self.tree / "dump")

    def pack(self, **limits):
        packed = segments.Packer(ZSTD, self.tree, self.scratch, Limits(**limits)).pack(self.dump, self.base)
        return packed, {"form": packed.form, "payload": packed.payload, "dump_bytes": self.dump.bytes}

    def unpack(self, entry):
        unpacker = segments.Unpacker(ZSTD, FolderBorg(self.tree), "db-x", self.scratch)
        return unpacker.unpack(entry, self.base, self.scratch / "out")


@pytest.fixture
def case(tmp_path):
    return Case(tmp_path)


def test_a_patch_gives_back_the_dump(case):
    packed, entry = case.pack()
    assert (packed.form, [part.path for part in packed.parts]) == ("patch", ["dump.patch"])
    assert packed.payload["bytes"] < 1000
    assert case.unpack(entry) == case.dump


def test_segments_give_back_the_dump(case):
    packed, entry = case.pack(patch_bytes=1000, segment_bytes=100000)
    assert (packed.form, len(packed.parts)) == ("segments", 3)
    assert packed.payload["bytes"] < 3000
    assert case.unpack(entry) == case.dump


def test_a_dump_too_large_for_patches_stays_as_it_is(case):
    packed, entry = case.pack(chunk_bytes=1000)
    assert (packed.form, packed.payload["name"]) == ("chunks", "dump")
    assert case.unpack(entry) == case.dump


def test_a_damaged_patch_is_never_unpacked(case):
    _packed, entry = case.pack()
    data = bytearray((case.tree / "dump.patch").read_bytes())
    data[len(data) // 2] ^= 1
    (case.tree / "dump.patch").write_bytes(data)
    with pytest.raises(BackupError) as error:
        case.unpack(entry)
    assert (error.value.code, error.value.kind) == ("point_damaged", "data")


def test_a_patch_of_another_base_gives_no_dump(case):
    _packed, entry = case.pack()
    case.base.write_bytes(random.Random(2).randbytes(300000))
    with pytest.raises(BackupError) as error:
        case.unpack(entry)
    assert error.value.code == "point_damaged"


def test_a_zstd_that_was_killed_says_nothing_about_the_point(case, tmp_path):
    _packed, entry = case.pack()
    (tmp_path / "zstd").write_text("#!/bin/sh\nkill -9 $$\n")
    (tmp_path / "zstd").chmod(0o755)
    unpacker = segments.Unpacker(Zstd(str(tmp_path / "zstd")), FolderBorg(case.tree), "db-x", case.scratch)
    with pytest.raises(BackupError) as error:
        unpacker.unpack(entry, case.base, case.scratch / "out")
    assert (error.value.code, error.value.kind) == ("engine_failed", "unknown")
