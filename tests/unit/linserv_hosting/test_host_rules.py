import pytest

from odoo.addons.linserv_hosting.domain import host_states, names
from odoo.addons.linserv_hosting.domain.host_keys import (
    HostKey,
    MalformedKeyError,
    parse_public_key,
    same_fingerprint,
    verdict,
)

# A key and its fingerprint as ssh-keygen -lf prints it.
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJi0hZy1pOe7qJrHgKlCnSLTL1oGBJVqfnZdXb9WzvPW"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK1m6J5Y0s8mC0mR5h8v8q9o7N3r4T6y8U1i2O3p4A5s"


def test_a_pinned_key_is_accepted_and_any_other_has_changed():
    pinned, other = parse_public_key(ED25519), parse_public_key(OTHER)
    assert verdict([pinned], pinned) == "ok"
    assert verdict([pinned], other) == "host_key_changed"
    assert verdict([other, pinned], pinned) == "ok"


def test_a_host_without_pinned_keys_is_unknown():
    assert verdict([], parse_public_key(ED25519)) == "host_key_unknown"


def test_the_same_base64_under_another_algorithm_is_another_key():
    pinned = parse_public_key(ED25519)
    assert verdict([pinned], HostKey("ssh-rsa", pinned.public_key)) == "host_key_changed"


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-rsa " + ED25519.split()[1], "a b c"])
def test_what_is_no_key_is_refused(line):
    with pytest.raises(MalformedKeyError):
        parse_public_key(line)


def test_a_typed_fingerprint_may_have_blanks_and_padding_but_no_other_letter():
    actual = parse_public_key(ED25519).fingerprint
    assert actual.startswith("SHA256:")
    assert same_fingerprint("  %s=\n" % actual, actual)
    assert same_fingerprint(actual.replace("SHA256:", "sha256:"), actual)
    assert same_fingerprint(actual[len("SHA256:") :], actual)
    assert not same_fingerprint(actual[:-1], actual)
    assert not same_fingerprint(actual.upper(), actual)
    assert not same_fingerprint("SHA256:", actual)
    assert not same_fingerprint("", actual)


@pytest.mark.parametrize(
    "state, event, after",
    [
        ("draft", "pin", "pinned"),
        ("pinned", "answered", "ready"),
        ("ready", "lost", "unreachable"),
        ("unreachable", "answered", "ready"),
        ("ready", "key_changed", "blocked"),
        ("blocked", "answered", "blocked"),
        ("blocked", "lost", "blocked"),
        ("blocked", "pin", "pinned"),
        ("ready", "answered_outdated", "agent_outdated"),
        ("agent_outdated", "answered", "ready"),
        ("retired", "answered", "retired"),
        ("retired", "reopen", "draft"),
        ("draft", "answered", "draft"),
    ],
)
def test_what_an_event_makes_of_a_host(state, event, after):
    assert host_states.next_state(state, event) == after


def test_a_new_a_blocked_and_a_retired_host_are_not_called():
    assert {"draft", "blocked", "retired"}.isdisjoint(host_states.CALLABLE)


@pytest.mark.parametrize(
    "sources, name",
    [
        (("norrvik",), "norrvik"),
        (("", "Norrvik Bygg, produktion"), "norrvik-bygg-produktion"),
        (("Åre Öl & Café",), "are-ol-cafe"),
        (("---", "..."), "instance"),
        (("x" * 100,), "x" * 63),
        (("'; DROP TABLE res_users; --",), "drop-table-res_users"),
    ],
)
def test_a_technical_name_is_made_of_what_there_is(sources, name):
    assert names.technical_name(*sources) == name
    assert names.is_technical_name(name)


@pytest.mark.parametrize(
    "text", ["", "-rf", "../etc", "a b", "a;b", "$(id)", "A", "é", "a\n", "a" * 64, "<b>", ".hidden", "a/b"]
)
def test_what_could_mean_more_than_a_name_is_no_technical_name(text):
    assert not names.is_technical_name(text)


@pytest.mark.parametrize("text", ["-oProxyCommand=id", "a b", "", "host;id", "host\n", "`id`", "host/", "-"])
def test_what_could_mean_more_than_an_address_is_none(text):
    assert not names.is_address(text)


@pytest.mark.parametrize("text", ["vm1", "vm1.linserv.se", "10.0.0.1", "2001:db8::1"])
def test_host_names_and_ip_addresses_are_addresses(text):
    assert names.is_address(text)


@pytest.mark.parametrize("text", ["root", "linserv", "_odoo", "a-b"])
def test_account_names(text):
    assert names.is_login(text)
    assert not names.is_login(text + ";id")
    assert not names.is_login("-" + text)


@pytest.mark.parametrize("verb, good", [("hello", True), ("host.facts", True), ("rm", False), ("a.b;c", False)])
def test_verbs(verb, good):
    assert names.is_verb(verb) is good
