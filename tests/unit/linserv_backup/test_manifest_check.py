"""A point is believed value by value."""

import copy

import pytest

from odoo.addons.linserv_backup.domain import listing, manifest_check, slots
from odoo.addons.linserv_backup.domain.manifest_check import Asked, Before
from odoo.addons.linserv_backup.domain.values import AnswerRefusedError

SLOT = slots.from_text("20261101T103000Z")
ASKED = Asked("norrvik-prod", "db", SLOT)
NOW = SLOT + 40
HONEST = {
    "format": 1,
    "repository": "norrvik-prod",
    "instance": "norrvik-prod",
    "kind": "db",
    "name": "db-20261101T103000Z",
    "slot": "20261101T103000Z",
    "generation": 1,
    "form": "patch",
    "base": "db-20261101T100000Z",
    "taken_from": SLOT + 4.5,
    "taken_to": SLOT + 9.0,
    "payload": {"name": "dump.patch", "bytes": 400, "sha256": "1" * 64},
    "dump": {"bytes": 250_000, "sha256": "2" * 64},
    "counts": {"res_partner": 120, "res_users": 5},
    "rows": 125,
    "files": {"count": 30, "bytes": 9000, "new": 2, "root": "3" * 64, "missing": []},
    "tools": {"borg": "1.4.2"},
    "judged": "good",
    "reasons": [],
    "clock_skew": 0.4,
    "bytes_stored": 480,
}


def changed(**changes):
    manifest = copy.deepcopy(HONEST)
    for path, value in changes.items():
        *outer, last = path.split("__")
        part = manifest
        for name in outer:
            part = part[name]
        if value is ...:
            del part[last]
        else:
            part[last] = value
    return manifest


def test_an_honest_manifest_is_taken_over():
    taken = manifest_check.read(HONEST, ASKED, NOW)
    assert (taken.rows, taken.files, taken.dump_bytes, taken.bytes_stored, taken.form) == (
        125,
        30,
        250_000,
        480,
        "patch",
    )
    assert not taken.suspect
    assert "res_partner" not in taken.text and "1.4.2" in taken.text


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"format": 2}, "other_point"),
        ({"format": True}, "other_point"),
        ({"repository": "other"}, "other_point"),
        ({"kind": "fs"}, "other_point"),
        ({"slot": "20261101T100000Z"}, "other_point"),
        ({"name": "db-20261101T100000Z"}, "other_point"),
        ({"form": "quick"}, "bad_manifest"),
        ({"form": ...}, "bad_manifest"),
        ({"dump": ...}, "bad_manifest"),
        ({"dump__bytes": -1}, "bad_manifest"),
        ({"dump__bytes": 0}, "bad_manifest"),
        ({"dump__bytes": 1e99}, "bad_manifest"),
        ({"dump__sha256": "zz"}, "bad_manifest"),
        ({"dump__sha256": ...}, "bad_manifest"),
        ({"counts": {}}, "bad_manifest"),
        ({"counts": []}, "bad_manifest"),
        ({"counts__res_partner": "many"}, "bad_manifest"),
        ({"counts": {str(number): 0 for number in range(20_001)}, "rows": 0}, "bad_manifest"),
        ({"rows": 126}, "bad_manifest"),
        ({"rows": 2**40}, "bad_manifest"),
        ({"files__count": -5}, "bad_manifest"),
        ({"files__missing": "none"}, "bad_manifest"),
        ({"taken_from": None}, "bad_manifest"),
        ({"taken_from": float("nan")}, "bad_manifest"),
        ({"taken_to": SLOT + 4}, "bad_manifest"),
        ({"judged": "excellent"}, "bad_manifest"),
        ({"reasons": ["<script>"]}, "bad_manifest"),
        ({"reasons": ["x"] * 21}, "bad_manifest"),
        ({"clock_skew": "none"}, "bad_manifest"),
        ({"clock_skew": float("inf")}, "bad_manifest"),
        ({"bytes_stored": 2**60}, "bad_manifest"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused(change, code):
    with pytest.raises(AnswerRefusedError) as refused:
        manifest_check.read(changed(**change), ASKED, NOW)
    assert refused.value.code == code


@pytest.mark.parametrize("answer", [None, [], "good", 7])
def test_something_else_is_refused(answer):
    with pytest.raises(AnswerRefusedError):
        manifest_check.read(answer, ASKED, NOW)


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"judged": "suspect", "reasons": ["table_vanished"]}, ("table_vanished",)),
        ({"judged": "suspect"}, ("doubt",)),
        ({"judged": "good", "reasons": ["rows_down"]}, ("rows_down",)),
        ({"files__missing": ["ab/abcd"]}, ("files_missing",)),
        ({"taken_from": SLOT - 301}, ("clock",)),
        ({"taken_to": NOW + 301}, ("clock",)),
    ],
)
def test_doubts_make_a_point_suspect(change, reasons):
    assert manifest_check.read(changed(**change), ASKED, NOW).reasons == reasons


@pytest.mark.parametrize(
    ("before", "reasons"),
    [
        (None, ()),
        (Before(125, 250_000), ()),
        (Before(178, 250_000), ()),
        (Before(179, 250_000), ("rows_down",)),
        (Before(99, 250_000), ()),
        (Before(125, 500_000), ()),
        (Before(125, 500_001), ("dump_small",)),
        (Before(5000, 10**9), ("rows_down", "dump_small")),
    ],
)
def test_odoo_judges_again_from_the_last_proved_point(before, reasons):
    assert manifest_check.doubts(manifest_check.read(HONEST, ASKED, NOW), before) == reasons


def test_files_have_no_dump():
    manifest = changed(kind="fs", name="fs-20261101T103000Z", form="files", dump=..., counts=..., rows=...)
    taken = manifest_check.read(manifest, Asked("norrvik-prod", "fs", SLOT), NOW)
    assert (taken.files, taken.dump_bytes, taken.sha256) == (30, 0, "")


LIST = {
    "points": [
        {"name": "db-20261101T103000Z", "kind": "db", "form": "patch", "bytes": 480, "judged": "good"},
        {"name": "fs-20261101T103000Z", "kind": "fs", "judged": "suspect"},
    ],
    "clock": NOW,
    "free_bytes": 5,
    "total_bytes": 9,
    "repository_bytes": 3,
    "held": {"db-20261101T103000Z": "audit"},
    "trash": ["trash-20261101-db-20260101T000000Z"],
    "damaged": [],
}


def test_a_list_is_read():
    known = listing.read(LIST, ("db", "fs"))
    assert list(known.of_kind("db")) == [SLOT] and known.of_kind("fs")[SLOT].suspect
    assert (known.clock, known.held) == (NOW, {"db-20261101T103000Z"})


@pytest.mark.parametrize(
    "change",
    [
        {"points": None},
        {"points": [{"name": "../../etc/passwd"}]},
        {"points": [{"name": "db-20261399T103000Z"}]},
        {"points": LIST["points"] + LIST["points"][:1]},
        {"points": [{"name": "dr-20261101T103000Z"}]},
        {"points": [{"name": "db-20261101T103000Z", "judged": "fine"}]},
        {"clock": "now"},
        {"free_bytes": -1},
        {"held": {"everything": ""}},
        {"trash": [7]},
    ],
)
def test_a_list_that_cannot_be_is_refused(change):
    with pytest.raises(AnswerRefusedError):
        listing.read(dict(LIST, **change), ("db", "fs"))
