"""What another host may say, and what of it is believed."""

import json

import pytest

from odoo.addons.linserv_backup.agent import frames
from odoo.addons.linserv_backup.agent.errors import BackupError

RUN = "11111111-1111-1111-1111-111111111111"


def line(**parts):
    return json.dumps(dict({"run": RUN}, **parts)).encode() + b"\n"


def read(answer, step=7, max_bytes=10**6):
    """(data, result) of an answer that arrives in small pieces."""
    reader, data = frames.FrameReader(RUN, max_bytes), b""
    for start in range(0, len(answer), step):
        data += b"".join(reader.feed(answer[start : start + step]))
    return data, reader.finish()


@pytest.mark.parametrize("step", [1, 3, 64, 10**6])
def test_data_and_result_arrive_whole_however_they_are_cut(step):
    answer = line(data=5) + b"a\nb\n{" + line(progress={"done": 1}) + line(data=0) + line(data=2) + b"zz"
    assert read(answer + line(result={"n": 1}), step) == (b"a\nb\n{zz", {"n": 1})


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "connection_lost"),
        (line(data=5) + b"abc", "connection_lost"),
        (line(data=3) + b"abc", "connection_lost"),
        (line(result={})[:-1], "connection_lost"),
        (line(data=10**9), "bad_answer"),
        (line(data=-1), "bad_answer"),
        (line(data=True), "bad_answer"),
        (line(data="7"), "bad_answer"),
        (line(result={}) + line(result={}), "bad_answer"),
        (line(result=[]), "bad_answer"),
        (line(error="x"), "bad_answer"),
        (line(result={}, run="another"), "bad_answer"),
        (b"garbage\n", "bad_answer"),
        (b"[1]\n", "bad_answer"),
        (b"\xff\xfe\n", "bad_answer"),
        (b"[" * 5000 + b"\n", "bad_answer"),
        (b'{"run": %s}\n' % (b"9" * 5000), "bad_answer"),
        (b"x" * (frames.MAX_LINE_BYTES + 10), "bad_answer"),
        (line(data=600) + b"x" * 600 + line(data=600), "too_large"),
        (line(error={"code": "pg_dump_failed", "message": "killed", "retryable": False}), "pg_dump_failed"),
    ],
)
def test_an_answer_that_cannot_be_believed_is_an_error(answer, code):
    with pytest.raises(BackupError) as caught:
        read(answer, 4096, max_bytes=1000)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("code", "retryable", "kind"),
    [
        ("lock_timeout", True, "transient"),
        ("verb_unknown", False, "configuration"),
        ("pg_dump_old", False, "configuration"),
        ("disk_full", True, "capacity"),
        ("pg_dump_failed", False, "data"),
    ],
)
def test_errors_of_the_other_host_keep_their_class(code, retryable, kind):
    error = frames.remote_error({"code": code, "message": "m", "retryable": retryable})
    assert (error.code, error.kind, str(error)) == (code, kind, "m")


def test_lines_within_the_data_are_read_one_by_one():
    pieces = iter([b'{"a":', b'1}\n{"a":2', b"}\n", b""])
    assert [found["a"] for found in frames.read_lines(lambda: next(pieces))] == [1, 2]


def test_half_a_line_within_the_data_is_refused():
    pieces = iter([b'{"a":1}\n{"a"', b""])
    with pytest.raises(BackupError):
        list(frames.read_lines(lambda: next(pieces)))
