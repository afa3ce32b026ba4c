"""A real SSH server with a real agent on 127.0.0.1, for tests, benchmarks and the demo. Standard library only.

    with SshEndpoint(folder) as host:
        host.address, host.port, host.user, host.host_public_key, host.private_key_path …

It runs `/usr/sbin/sshd` as the current user, so it logs in to that user's account only, by key, and the key can do
nothing but speak to the agent (`restrict,command=…`). A second key, `admin_private_key_path`, gives a shell and SFTP:
it plays the administrator's one-time login of the first visit.
"""

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

SSHD = "/usr/sbin/sshd"
PYTHON = "/usr/bin/python3"
START_SECONDS = 10
ATTEMPTS = 5

CONFIG = """\
HostKey {host_key}
PidFile none
AuthorizedKeysFile {authorized_keys}
StrictModes no
UsePAM no
PasswordAuthentication no
ChallengeResponseAuthentication no
PermitRootLogin yes
MaxStartups 1000
MaxSessions 100
PrintMotd no
LogLevel VERBOSE
Subsystem sftp internal-sftp
"""


def build_agent(*addons):
    """Return the agent's archive made of the core and the named addons (`linserv_maintenance`, …)."""
    from ..adapters import zipapp_builder  # noqa: PLC0415  (so that this file can be used alone)

    root = Path(__file__).resolve().parents[2]
    names = {"linserv_hosting", *addons}
    return zipapp_builder.build({name: root / name / "agent" for name in names})


def make_key(path, kind="ed25519"):
    """Make a key pair without passphrase; return the path of the private part."""
    for old in (path, path.with_suffix(path.suffix + ".pub")):
        if old.exists():
            old.unlink()
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", path.name, "-f", str(path)], check=True, timeout=60)
    return path


class SshEndpoint:
    """One sshd with its agent, its keys and its folder; a context manager.

    :param folder: where everything of it lives; made when missing
    :param agent: the archive (bytes); None for one of the core alone
    :param instances: the `instances` part of agent.json
    :param forced_command: what the login key runs instead of the agent (a shell command line of the test)
    :param wrapper: put before the agent's command, for example `ulimit -f 4;`
    :param ports: how many ports it listens on (`.ports`; `.port` is the first; sshd takes 16), or a list of them
    :param sections: what else agent.json holds, for the verbs of other addons
    :param keep: keep the keys that an earlier endpoint left in the folder
    """

    def __init__(
        self, folder, agent=None, instances=None, forced_command=None, wrapper="", ports=1, keep=False, sections=None
    ):
        self.folder = Path(folder)
        self.address = "127.0.0.1"
        self.user = getpass.getuser()
        self.state_directory = self.folder / "state"
        self.agent_path = self.folder / "agent.pyz"
        self.config_path = self.folder / "agent.json"
        self.authorized_keys_path = self.folder / "authorized_keys"
        self.private_key_path = self.folder / "client_key"
        self.admin_private_key_path = self.folder / "admin_key"
        self.host_key_path = self.folder / "host_key"
        self.ports = ports if isinstance(ports, list) else []
        self._port_count = ports
        self._process = None
        self._forced_command = forced_command
        self._wrapper = wrapper
        self._keep = keep
        self._sections = sections or {}
        self._prepare(agent if agent is not None else build_agent(), instances or {})

    @property
    def port(self):
        """The (first) port it listens on."""
        return self.ports[0]

    @property
    def host_public_key(self):
        """The host key as `algorithm base64`."""
        return self._read_public(self.host_key_path)

    @property
    def private_key(self):
        """The login key in clear, as text."""
        return self.private_key_path.read_text()

    @property
    def admin_private_key(self):
        """The administrator's key in clear, as text."""
        return self.admin_private_key_path.read_text()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_error):
        self.stop()

    def start(self):
        """Start the server; the same ports again after a stop."""
        for _attempt in range(ATTEMPTS):
            ports = self.ports or [_free_port() for _number in range(self._port_count)]
            if self._start_on(ports):
                self.ports = ports
                return
        raise RuntimeError("sshd does not start:\n" + (self.folder / "sshd.log").read_text()[-2000:])

    def stop(self):
        """Stop the server and every session of it; detached runs go on."""
        if self._process is None:
            return
        _signal_group(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:  # a busy machine
            _signal_group(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=60)
        self._process = None

    def install_agent(self, archive):
        """Put another agent on the host."""
        draft = self.agent_path.with_suffix(".new")
        draft.write_bytes(archive)
        os.replace(str(draft), str(self.agent_path))

    def write_config(self, instances):
        """Replace the instances of agent.json."""
        document = {"protocol": 1, "state_directory": str(self.state_directory), "instances": instances}
        document.update(self._sections, authorized_keys=str(self.authorized_keys_path))
        self.config_path.write_text(json.dumps(document, indent=2))

    def replace_host_key(self, kind="ed25519"):
        """Become another machine at the same address."""
        self.stop()
        make_key(self.host_key_path, kind)
        self.start()

    def authorize(self, public_key, command=None):
        """Let one more key in, with a forced command or (None) with a shell."""
        prefix = 'restrict,command="%s" ' % command if command else ""
        with self.authorized_keys_path.open("a") as stream:
            stream.write(prefix + public_key.strip() + "\n")

    def authorize_agent(self, public_key):
        """Let one more key speak to the agent."""
        self.authorize(public_key, self.agent_command)

    @property
    def agent_command(self):
        """The forced command of the login key."""
        return "%s%s -I %s --config %s" % (self._wrapper, PYTHON, self.agent_path, self.config_path)

    def _prepare(self, agent, instances):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.install_agent(agent)
        self.write_config(instances)
        if self._keep and self.authorized_keys_path.exists():
            return
        for path in (self.host_key_path, self.private_key_path, self.admin_private_key_path):
            make_key(path)
        self.authorized_keys_path.write_text("")
        self.authorize(self._read_public(self.private_key_path), self._forced_command or self.agent_command)
        self.authorize(self._read_public(self.admin_private_key_path))

    def _start_on(self, ports):
        config = self.folder / "sshd_config"
        lines = "".join("ListenAddress %s:%d\n" % (self.address, port) for port in ports)
        text = CONFIG.format(host_key=self.host_key_path, authorized_keys=self.authorized_keys_path)
        config.write_text(lines + text)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, parents=True, exist_ok=True)
        with (self.folder / "sshd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [SSHD, "-D", "-e", "-f", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if all(_answers(self._process, self.address, port) for port in ports):
            return True
        self.stop()
        return False

    @staticmethod
    def _read_public(private):
        return " ".join(Path(str(private) + ".pub").read_text().split()[:2])

    def remove(self):
        """Stop, and remove the folder."""
        self.stop()
        shutil.rmtree(str(self.folder), ignore_errors=True)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(process, address, port):
    """Wait until the server says its name on the port; False when it ended instead."""
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit and process.poll() is None:
        try:
            with socket.create_connection((address, port), timeout=1) as line:
                if line.recv(4) == b"SSH-":
                    return True
        except OSError:
            time.sleep(0.02)
    return False


def _signal_group(group, number):
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return
