import json

import pytest

from odoo.addons.linserv_hosting.agent import protocol as agent_protocol
from odoo.addons.linserv_hosting.agent.errors import AgentError
from odoo.addons.linserv_hosting.domain import protocol
from odoo.addons.linserv_hosting.domain.protocol import AnswerReader, Progress, ProtocolError

RUN = "6f0d4c1e-0d6b-4b7e-9d54-1f1f4a4f0a01"
RESULT = {"run": RUN, "agent": "a" * 64, "result": {"lines": 3}}


def lines(*documents):
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def read(data, size=None, limit=10000):
    reader, told = AnswerReader(RUN, limit), []
    step = size or len(data)
    for start in range(0, len(data), step):
        told += reader.feed(data[start : start + step])
    return reader, told


@pytest.mark.parametrize("size", [1, 2, 7, None])
def test_an_answer_is_read_however_it_is_cut(size):
    data = lines({"run": RUN, "progress": {"done": 1, "total": 4, "text": "sale"}}, RESULT)
    reader, told = read(data, size)
    assert told == [Progress(25, "sale")]
    assert reader.final.result == {"lines": 3}
    assert reader.bytes_received == len(data)


def test_a_result_without_its_newline_is_not_finished():
    reader, _told = read(lines(RESULT)[:-1])
    assert reader.final is None


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n",
        b"\n",
        b"\xff\xfe\n",
        b"[]\n",
        b"null\n",
        b"{}\n",
        b'{"result": {}}\n',
        lines({"run": "6f0d4c1e-0d6b-4b7e-9d54-1f1f4a4f0a02", "result": {}}),
        lines({"run": RUN}),
        lines({"run": RUN, "result": []}),
        lines({"run": RUN, "result": {}, "error": {"code": "x"}}),
        lines({"run": RUN, "error": "x"}),
        lines({"run": RUN, "error": {"message": "no code"}}),
        lines(RESULT, RESULT),
        b"[" * 100000 + b"\n",
        b'{"run":"%s","result":{"lines":NaN}}\n' % RUN.encode(),
        b'{"run":"%s","result":{"lines":%s}}\n' % (RUN.encode(), b"9" * 9000),
    ],
)
def test_garbage_is_a_bad_answer(data):
    with pytest.raises(ProtocolError) as caught:
        read(data, limit=10**6)
    assert caught.value.code == "bad_answer"


def test_an_endless_answer_is_cut_off_at_the_limit():
    reader = AnswerReader(RUN, 1000)
    with pytest.raises(ProtocolError) as caught:
        for _number in range(1000):
            reader.feed(b"x" * 100)
    assert caught.value.code == "answer_too_large"
    assert reader.bytes_received == 1100


def test_an_error_is_told_with_its_code_and_no_more_than_2000_letters():
    error = {"code": "instance_unknown", "message": "x" * 5000, "retryable": 1}
    reader, _told = read(lines({"run": RUN, "error": error}))
    assert reader.final.error == {"code": "instance_unknown", "message": "x" * 2000, "retryable": False}


@pytest.mark.parametrize(
    "value, percent",
    [
        ({"done": 1, "total": 3}, 33),
        ({"done": 5, "total": 3}, 100),
        ({"done": -1, "total": 3}, 0),
        ({"done": 1, "total": 0}, 0),
        ({"done": "1", "total": 3}, 0),
        ("half", 0),
        (None, 0),
    ],
)
def test_odd_progress_counts_as_none(value, percent):
    assert protocol.parse_progress(value).percent == percent


def test_both_halves_of_the_protocol_understand_each_other():
    request = protocol.build_request(RUN, "code.list", {"a": "ö\n'\"$(id)"}, "norrvik-prod", 30, "a" * 64)
    read_there = agent_protocol.parse_request(protocol.encode(request))
    assert read_there.args == {"a": "ö\n'\"$(id)"}
    assert (read_there.run, read_there.instance, read_there.deadline) == (RUN, "norrvik-prod", 30)


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"protocol": 2}, "protocol_unknown"),
        ({"run": "../../etc/passwd"}, "request_malformed"),
        ({"run": RUN.upper()}, "request_malformed"),
        ({"run": RUN + "\n"}, "request_malformed"),
        ({"verb": None}, "request_malformed"),
        ({"args": []}, "request_malformed"),
        ({"instance": 1}, "request_malformed"),
        ({"deadline": 0}, "request_malformed"),
        ({"deadline": True}, "request_malformed"),
        ({"deadline": 10**9}, "request_malformed"),
        ({"shell": "id"}, "request_malformed"),
    ],
)
def test_an_agent_refuses_a_malformed_request(changes, code):
    request = dict(protocol.build_request(RUN, "hello", {}, None, 30, None), **changes)
    with pytest.raises(AgentError) as caught:
        agent_protocol.parse_request(json.dumps(request).encode())
    assert caught.value.code == code


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 100000])
def test_an_agent_refuses_what_is_no_json_object(data):
    with pytest.raises(AgentError) as caught:
        agent_protocol.parse_request(data)
    assert caught.value.code == "request_malformed"


def test_an_error_of_a_handler_without_code_is_an_agent_error():
    assert agent_protocol.error_dict(KeyError("x"))["code"] == "agent_error"
    assert agent_protocol.error_dict(OSError(28, "No space left on device"))["code"] == "disk_full"


@pytest.mark.parametrize(
    "done, total", [("1e999", "1e999"), ("1e999", "5"), ("5", "1e999"), ("true", "{}"), ("9", "-1")]
)
def test_odd_numbers_of_a_progress_are_no_progress(done, total):
    line = '{"run":"%s","progress":{"done":%s,"total":%s,"text":"x"}}\n' % (RUN, done, total)
    _reader, told = read(line.encode())
    assert told == [Progress(0, "x")]


def test_texts_of_a_host_can_be_stored():
    error = {"code": "odd\x00", "message": "a\x00b \ud800c", "retryable": False}
    reader, told = read(
        lines({"run": RUN, "progress": {"text": "\x00\ud800"}}, {"run": RUN, "agent": "\x00v", "error": error})
    )
    assert (told, reader.final.agent) == ([Progress(0, "?")], "v")
    assert reader.final.error == {"code": "odd", "message": "ab ?c", "retryable": False}
