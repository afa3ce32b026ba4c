import resource
import socket
import threading
import time

import pytest

from odoo.addons.linserv_hosting.adapters import ssh, ssh_install, zipapp_builder
from odoo.addons.linserv_hosting.adapters.errors import FatalHostError, HostError, RetryableHostError
from odoo.addons.linserv_hosting.domain import host_keys
from odoo.addons.linserv_hosting.tests.sshd import SshEndpoint

from .conftest import Asker

INJECTIONS = [
    "$(touch /tmp/owned)",
    "`id`",
    "; rm -rf ~",
    "' OR '1'='1",
    '"; DROP TABLE res_users; --',
    "<script>alert(1)</script>",
    "{{7*7}} %(x)s %s ${jndi:ldap://x}",
    "../../../../etc/passwd",
    'a\nb\r\n{"run":"x"}\n',
    "\x00\x07\x1b[31m",
    "åäö 日本 \U0001f600",
    "-oProxyCommand=id",
    "&& | > /dev/null &",
]


def refused(kind, code, call):
    with pytest.raises(HostError) as caught:
        call()
    assert (type(caught.value), caught.value.code) == (kind, code)
    return caught.value


def count_logins(host):
    return (host.folder / "sshd.log").read_text().count("Accepted publickey")


def test_a_host_says_hello_with_the_version_of_its_agent(host, ask):
    answer = ask("hello")
    assert answer.result["instances"] == ["norrvik-prod"]
    assert answer.agent == zipapp_builder.version(host.agent_path.read_bytes())
    assert answer.bytes_received < 500


def test_what_a_handler_prints_is_not_part_of_the_answer(ask):
    assert ask("probe.print").result == {}


@pytest.mark.parametrize("text", INJECTIONS)
def test_values_arrive_as_they_are_and_are_never_commands(ask, text):
    assert ask("probe.echo", {"text": text}).result["args"] == {"text": text}


@pytest.mark.parametrize("text", INJECTIONS)
def test_an_instance_or_verb_that_the_host_does_not_know_is_refused(ask, text):
    refused(FatalHostError, "instance_unknown", lambda: ask("probe.echo", {}, instance=text))
    refused(FatalHostError, "verb_unknown", lambda: ask(text))


def test_unknown_and_ill_typed_arguments_are_refused(ask):
    refused(FatalHostError, "argument_unknown", lambda: ask("probe.echo", {"command": "id"}))
    refused(FatalHostError, "argument_invalid", lambda: ask("probe.echo", {"text": ["id"]}))


def test_refusals_are_in_the_agents_own_log(host, ask):
    refused(FatalHostError, "verb_unknown", lambda: ask("no.such_verb"))
    line = (host.state_directory / "agent.log").read_text().splitlines()[-1]
    assert '"verb": "no.such_verb"' in line
    assert '"outcome": "verb_unknown"' in line


def test_an_error_of_the_work_is_an_error_of_the_call(ask):
    error = refused(FatalHostError, "agent_error", lambda: ask("probe.fail"))
    assert "broken" in error.message
    assert len(error.agent) == 64


def test_without_a_pinned_key_nothing_is_sent(host, ask):
    before = (host.folder / "sshd.log").read_text().count("Connection from")
    refused(FatalHostError, "host_key_unknown", lambda: ask("hello", host_keys=()))
    assert (host.folder / "sshd.log").read_text().count("Connection from") == before


def test_another_key_than_the_pinned_one_stops_before_the_login(host, ask, tmp_path):
    other = SshEndpoint(tmp_path / "other")
    pinned = (host_keys.parse_public_key(other.host_public_key),)
    before = count_logins(host)
    error = refused(FatalHostError, "host_key_changed", lambda: ask("hello", host_keys=pinned))
    assert "SHA256:" in error.message
    assert count_logins(host) == before


def test_a_host_that_no_longer_has_the_pinned_kind_of_key_has_changed(tmp_path):
    with SshEndpoint(tmp_path / "sshd") as host:
        asker = Asker(host)
        endpoint = asker.endpoint()
        host.replace_host_key("ecdsa")
        refused(FatalHostError, "host_key_changed", lambda: asker("hello", host_keys=endpoint.host_keys))


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_every_usual_kind_of_host_key_can_be_scanned_and_pinned(tmp_path, kind):
    with SshEndpoint(tmp_path / "sshd") as host:
        host.replace_host_key(kind)
        keys = ssh.scan_host_keys(host.address, host.port)
        assert keys == [host_keys.parse_public_key(host.host_public_key)]
        assert Asker(host)("hello").result["python"]


def test_a_refused_login_is_final(host, ask, tmp_path):
    stranger = SshEndpoint(tmp_path / "stranger")
    refused(FatalHostError, "auth_refused", lambda: ask("hello", private_key_pem=stranger.private_key))
    refused(FatalHostError, "key_unusable", lambda: ask("hello", private_key_pem="no key"))


def test_a_dead_host_is_unreachable(ask):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    refused(RetryableHostError, "unreachable", lambda: ask("hello", port=port))
    refused(RetryableHostError, "unreachable", lambda: ask("hello", address="no-such-host.invalid"))


class Listener:
    """A server of a few lines that speaks no SSH, or none to the end."""

    def __init__(self, talk):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._talk = talk
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                line, _address = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line):
        try:
            self._talk(line)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._socket.close()


def test_a_host_that_accepts_and_is_silent_is_given_up_at_the_deadline(ask):
    with Listener(lambda line: line.recv(10**6) and time.sleep(30)) as silent:
        begun = time.monotonic()
        refused(RetryableHostError, "timeout", lambda: ask("hello", port=silent.port, deadline=1.5))
        assert time.monotonic() - begun < 3


def test_a_host_that_drops_the_line_at_once_is_tried_again(ask):
    with Listener(lambda line: line.close()) as rude:
        refused(RetryableHostError, "connection_lost", lambda: ask("hello", port=rude.port))


def test_what_is_no_ssh_server_is_a_bad_answer(ask):
    def talk(line):
        line.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 200)
        time.sleep(5)

    with Listener(talk) as web:
        refused(FatalHostError, "bad_answer", lambda: ask("hello", port=web.port, deadline=8))


def start(tmp_path, command):
    return SshEndpoint(tmp_path / "sshd", forced_command=command)


@pytest.mark.parametrize(
    "command, kind, code",
    [
        ("echo hello", FatalHostError, "bad_answer"),
        ("head -c 300000 /dev/urandom", FatalHostError, "bad_answer"),
        ("true", RetryableHostError, "connection_lost"),
        ("false", RetryableHostError, "connection_lost"),
        ("/usr/bin/python3 -I /no/such/agent.pyz", FatalHostError, "agent_missing"),
        ("/no/such/program", FatalHostError, "agent_missing"),
        ("printf '{'", RetryableHostError, "connection_lost"),
        ("kill -9 $$", RetryableHostError, "connection_lost"),
    ],
)
def test_what_is_no_answer_is_never_a_success(tmp_path, command, kind, code):
    with start(tmp_path, command) as host:
        refused(kind, code, lambda: Asker(host)("hello"))


def test_an_agent_that_never_ends_is_cut_off_at_the_deadline(tmp_path):
    with start(tmp_path, "exec sleep 60") as host:
        begun = time.monotonic()
        refused(RetryableHostError, "timeout", lambda: Asker(host)("hello", deadline=2))
        assert time.monotonic() - begun < 4


def test_errors_without_end_on_stderr_do_not_hang_or_fill_the_memory(tmp_path):
    with start(tmp_path, "exec yes error >&2") as host:
        refused(RetryableHostError, "timeout", lambda: Asker(host)("hello", deadline=2))


def test_an_answer_of_a_gigabyte_is_cut_off_in_constant_memory(tmp_path):
    with start(tmp_path, "exec head -c 1000000000 /dev/zero") as host:
        asker = Asker(host)
        asker_limit = 8 * 1024 * 1024
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        refused(FatalHostError, "answer_too_large", lambda: asker("hello", limit=asker_limit))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 40 * 1024, "%d kB" % grown


def test_a_large_answer_within_the_limit_arrives_whole(ask):
    answer = ask("probe.big", {"bytes": 3_000_000}, limit=4_000_000)
    assert len(answer.result["data"]) == 3_000_000


def test_an_agent_of_another_version_does_nothing(host, ask):
    version = zipapp_builder.version(host.agent_path.read_bytes())
    assert ask("probe.echo", agent=version).result["args"] == {}
    refused(FatalHostError, "agent_outdated", lambda: ask("probe.echo", agent="0" * 64))
    assert ask("hello", agent="0" * 64).result["agent"] == version


def test_a_configuration_that_others_can_change_is_not_believed(tmp_path):
    with SshEndpoint(tmp_path / "sshd") as host:
        host.config_path.chmod(0o666)
        refused(FatalHostError, "config_invalid", lambda: Asker(host)("hello"))
        host.config_path.chmod(0o644)
        host.config_path.write_text("{}")
        refused(FatalHostError, "config_invalid", lambda: Asker(host)("hello"))


def test_the_login_key_gives_no_shell_and_no_files(host, ask):
    with ssh_install.Visit(host.address, host.port, 3) as line:
        line.check_host(ask.endpoint().host_keys)
        line.log_in(host.user, host.private_key)
        status, output, _said = line.run_script("id; cat /etc/passwd", b"not a request")
        assert b"root:" not in output
        assert b"request_malformed" in output
        assert status == 1
        with pytest.raises(HostError):
            line.upload("stolen", b"", 0o600)


def test_neither_a_private_key_nor_an_answer_shows_in_a_repr(ask):
    assert "PRIVATE" not in repr(ask.endpoint())
    assert "python" not in repr(ask("hello"))


@pytest.mark.parametrize(
    "output",
    [b"", b"{", b"7", b"null", b"[]", b'"error"', b'{"error":"x"}', b'{"error":{}}', b'{"result":{}}', b"[" * 60000],
)
def test_an_installer_that_answers_nonsense_is_told_as_a_failed_installation(output):
    class Host:
        def run_script(self, _command, _data):
            return 1, output, b"no \x00 room"

    order = ssh_install.Order(user="linserv", public_key="", skeleton={})
    credential = ssh_install.Credential("root", password="x")
    error = refused(FatalHostError, "install_failed", lambda: ssh_install._run_installer(Host(), credential, order))
    assert error.message == "no  room"
