"""Hands out what an audit asks for: the contents of named files, and what the host's own official tool counts."""

import base64
import hashlib
import os
import re
import subprocess
import time
import zlib
from typing import Any, Dict, List, Optional, Sequence

from . import line_counter
from .discovery import addons_folders, dsn, environment, find_module
from .errors import CountError

MOST_FILES = 500
MOST_BYTES = 8 * 2**20
OFFICIAL_SECONDS = 900
_ROW = re.compile(r"^(\S.*?)\s+(\d+)\s+(-?\d+)\s+(\d+)\s*$")
_TOTAL = re.compile(r"^\s+(\d+)\s+(-?\d+)\s+(\d+)\s*$")
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})")


def audit(request: Any, files: Sequence[Any], run_official: bool) -> Dict[str, Any]:
    """Return `files` with their contents (base64 of zlib) and, when asked for, `official`."""
    answer: Dict[str, Any] = {"files": _contents(request, files)}
    if run_official:
        answer["official"] = official(request.instance, str(request.context.cache_directory / "odoo"))
    return answer


def _contents(request: Any, files: Sequence[Any]) -> List[Dict[str, Any]]:
    if len(files) > MOST_FILES or not all(_is_name(name) for name in files):
        raise CountError("argument_invalid", "files are at most %d pairs of module and path" % MOST_FILES)
    installed = set(request.found()["modules"]) if files else set()
    rows, size = [], 0
    for module, path in files:
        row = _content(request.instance, module if module in installed else "", path)
        size += len(row.get("content") or "")
        rows.append(row if size <= MOST_BYTES else {"state": "cut"})
        rows[-1].update(module=module, path=path)
    return rows


def _is_name(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)


def _content(instance: Dict[str, Any], module: str, path: str) -> Dict[str, Any]:
    """Return a file of a module; a way out of the module's folder, by dots or by a linked folder, finds nothing."""
    place = find_module(module, addons_folders(instance)) if module and "/" not in module else None
    real = _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), path)
    if place is None or real.startswith("/") or any(part in ("", ".", "..") for part in real.split("/")):
        return {"state": "unknown"}
    whole = os.path.join(place.real, real)
    folder = os.path.realpath(os.path.dirname(whole))
    if folder != os.path.dirname(whole) or os.path.splitext(whole)[1].lower() not in line_counter.NEW_EXTENSIONS:
        return {"state": "unknown"}
    try:
        content = line_counter.read_regular(whole)
    except line_counter.UnreadableError as error:
        return {"state": error.kind}
    packed = base64.b64encode(zlib.compress(content)).decode("ascii")
    return {"state": "ok", "sha256": hashlib.sha256(content).hexdigest(), "content": packed}


def official(instance: Dict[str, Any], data_folder: str) -> Dict[str, Any]:
    """Run the host's own tool on the instance's database and return its table; it may hang, so it has a deadline."""
    begin = time.monotonic()
    command = [instance["python"], instance.get("odoo_bin") or "odoo", "cloc", "-d", instance["database"]]
    command += ["--addons-path", ",".join(addons_folders(instance)), "--data-dir", data_folder, "-v"]
    if instance.get("odoo_config") and os.access(instance["odoo_config"], os.R_OK):
        command += ["-c", instance["odoo_config"]]
    connection = dsn(instance)
    command += ["--db_%s=%s" % (key, connection[key]) for key in ("host", "port", "user") if connection.get(key)]
    secret = {"PGPASSWORD": connection["password"]} if connection.get("password") else {}
    settings = {"COLUMNS": "4096", "GIT_PYTHON_REFRESH": "quiet"}  # the latter for addons that import GitPython
    output, status = _run(command, {**environment(), **secret, **settings})
    return {**parse_table(output), "exit": status, "seconds": round(time.monotonic() - begin, 2)}


def _run(command: Sequence[str], environ: Dict[str, str]) -> Any:
    try:
        child = subprocess.run(  # noqa: S603  (an argument list, no shell)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environ,
            timeout=OFFICIAL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "", "timeout"
    except OSError as error:
        return str(error), "missing"
    return child.stdout.decode("utf-8", "replace"), child.returncode


def parse_table(output: str) -> Dict[str, Any]:
    """Return `modules` (name -> [total, code]), `files` that count 0, `code` and `total` of the tool's table.

    A run that was stopped has no sums: then `code` is None and `tail` the end of what it said.
    """
    table, _title, errors = output.partition("\nErrors\n")
    modules: Dict[str, List[int]] = {}
    sums: List[Optional[int]] = [None, None]
    for line in table.splitlines():
        row, total = _ROW.match(line), _TOTAL.match(line)
        if row:
            modules[row.group(1)] = [int(row.group(2)), int(row.group(4))]
        elif total:
            sums = [int(total.group(1)), int(total.group(3))]
    failed = [line.strip() for line in errors.splitlines() if line.startswith("    ")]
    tail = output[-2000:] if sums[1] is None else ""
    return {"modules": modules, "errors": failed, "total": sums[0], "code": sums[1], "tail": tail}
