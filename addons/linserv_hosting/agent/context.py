"""What a handler is given beside its arguments."""

import re
from pathlib import Path
from typing import Any, Callable, Dict, Optional

from .config import Config

Progress = Callable[[int, int, str], None]
Send = Callable[[bytes], None]
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")


class Context:
    """One request as its handler sees it.

    `instance` is the instance's part of agent.json (None for verbs about the host), `instance_name` its technical
    name, `progress(done, total, text)` tells how far the work has come, `send(data)` hands over raw bytes before the
    answer, `run_id` is the run's UUID, `detached` tells whether the asker has hung up and collects the result later.
    """

    def __init__(self, config: Config, run_id: str, instance_name: Optional[str], detached: bool, version: str) -> None:
        self.config = config
        self.run_id = run_id
        self.instance_name = instance_name
        self.instance: Optional[Dict[str, Any]] = config.get_instance(instance_name) if instance_name else None
        self.detached = detached
        self.agent_version = version
        self.progress: Progress = _nobody_listens
        self.send: Send = _nobody_takes

    @property
    def state_directory(self) -> Path:
        """Where the agent keeps its state."""
        return self.config.state_directory

    @property
    def cache_directory(self) -> Path:
        """A private folder (0700) of the instance, or of the host, for what may be lost."""
        name = self.instance_name or "_host"
        if self.instance_name and not _PLAIN.match(name):
            raise ValueError("an instance of agent.json has a name that cannot be a folder")
        folder = self.state_directory / "cache" / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


def _nobody_takes(_data: bytes) -> None:
    raise OSError("nobody takes data of a detached run")


def _nobody_listens(_done: int, _total: int, _text: str) -> None:
    return
