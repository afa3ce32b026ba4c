import uuid

import pytest

from odoo.addons.linserv_hosting.adapters import errors, ssh
from odoo.addons.linserv_hosting.adapters import zipapp_builder
from odoo.addons.linserv_hosting.domain import host_keys, protocol
from odoo.addons.linserv_hosting.tests.sshd import SshEndpoint, build_agent


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    instances = {"norrvik-prod": {"database": "norrvik", "series": "14.0"}}
    with SshEndpoint(tmp_path_factory.mktemp("host"), instances=instances) as endpoint:
        yield endpoint


def endpoint_of(host, **changes):
    key = host_keys.parse_public_key(host.host_public_key)
    values = {
        "address": host.address,
        "port": host.port,
        "user": host.user,
        "private_key_pem": host.private_key,
        "host_keys": (key,),
    }
    return ssh.Endpoint(**dict(values, **changes))


def ask(host, verb, args=None, instance=None, deadline=20, agent=None, run=None, **changes):
    run = run or str(uuid.uuid4())
    request = protocol.build_request(run, verb, args or {}, instance, deadline, agent)
    return ssh.execute(endpoint_of(host, **changes), request, deadline)


def test_a_host_says_hello_with_the_version_of_its_agent(host):
    answer = ask(host, "hello")
    assert answer.result["instances"] == ["norrvik-prod"]
    assert answer.agent == zipapp_builder.version(build_agent())
