"""The page docs/backup-by-hand.md: its commands, as they stand there, rebuild every form of a point."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest
from backup_faults import SmallDatabase
from backup_world import BORG, BackupWorld
from support import SUITE

PAGE = SUITE / "docs" / "backup-by-hand.md"
DAY = "20260302T%sZ"
SMALL = {"patch_bytes": 1 << 20, "segment_bytes": 1 << 20}
FORMS = {
    "db-" + DAY % "000000": ("whole", {}),
    "db-" + DAY % "003000": ("patch", {}),
    "db-" + DAY % "010000": ("segments", SMALL),
    "db-" + DAY % "013000": ("patch", {}),
    "db-" + DAY % "020000": ("chunks", {"chunk_bytes": 1 << 20}),
}


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """A point of each form: the repository's folder, and the manifests by name."""
    database, made = SmallDatabase("e2e_by_hand_%d" % os.getpid()), {}
    with BackupWorld(tmp_path_factory.mktemp("hand"), database) as world:
        world.connect()
        for number, (name, (_form, limits)) in enumerate(FORMS.items()):
            database.go_on(number)
            made[name] = world.take(name[3:], limits=limits)
        yield world.folder / "backup" / "repositories" / world.repository, made
    database.drop()


def commands(repository, point):
    """What the page says between ```sh and ```, for this repository and this point."""
    text = "\n".join(re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    text, repositories = re.subn(r"^repository=.*$", "repository=%s" % repository, text, flags=re.MULTILINE)
    text, points = re.subn(r"^point=.*$", "point=%s" % point, text, flags=re.MULTILINE)
    assert (repositories, points) == (1, 1)
    return text


def run_page(repository, point, home):
    """Do what the page says; what it printed."""
    environment = {"PATH": "%s:/usr/bin:/bin" % Path(BORG).parent, "HOME": str(home), "LANG": "C.UTF-8"}
    words = ["sh", "-eu", "-c", commands(repository, point)]
    done = subprocess.run(words, env=environment, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# The chain of the first goes through all forms but the second's.
@pytest.mark.parametrize("name", [list(FORMS)[-2], list(FORMS)[-1]])
def test_the_commands_of_the_page_rebuild_the_point(points, tmp_path, name):
    repository, made = points
    manifest, folder = made[name], tmp_path / "by-hand" / name
    assert manifest["form"] == FORMS[name][0]
    said = run_page(repository, name, tmp_path)
    assert hash_of(folder / "dump") == manifest["dump"]["sha256"]
    assert "%s  dump\n" % manifest["dump"]["sha256"] in said
    assert '"sha256":"%s"}\n' % manifest["dump"]["sha256"] in said
    assert "TABLE DATA public res_partner" in said, "the table of contents, as pg_restore reads it"
    files = sorted(str(path.relative_to(folder / "filestore")) for path in folder.glob("filestore/*/*"))
    assert len(files) == manifest["files"]["count"]
    assert hashlib.sha256("\n".join(files).encode()).hexdigest() == manifest["files"]["root"]


def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
