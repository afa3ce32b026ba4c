"""What is handed over of an instance's folders, also when somebody hostile writes into them."""

import hashlib
import json
import os

import pytest

from odoo.addons.linserv_backup.agent import source_files, source_tree
from odoo.addons.linserv_backup.agent.errors import BackupError
from odoo.addons.linserv_backup.agent.source_stream import FileReader


class Context:
    """A request about one instance; what is handed over is kept."""

    def __init__(self, **instance):
        self.instance = {"database": "norrvik", **instance}
        self.sent = []

    def send(self, data):
        self.sent.append(data)

    @property
    def data(self):
        return b"".join(self.sent)


class Received:
    """The files of a stream, taken apart by the receiving side's reader."""

    def __init__(self, data, step=7):
        self.files, self.trailers = {}, {}
        reader = FileReader(self.begin, self.end)
        for start in range(0, len(data), step):
            reader.feed(data[start : start + step])
        reader.close()

    def begin(self, header):
        self.files[header["name"]] = b""

        def take(piece):
            self.files[header["name"]] += piece

        return take

    def end(self, header, trailer):
        self.trailers[header["name"]] = trailer


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "filestore"
    folder.mkdir()
    return folder


def put(store, data):
    name = hashlib.sha1(data).hexdigest()
    name = "%s/%s" % (name[:2], name)
    (store / name).parent.mkdir(exist_ok=True)
    (store / name).write_bytes(data)
    return name


def test_files_come_by_their_names(store):
    names = [put(store, data) for data in (b"", b"one\n", b"x" * 700000)]
    context = Context(filestore=str(store))
    result = source_files.files(context, {"names": names})
    received = Received(context.data, 60000)
    assert [received.files[name] for name in names] == [b"", b"one\n", b"x" * 700000]
    assert result == {"files": 3, "bytes": len(context.data), "missing": [], "damaged": [], "unreadable": []}
    assert max(map(len, context.sent)) <= 512 * 1024


def test_missing_and_damaged_files_are_told(store):
    whole, damaged, gone = put(store, b"whole"), put(store, b"damaged"), put(store, b"gone")
    (store / damaged).write_bytes(b"damage!")
    (store / gone).unlink()
    result = source_files.files(Context(filestore=str(store)), {"names": [whole, gone, damaged]})
    assert (result["files"], result["missing"], result["damaged"]) == (2, [gone], [damaged])


def test_a_file_that_may_not_be_read_stops_no_other(store):
    hidden, plain = put(store, b"hidden"), put(store, b"plain")
    (store / hidden).chmod(0)
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    result = source_files.files(Context(filestore=str(store)), {"names": [hidden, plain]})
    assert (result["files"], result["missing"]) == (1, [hidden])
    assert result["unreadable"] == [[hidden, "Permission denied"]]


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "ab/" + "g" * 40, "checklist/x", "ab/" + "a" * 40 + "\n", 7, "", "ab/\0"],
)
def test_names_that_are_none_of_odoos_are_refused(store, name):
    with pytest.raises(BackupError, match="wrong form"):
        source_files.files(Context(filestore=str(store)), {"names": [name]})


def test_links_and_pipes_in_the_filestore_are_not_followed(store, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    names = ["aa/" + "a" * 40, "bb/" + "b" * 40, "cc/" + "c" * 40, "dd/" + "d" * 40]
    for name in names[:2] + names[3:]:
        (store / name).parent.mkdir()
    (store / names[0]).symlink_to(tmp_path / "secret")
    os.mkfifo(str(store / names[1]))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / ("c" * 40)).write_bytes(b"secret")
    (store / "cc").symlink_to(tmp_path / "outside")
    (store / names[3]).mkdir()
    context = Context(filestore=str(store))
    result = source_files.files(context, {"names": names})
    assert (result["missing"], context.data) == (names, b"")


def test_a_filestore_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(BackupError) as refused:
        source_files.files(Context(filestore=str(tmp_path / "none")), {"names": []})
    assert (refused.value.code, refused.value.kind) == ("filestore_missing", "configuration")


def test_too_many_names_at_a_time_are_refused(store):
    with pytest.raises(BackupError, match="At most"):
        source_files.files(Context(filestore=str(store)), {"names": ["ab/" + "a" * 40] * 20001})


@pytest.fixture
def folders(tmp_path, store):
    """An instance with modules and an extra folder, in which somebody hostile has been."""
    extra = tmp_path / "extra"
    (extra / "deep" / "er").mkdir(parents=True)
    (extra / "deep" / "er" / "a.txt").write_bytes(b"a")
    (extra / "new\nline").write_bytes(b"n")
    (tmp_path / "extra" / os.fsdecode(b"\xff\xfe")).write_bytes(b"no utf-8")
    (extra / "passwd").symlink_to("/etc/passwd")
    (extra / "up").symlink_to(tmp_path)
    (extra / "loop").symlink_to("loop")
    os.mkfifo(str(extra / "pipe"))
    config = tmp_path / "odoo.conf"
    config.write_text("[options]\ndata_dir = /nowhere\n")
    return Context(
        filestore=str(store),
        folders={"extra": str(extra)},
        odoo_config=str(config),
        addons_path=[str(tmp_path / "gone")],
    )


def test_a_tree_lists_plain_files_and_tells_the_rest(folders):
    result = source_tree.tree(folders, {})
    lines = [json.loads(line) for line in folders.data.splitlines()]
    listed = {(folder, path): size for folder, path, size, _time, _mode in lines}
    assert listed[("extra", "deep/er/a.txt")] == 1
    assert listed[("extra", "new\nline")] == 1
    assert [path for folder, path in listed if folder == "configuration"] == ["odoo.conf"]
    assert sorted(path for _folder, path, _target in result["links"]) == ["loop", "passwd", "up"]
    assert ["extra", "pipe", "no file"] in [list(note) for note in result["notes"]]
    assert any(note[0] == "addons" for note in result["notes"])
    assert result["files"] == len(lines)


def test_every_listed_file_can_be_fetched_by_its_path(folders):
    source_tree.tree(folders, {})
    lines = [json.loads(line) for line in folders.data.splitlines()]
    paths = [path for folder, path, *_rest in lines if folder == "extra"]
    folders.sent = []
    result = source_files.fetch(folders, {"folder": "extra", "paths": paths})
    received = Received(folders.data)
    assert result["missing"] == result["changed"] == []
    assert sorted(received.files) == sorted(paths)
    for path, data in received.files.items():
        assert received.trailers[path] == {"sha256": hashlib.sha256(data).hexdigest(), "changed": False}


@pytest.mark.parametrize("path", ["passwd", "up/odoo.conf", "loop", "pipe", "deep", "none"])
def test_what_is_no_plain_file_of_the_folder_is_missing(folders, path):
    result = source_files.fetch(folders, {"folder": "extra", "paths": [path]})
    assert (result["missing"], folders.data) == ([path], b"")


@pytest.mark.parametrize("path", ["../odoo.conf", "/etc/passwd", "deep/../../odoo.conf", "a\0b", "", "deep//er"])
def test_paths_that_lead_out_are_refused(folders, path):
    with pytest.raises(BackupError, match="wrong form"):
        source_files.fetch(folders, {"folder": "extra", "paths": [path]})


def test_beside_odoo_conf_nothing_is_handed_over(folders):
    result = source_files.fetch(folders, {"folder": "configuration", "paths": ["extra", "odoo.conf"]})
    assert (result["files"], result["missing"]) == (1, ["extra"])


def test_a_folder_that_agent_json_does_not_name_is_refused(folders):
    with pytest.raises(BackupError) as refused:
        source_files.fetch(folders, {"folder": "/etc", "paths": ["passwd"]})
    assert refused.value.code == "folder_unknown"


def test_a_file_that_shrinks_while_it_is_read_keeps_its_promised_size_and_is_told(folders, tmp_path):
    path = tmp_path / "extra" / "shrinks"
    path.write_bytes(b"x" * 600000)
    sent = []

    def send(data):
        sent.append(data)
        os.truncate(str(path), 10)

    folders.send = send
    result = source_files.fetch(folders, {"folder": "extra", "paths": ["shrinks"]})
    received = Received(b"".join(sent), 50000)
    assert len(received.files["shrinks"]) == 600000
    assert result["changed"] == ["shrinks"]
    assert received.trailers["shrinks"]["changed"] is True


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\n",
        b"[]\n",
        b'{"name": "a"}\n',
        b'{"name": "a", "size": -1}\n',
        b'{"name": "a", "size": 1e3}\n',
        b'{"name": "a", "size": true}\n',
        b'{"name": 7, "size": 1}\n',
        b'{"name": "a", "size": 9' + b"9" * 40 + b"}\n",
        b"x" * 70000,
        b'{"name": "a", "size": 3}\nab',
        b'{"name": "a", "size": 1, "trailer": true}\nx',
        b'{"name": "a", "size": 1, "trailer": true}\nxgarbage\n',
        b"[" * 60000 + b"\n",
    ],
)
def test_a_stream_that_is_none_is_refused(data):
    with pytest.raises(BackupError) as refused:
        Received(data, 50000)
    assert (refused.value.code, refused.value.kind) == ("bad_answer", "data")
