"""The values a count is made of, once they have been checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .statement import Rule

#: State of a file that was counted; any other word says why it counts 0.
FILE_OK = "ok"
#: What stands in the database is listed like a module, under a name that no module can have.
CUSTOMISATIONS = "odoo/studio"


@dataclass(frozen=True)
class FileCount:
    """One file of a module; `path` is relative to the module's folder."""

    path: str
    sha256: str
    code: int
    total: int
    state: str

    def row(self) -> list[Any]:
        """The file as it stands in the tree."""
        return [self.path, self.sha256, self.code, self.total, self.state]


@dataclass(frozen=True)
class ModuleCount:
    """One installed module with its files, sorted by path."""

    name: str
    path: str
    files: tuple[FileCount, ...]
    code: int
    total: int
    excluded: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The module as it stands in the tree."""
        return {
            "name": self.name,
            "path": self.path,
            "files": [file.row() for file in self.files],
            "code": self.code,
            "total": self.total,
            "excluded": list(self.excluded),
        }


@dataclass(frozen=True)
class CustomisationCount:
    """Code that lives in the database: a server action or a computed field."""

    model: str
    key: str
    sha256: str
    code: int
    total: int
    state: str

    def row(self) -> list[Any]:
        """The customisation as it stands in the tree."""
        return [self.model, self.key, self.sha256, self.code, self.total, self.state]


@dataclass(frozen=True)
class Note:
    """Something the counter met; `lines` are the lines it concerns, None where that is unknown."""

    kind: str
    module: str
    path: str
    lines: int | None
    message: str

    def as_dict(self) -> dict[str, Any]:
        """The note as it stands in the tree."""
        return {
            "kind": self.kind,
            "module": self.module,
            "path": self.path,
            "lines": self.lines,
            "message": self.message,
        }


@dataclass(frozen=True)
class Tree:
    """The list of everything that was counted."""

    modules: tuple[ModuleCount, ...]
    customisations: tuple[CustomisationCount, ...]
    notes: tuple[Note, ...]
    code: int
    total: int

    def as_dict(self) -> dict[str, Any]:
        """The tree as docs/evidence.md describes it."""
        return {
            "modules": [module.as_dict() for module in self.modules],
            "customisations": [item.row() for item in self.customisations],
            "notes": [note.as_dict() for note in self.notes],
        }

    def lines_by_module(self) -> dict[str, int]:
        """Lines of code per module; those in the database stand under `CUSTOMISATIONS`."""
        lines = {module.name: module.code for module in self.modules}
        if self.customisations:
            lines[CUSTOMISATIONS] = sum(item.code for item in self.customisations)
        return lines


@dataclass(frozen=True)
class Count:
    """The answer to `code.count`; `tree` is None when nothing changed since the known root."""

    root: str
    rule: Rule
    tree: Tree | None
