"""Builds the agent's archive: the same sources give the same bytes on every machine, so its SHA-256 is its version."""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

OWNER = "linserv_hosting"
MAIN = b"from linserv_agent.main import main\n\nraise SystemExit(main())\n"
SHEBANG = b"#!/usr/bin/python3 -I\n"
_STAMP = (1980, 1, 1, 0, 0, 0)


def build(agent_folders: Mapping[str, Path]) -> bytes:
    """Return the agent as a zipapp.

    :param agent_folders: addon name -> its `agent/` folder; `linserv_hosting` is the core, the others become
        `linserv_agent/addons/<addon>/`
    """
    members = {"__main__.py": MAIN, "linserv_agent/addons/__init__.py": b""}
    for addon, folder in agent_folders.items():
        prefix = "linserv_agent" if addon == OWNER else f"linserv_agent/addons/{addon}"
        members.update(_members(prefix, folder))
    return SHEBANG + _archive(members)


def version(archive: bytes) -> str:
    """Return the version of an agent: the SHA-256 of its file in hexadecimal."""
    return hashlib.sha256(archive).hexdigest()


def _members(prefix: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and path.suffix in (".py", ".json", ".txt", ".sql") and "__pycache__" not in relative.parts:
            yield f"{prefix}/{relative.as_posix()}", path.read_bytes()


def _archive(members: Mapping[str, bytes]) -> bytes:
    """Stored, not deflated: the output of zlib differs between its versions."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _STAMP)
            info.external_attr = 0o644 << 16
            info.create_system = 3
            archive.writestr(info, members[name])
    return buffer.getvalue()
