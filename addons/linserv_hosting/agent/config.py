"""The agent's configuration on the host: which instances there are and where everything of theirs lies."""

import json
import os
import stat
from pathlib import Path
from typing import Any, Dict, Optional

from .errors import AgentError

DEFAULT_PATH = "/etc/linserv/agent.json"
DEFAULT_STATE_DIRECTORY = "/var/lib/linserv"


class Config:
    """The contents of agent.json. Only root (or the agent's own account) may have written it."""

    def __init__(
        self, state_directory: Path, instances: Dict[str, Dict[str, Any]], document: Optional[Dict[str, Any]] = None
    ) -> None:
        self.state_directory = state_directory
        self.instances = instances
        self.path = DEFAULT_PATH
        self._document = document or {}

    @property
    def authorized_keys(self) -> Path:
        """The file of the keys that may speak to the agent: the account's own unless agent.json names another."""
        named = self._document.get("authorized_keys")
        return Path(named) if isinstance(named, str) and named else Path.home() / ".ssh" / "authorized_keys"

    def get_section(self, name: str) -> Dict[str, Any]:
        """Return what agent.json says for an addon's verbs under a key of its own, such as `backup`; empty if nothing.

        :raise AgentError: `config_invalid`
        """
        section = self._document.get(name, {})
        if not isinstance(section, dict):
            raise AgentError("config_invalid", "%s in the agent's configuration has the wrong form." % name)
        return section

    @classmethod
    def load(cls, path: str) -> "Config":
        """Read the file.

        :raise AgentError: `config_invalid` when it is missing, malformed or writable by others
        """
        try:
            with open(path, "rb") as stream:
                _check_owner(os.fstat(stream.fileno()), path)
                document = json.loads(stream.read().decode("utf-8"))
        except (OSError, ValueError) as error:
            raise AgentError("config_invalid", "%s cannot be used: %s" % (path, error)) from error
        config = cls.from_document(document)
        config.path = path
        return config

    @classmethod
    def from_document(cls, document: Any) -> "Config":
        """Check the parsed file.

        :raise AgentError: `config_invalid`
        """
        if not isinstance(document, dict) or document.get("protocol") != 1:
            raise AgentError("config_invalid", "The agent's configuration is not of version 1.")
        instances = document.get("instances", {})
        if not isinstance(instances, dict) or not all(isinstance(value, dict) for value in instances.values()):
            raise AgentError("config_invalid", "The instances of the agent's configuration have the wrong form.")
        return cls(Path(document.get("state_directory") or DEFAULT_STATE_DIRECTORY), instances, document)

    def get_instance(self, name: str) -> Dict[str, Any]:
        """Return what the host knows about an instance.

        :raise AgentError: `instance_unknown`
        """
        try:
            return self.instances[name]
        except KeyError:
            raise AgentError("instance_unknown", "The host has no such instance in its agent.json.") from None


def _check_owner(status: os.stat_result, path: str) -> None:
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise AgentError("config_invalid", "%s can be changed by others than root." % path)
