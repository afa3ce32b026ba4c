"""The page docs/backup-by-hand.md: its commands, as they stand there, rebuild every form of a point."""

import hashlib
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from backup_faults import SmallDatabase
from backup_world import BORG, BackupWorld
from support import SUITE

PAGE = SUITE / "docs" / "backup-by-hand.md"
DAY = time.strftime("%Y%m%dT", time.gmtime(time.time() - 86400)) + "%sZ"
SMALL = {"patch_bytes": 1 << 20, "segment_bytes": 1 << 20}
FORMS = {
    "db-" + DAY % "000000": ("whole", {}),
    "db-" + DAY % "003000": ("patch", {}),
    "db-" + DAY % "010000": ("segments", SMALL),
    "db-" + DAY % "013000": ("patch", {}),
    "db-" + DAY % "020000": ("chunks", {"chunk_bytes": 1 << 20}),
}


FOLDERS = "fs-" + DAY % "023000"


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """A point of each form: the repository's folder, and the manifests by name."""
    database, made = SmallDatabase("e2e_by_hand_%d" % os.getpid()), {}
    with BackupWorld(tmp_path_factory.mktemp("hand"), database) as world:
        world.connect()
        for number, (name, (_form, limits)) in enumerate(FORMS.items()):
            database.go_on(number)
            made[name] = world.take(name[3:], limits=limits)
        made[FOLDERS] = world.take(FOLDERS[3:], "fs")
        yield world.folder / "backup" / "repositories" / world.repository, made
    database.drop()


def commands(repository, point):
    """What the page says after ```sh for a database or ```shell for folders, of this repository and point."""
    page = PAGE.read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    if point.startswith("fs-"):
        blocks[1:] = re.findall(r"^```shell\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    text, repositories = re.subn(
        r"^repository=.*$", "repository=%s" % repository, "\n".join(blocks), flags=re.MULTILINE
    )
    text, points = re.subn(r"^point=.*$", "point=%s" % point, text, flags=re.MULTILINE)
    assert (repositories, points) == (1, len(blocks) if point.startswith("fs-") else 1)
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


def test_the_commands_of_the_page_rebuild_folders(points, tmp_path):
    repository, made = points
    said, folder = run_page(repository, FOLDERS, tmp_path), tmp_path / "by-hand" / FOLDERS
    count = len([path for path in folder.glob("folders/**/*") if path.is_file()])
    assert said.endswith("%d\n" % count)
    assert count == made[FOLDERS]["folder_files"] > 0
    assert count + len(list(folder.glob("filestore/*/*"))) == made[FOLDERS]["files"]["count"]


def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
