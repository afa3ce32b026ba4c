"""Judges a point by what is known of the one before it: does it look like the same database, or has something happened?

A dump that died, or a file that was cut, is an error and no point at all. What is judged here are dumps that are whole
and yet may not be what anybody wants to keep: emptied tables, lost rows, lost files.
"""

from typing import Any, Dict, List, Optional, Tuple

GOOD, SUSPECT = "good", "suspect"
ROWS_LEFT = 0.7  # 30 % fewer rows are suspect …
ROWS_COUNTED = 100  # … in tables of some size, and in all together
DUMP_LEFT = 0.5


def judge(manifest: Dict[str, Any], before: Optional[Dict[str, Any]]) -> Tuple[str, List[str]]:
    """Return `good` or `suspect`, and the reasons as codes.

    :param manifest: of the new point: `counts`, `dump`, `files`
    :param before: the same of the last good one, None when there is none
    """
    reasons = _files(manifest) + (_losses(manifest, before) if before else [])
    if not manifest["counts"]:
        reasons.append("no_tables")
    return (SUSPECT if reasons else GOOD), reasons


def judge_files(manifest: Dict[str, Any], before: Optional[Dict[str, Any]]) -> Tuple[str, List[str]]:
    """Return the same for a point of the file system.

    :param manifest: `files`, `folders` {name: number of files}
    """
    now, then = manifest["files"]["count"], before["files"]["count"] if before else 0
    known = before.get("folders") or {} if before else {}
    found = {
        "files_down": _is_loss(now, then),
        "folder_empty": any(count and not manifest["folders"].get(name) for name, count in known.items()),
    }
    reasons = [code for code, holds in found.items() if holds]
    return (SUSPECT if reasons else GOOD), reasons


def _files(manifest: Dict[str, Any]) -> List[str]:
    found = {"files_missing": manifest["files"]["missing"], "files_damaged": manifest["files"].get("odd")}
    return [code for code, files in found.items() if files]


def _losses(manifest: Dict[str, Any], before: Dict[str, Any]) -> List[str]:
    now, then = manifest["counts"], before["counts"]
    rows_now, rows_then = sum(now.values()), sum(then.values())
    found = {
        "table_vanished": any(table not in now for table in then),
        "rows_down": any(_is_loss(now[table], rows) for table, rows in then.items() if table in now),
        "all_rows_down": _is_loss(rows_now, rows_then),
        "dump_small": manifest["dump"]["bytes"] < before["dump"]["bytes"] * DUMP_LEFT,
    }
    return [code for code, holds in found.items() if holds]


def _is_loss(now: int, then: int) -> bool:
    return then >= ROWS_COUNTED and now <= then * ROWS_LEFT


def describe(manifest: Dict[str, Any], before: Optional[Dict[str, Any]]) -> List[str]:
    """Return the tables that lost rows or vanished, for a person: `name: 1,200 -> 3`."""
    now, then = manifest["counts"], (before or {}).get("counts", {})
    lost = [table for table, rows in then.items() if table not in now or _is_loss(now[table], rows)]
    return ["%s: %d -> %s" % (table, then[table], now.get(table, "gone")) for table in sorted(lost)[:20]]
