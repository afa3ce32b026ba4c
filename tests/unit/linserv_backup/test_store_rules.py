"""The backup host's rules, without a disk: chains, lists of files, judgement, deletion, what a hostile host may say."""

import pytest

from odoo.addons.linserv_backup.agent import (
    chain,
    file_list,
    fs_tree,
    judge,
    point_names,
    repo_index,
    repo_limits,
    repo_source,
    repo_store,
    repo_trash,
)
from odoo.addons.linserv_backup.agent.borg import Archive, gist
from odoo.addons.linserv_backup.agent.chain import Choice, Link
from odoo.addons.linserv_backup.agent.errors import BackupError

A, B = "aa/" + "a" * 40, "bb/" + "b" * 40
DAY = point_names.DAY
NOW = point_names.parse_slot("20261101T120000Z")


def name_at(index, day=0):
    """The name of the n-th half hour of a day."""
    return "db-" + point_names.format_slot(NOW // DAY * DAY + day * DAY + index * 1800)


def take_day(count, day=0):
    """The links of a day's points, made as a backup host makes them."""
    links = {}
    for index in range(count):
        name = name_at(index, day)
        choice = chain.choose(name, links, frozenset())
        links[name] = Link(name, choice.base, choice.anchor, index)
    return links


def code_of(function, *args):
    with pytest.raises(BackupError) as error:
        function(*args)
    return error.value.code


def test_a_full_day_is_rebuilt_in_at_most_13_steps():
    links = take_day(48)
    assert max(len(chain.steps(name, links)) for name in links) == 13
    anchors = [index for index in range(48) if links[name_at(index)].anchor]
    assert anchors == [0, 8, 16, 24, 32, 40]
    assert links[name_at(16)].base == name_at(8)


def test_a_new_day_and_a_damaged_chain_begin_whole():
    links = take_day(5)
    assert chain.choose(name_at(0, day=1), links, frozenset()) == Choice(None, True)
    assert chain.choose(name_at(5), links, frozenset([name_at(0)])) == Choice(None, True)
    assert chain.choose(name_at(5), links, frozenset([name_at(4)])) == Choice(name_at(3), False)


def test_a_base_that_is_gone_is_said():
    links = take_day(3)
    del links[name_at(1)]
    assert code_of(chain.steps, name_at(2), links) == "base_damaged"


def test_points_that_others_are_made_from_are_known():
    links = take_day(10)
    assert chain.dependents(frozenset([name_at(9)]), links) == []
    assert chain.dependents(frozenset([name_at(8)]), links) == [name_at(9)]
    assert len(chain.dependents(frozenset([name_at(0)]), links)) == 9


def test_a_list_of_files_is_a_text_and_back():
    whole = file_list.read_whole(file_list.write_whole([B, A]), "db-1")
    assert whole == {A: "db-1", B: "db-1"}
    patch = file_list.write_patch([B, "cc/" + "c" * 40], whole)
    assert file_list.read_patch(patch, "db-2", whole) == {B: "db-1", "cc/" + "c" * 40: "db-2"}
    assert file_list.write_patch([A, B], whole) == ""


@pytest.mark.parametrize("text", ["../../etc/passwd\n", "+ aa\n", "* %s\n" % A])
def test_a_list_that_cannot_be_is_damaged(text):
    assert code_of(file_list.read_patch, text, "db-2", {}) == "point_damaged"


def manifest(counts, missing=(), dump=1000):
    return {"counts": counts, "files": {"missing": list(missing)}, "dump": {"bytes": dump}}


@pytest.mark.parametrize(
    ("now", "reasons"),
    [
        (manifest({"a": 1000, "b": 50}), []),
        (manifest({"a": 701, "b": 50}), []),
        (manifest({"a": 700, "b": 500}), ["rows_down"]),
        (manifest({"a": 100, "b": 50}), ["rows_down", "all_rows_down"]),
        (manifest({"a": 1000, "b": 0}), []),
        (manifest({"a": 1000}), ["table_vanished"]),
        (manifest({"a": 1000, "b": 50}, missing=[A]), ["files_missing"]),
        (manifest({"a": 1000, "b": 50}, dump=499), ["dump_small"]),
        (manifest({}), ["table_vanished", "all_rows_down", "no_tables"]),
    ],
)
def test_sudden_losses_are_suspect(now, reasons):
    judged, found = judge.judge(now, manifest({"a": 1000, "b": 50}))
    assert (judged, found) == ("suspect" if reasons else "good", reasons)


def test_lost_files_and_emptied_folders_are_suspect():
    before = {"files": {"count": 200}, "folders": {"addons": 100, "letters": 100}}
    gone = {"files": {"count": 100}, "folders": {"addons": 100, "letters": 0}}
    assert judge.judge_files(gone, before) == ("suspect", ["files_down", "folder_empty"])
    assert judge.judge_files(before, before) == ("good", [])
    assert judge.judge_files(gone, None) == ("good", [])


class Points(repo_index.Index):
    """An index with 96 days of four points each; the newest is of today."""

    def __init__(self, folder):
        super().__init__(folder)
        for day in range(-95, 1):
            for name, link in take_day(4, day).items():
                entry = {"base": link.base, "anchor": link.anchor, "order": link.order, "form": "patch"}
                self.points[name] = dict(entry, generation=1, judged="good", id="x")


@pytest.fixture
def index(tmp_path):
    return Points(tmp_path)


def day_names(day):
    return [name_at(index, day) for index in range(4)]


def check(index, names, now=NOW, proved=None):
    repo_trash.check_deletion(names, index, proved, now, {"db": 90})


def test_expired_days_may_go(index):
    check(index, day_names(-95) + day_names(-94))


def test_every_rule_of_deletion_can_refuse(index):
    assert code_of(check, index, day_names(-95) + day_names(-94) + day_names(-93)) == "too_many"
    assert code_of(check, index, day_names(-89)) == "not_expired"
    assert code_of(check, index, day_names(-95)[:2]) == "base_of_others"
    assert code_of(check, index, day_names(-95), NOW, name_at(1, -95)) == "last_proved"
    assert code_of(check, index, [name_at(3)]) == "last_proved"
    assert code_of(check, index, ["db-20200101T000000Z"]) == "point_unknown"
    assert code_of(check, index, ["../x"]) == "argument_invalid"
    assert code_of(check, index, day_names(-95), NOW + 100 * DAY) == "frozen"
    index.marks.held[name_at(0, -95)] = "a restore"
    assert code_of(check, index, day_names(-95)) == "held"


def test_what_the_newest_generation_lists_counts(index):
    name, other = name_at(0, -95), name_at(1, -95)
    archives = [Archive(name, "1", "{}", 1), Archive(other, "2", "{}", 1), Archive("pending-" + name, "3", "{}", 2)]
    index.rebuild(repo_index.Listed([*archives, Archive(name, "4", "{}", 2)], {}))
    assert {each: entry["generation"] for each, entry in index.points.items()} == {name: 2, other: 1}
    assert index.agrees(repo_index.Listed([*archives, Archive(name, "4", "{}", 2)], {}))
    assert not index.agrees(repo_index.Listed([*archives, Archive(name, "5", "{}", 2)], {}))
    index.rebuild(repo_index.Listed([*archives, Archive(point_names.trash_name(name, NOW), "4", "{}", 2)], {}))
    assert list(index.points) == [other]
    assert list(index.trash) == ["trash-20261101T120000Z-" + name]


def test_a_generation_that_cannot_be_listed_hides_none_of_its_points(index):
    before = dict(index.points)
    index.rebuild(repo_index.Listed([], {1: "no manifest"}))
    index.unreadable = {1: "no manifest"}
    assert index.points == before
    assert index.broken() == set(before)


def test_a_point_that_came_back_is_no_longer_damaged(index):
    name = name_at(0)
    index.marks.damaged[name] = {"what": "a byte", "generation": 1}
    assert index.judged(name) == "damaged"
    index.points[name]["generation"] = 2
    assert index.judged(name) == "good"


def test_marks_outlive_the_index(index, tmp_path):
    index.marks.held["db-x"] = "why"
    index.marks.save()
    (tmp_path / "index.json").write_text("{half")
    assert repo_index.Index(tmp_path).marks.held == {"db-x": "why"}


EXPECTED = [
    repo_store.Expected("a", 3, "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    repo_store.Expected("empty", 0, "sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    repo_store.Expected("b", 3, "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
]


def test_a_stream_is_compared_file_by_file():
    repo_store.check_stream(iter([b"ab", b"cabc"]), EXPECTED)


@pytest.mark.parametrize("data", [b"abcab", b"abcabcd", b"abdabc", b"abcabd", b""])
def test_a_stream_that_differs_is_no_point(data):
    assert code_of(repo_store.check_stream, iter([data] if data else []), EXPECTED) == "read_back_differs"


@pytest.mark.parametrize(
    "line",
    [
        b'["addons","../x",1,1,1]',
        b'["addons","/etc/passwd",1,1,1]',
        b'["../addons","x",1,1,1]',
        b'["addons","x",-1,1,1]',
        b'["addons","x",1,1]',
        b'["addons","x",1,1.5,1]',
        b'["addons",1,1,1,1]',
        b"{}",
        b"[[[[",
    ],
)
def test_a_tree_that_no_folder_has_is_refused(line):
    assert code_of(fs_tree.read_entry, line) == "bad_answer"


def test_a_tree_may_not_go_on_for_ever():
    reader = fs_tree.TreeReader(2)
    assert code_of(reader.feed, b"".join(b'["a","%d",1,1,1]\n' % number for number in range(3))) == "too_large"
    assert code_of(fs_tree.TreeReader(9).feed, b"x" * 70000) == "bad_answer"
    reader = fs_tree.TreeReader(9)
    reader.feed(b'["a","x",1,1,1]\n["a","x/y",1,1,1]\n')
    assert code_of(reader.close) == "bad_answer"


HELD = {"snapshot": "00000003-1", "clock": 1.5, "counts": {"a": 1}, "attachments": [B, A], "strange": 0}


@pytest.mark.parametrize(
    "change",
    [{"counts": {"a": -1}}, {"counts": []}, {"attachments": ["../x"]}, {"attachments": [1]}, {"clock": "now"}],
)
def test_a_host_that_says_impossible_things_is_not_believed(change):
    assert repo_source.read_held(HELD, repo_limits.Limits()).attachments == [A, B]
    assert code_of(repo_source.read_held, {**HELD, **change}, repo_limits.Limits()) == "bad_answer"


def test_forms_follow_the_limits():
    limits = repo_limits.read({"patch_bytes": 100, "chunk_bytes": 1000}, {"patch_bytes": 200})
    forms = [limits.form_of(*sizes) for sizes in ((50, None), (200, 200), (150, 201), (1000, None), (1001, 50))]
    assert forms == ["whole", "patch", "segments", "whole", "chunks"]
    assert code_of(repo_limits.read, {"patch_byte": 1}) == "argument_invalid"


def test_a_dump_that_grows_beyond_all_measure_is_not_taken():
    limits = repo_limits.Limits(small_bytes=100, growth=4, max_bytes=10**6)
    assert [limits.most_of_dump(last) for last in (0, 10, 100, 10**9)] == [10**6, 100, 400, 10**6]


def test_what_borg_complains_about_is_told_in_a_line():
    text = "Data integrity error: Segment entry checksum mismatch\nTraceback:\n  File x, line 1\nPlatform: Linux\n"
    assert gist(text) == "Data integrity error: Segment entry checksum mismatch"
