"""Answers of a host that has held a drill, for tests; the form is that of agent/drill_run.py."""

SHA = "ab" * 32


def answer(name="db-20261101T103000Z", faults=(), **more):
    """Return a host's answer: everything in order unless told otherwise."""
    told = {
        "repository": "norrvik-prod",
        "name": name,
        "ok": not faults,
        "faults": [{"code": code, "text": "about " + code} for code in faults],
        "began": 1793529000,
        "ended": 1793529061,
        "seconds": {
            "rebuild": 4.2,
            "hash": 1.1,
            "restore": 21.75,
            "registry": 3.5,
            "rows": 2.25,
            "files": 2.0,
            "total": 36.5,
        },
        "usable_seconds": 30.55,
        "cpu_seconds": 20.5,
        "peak_memory_mb": 310,
        "dump": {"bytes": 262144000, "sha256": SHA},
        "tables": 406,
        "rows": 701234,
        "rows_root": "cd" * 32,
        "rows_compared": 406,
        "hashes_compared": 0,
        "hashes": {"res_partner": [3, "12"]},
        "files": {
            "count": 2125,
            "bytes": 10**9,
            "damaged": 0,
            "damaged_names": [],
            "missing": 0,
            "missing_names": [],
            "root": "ef" * 32,
        },
        "registry": {
            "odoo": "14.0-20210110",
            "seconds": 3.1,
            "modules": 120,
            "missing_modules": ["norrvik_sale"],
            "models": 640,
            "users": 12,
            "opened": {"asked": 20, "good": 20},
        },
    }
    told.update(more)
    return told
