"""A module made to break a counter: each thing is told in its own word, and the rest is counted."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from odoo.addons.linserv_maintenance.agent import line_counter
from odoo.addons.linserv_maintenance.agent.line_counter import PROFILES, Crew, Limits, count_modules

ENGINE = Path(line_counter.__file__)
SHORT = Limits(job_cpu=3, job_clock=20, memory=400 * 2**20)


def crew(limits=SHORT):
    return Crew(sys.executable, ENGINE.read_text(), PROFILES["14.0"], limits)


def count(folder, limits=SHORT):
    (found,) = count_modules([str(folder)], crew(limits))
    return found


@pytest.fixture
def module(tmp_path):
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / "good.py").write_text("x = 1\ny = 2\n")
    return folder


def kinds(found):
    return {note["path"]: note["kind"] for note in found["notes"]}


def test_what_is_no_file_is_told_and_not_waited_for(module):
    os.mkfifo(module / "pipe.py")
    os.mkfifo(module / "__manifest__.py")
    (module / "loop.py").symlink_to("loop.py")
    (module / "gone.xml").symlink_to("nowhere")
    (module / "zero.js").symlink_to("/dev/zero")
    (module / "circle").symlink_to(module, target_is_directory=True)
    found = count(module)
    assert found["code"] == 2
    assert kinds(found) == {
        "pipe.py": "not_regular",
        "__manifest__.py": "not_regular",
        "loop.py": "link_loop",
        "gone.xml": "dangling_link",
        "zero.js": "not_regular",
    }
    assert set(found["errors"].values()) == {"unreadable"}


def test_names_with_newlines_markup_and_wrong_bytes_are_written_harmlessly(module):
    names = [b"new\nline.py", b"<script>.py", b"\xff\xfe.py", b"back\\slash.py"]
    for name in names:
        with open(os.path.join(os.fsencode(module), name), "wb") as stream:
            stream.write(b"z = 3\n")
    found = count(module)
    paths = {row[0] for row in found["files"]}
    assert paths == {
        "good.py",
        "new\\u000aline.py",
        "\\u003cscript\\u003e.py",
        "\\udcff\\udcfe.py",
        "back\\u005cslash.py",
    }
    assert found["code"] == 6
    json.dumps(found, ensure_ascii=False).encode("utf-8")


def test_spaces_in_xml_take_no_time(module):
    (module / "wide.xml").write_text("<a>\n" + " " * 80000 + "x</a>\n")
    begin = time.monotonic()
    found = count(module)
    assert time.monotonic() - begin < 5
    assert found["code"] == 4
    assert kinds(found) == {"wide.xml": "slow_spaces"}


def test_a_huge_list_ends_at_the_memory_limit_and_others_go_on(module):
    (module / "aaa.py").write_text("x = [" + "1," * 12 * 2**20 + "]\n")
    found = count(module, Limits(job_cpu=60, memory=400 * 2**20))
    assert found["errors"] == {"aaa.py": "memory"}
    assert found["code"] == 2


@pytest.mark.parametrize(
    "text",
    ["(" * 100000, "-" * 200000 + "1", "x = " + "[" * 5000 + "]" * 5000, "a" + ".b" * 300000, "not " * 100000 + "x"],
)
def test_deep_nesting_breaks_a_child_at_most(module, text):
    (module / "deep.py").write_text(text + "\n")
    found = count(module)
    assert found["errors"]["deep.py"] in ("syntax", "recursion", "memory", "crash")
    assert found["code"] == 2


def test_a_child_that_is_killed_for_its_time_counts_the_rest(module):
    (module / "slow.py").write_text("x = [" + "1," * 2 * 2**20 + "]\n")
    found = count(module, Limits(job_cpu=1, memory=3 * 2**30))
    assert found["errors"] in ({"slow.py": "timeout"}, {})
    assert ["good.py", 2] in [[row[0], row[2]] for row in found["files"]]


def test_a_file_over_the_official_size_counts_nothing(module):
    with open(module / "big.js", "wb") as stream:
        stream.truncate(25 * 2**20 + 1)
    with open(module / "just.js", "wb") as stream:
        stream.truncate(25 * 2**20)
    found = count(module)
    assert found["errors"] == {"big.js": "too_large"}


def test_a_manifest_that_breaks_its_reader_leaves_the_defaults(module):
    (module / "__manifest__.py").write_text("(" * 90 + "-" * 300000 + "1")
    (module / "tests").mkdir()
    (module / "tests" / "test_x.py").write_text("x = 1\n")
    found = count(module)
    assert found["code"] == 2
    assert kinds(found) == {"__manifest__.py": "bad_manifest"}


def test_very_deep_folders_are_walked(module):
    where = os.getcwd()
    os.chdir(module)
    try:
        for _level in range(1100):
            os.mkdir("d")
            os.chdir("d")
        Path("end.py").write_text("x = 1\n")
    finally:
        os.chdir(where)
    found = count(module)
    subprocess.run(["rm", "-rf", str(module)], check=True)  # shutil's own way is too recursive for it
    assert found["code"] == 3


def test_a_folder_that_cannot_be_opened_is_told(module):
    (module / "closed").mkdir()
    (module / "closed" / "a.py").write_text("x = 1\n")
    (module / "closed").chmod(0)
    found = count(module)
    assert found["code"] == (3 if os.geteuid() == 0 else 2)
    (module / "closed").chmod(0o700)


def test_the_command_prints_json_for_each_module(module):
    command = [sys.executable, str(ENGINE), "--profile", "14.0", str(module) + "/", str(module)]
    answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    assert [(one["name"], one["code"], one["total"], one["errors"]) for one in answer["modules"]] == [
        ("hostile", 2, 2, {})
    ] * 2
    assert answer["code"] == 4


def test_a_path_that_is_not_plain_excludes_nothing_as_officially(module):
    (module / "__manifest__.py").write_text("{}\n")
    assert count(module)["code"] == 2
    assert count(str(module.parent) + "/./hostile")["code"] == 3


@pytest.mark.parametrize("python", ["/bin/true", "/bin/false", "/bin/cat"])
def test_an_interpreter_that_does_not_work_is_never_a_count_of_nothing(module, python):
    with pytest.raises(line_counter.ChildError):
        count_modules([str(module)], Crew(python, ENGINE.read_text(), PROFILES["14.0"], SHORT))


def test_children_leave_no_core_files_and_no_more_memory_than_allowed(module):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    (module / "aaa.py").write_text("x = [" + "1," * 4 * 2**20 + "]\n")
    assert count(module)["errors"] == {"aaa.py": "memory"}
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 450 * 1024)
