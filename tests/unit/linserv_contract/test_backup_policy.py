"""Rules 64-65 of docs/billing-rules.md: the notation of backups, and what DRIFT OCH PATCH needs."""

from datetime import date

import pytest

from odoo.addons.linserv_contract.domain.backup_policy import Offer, Policy, PolicyError, first_gap, parse, unmet

FS = Policy("FS", 90, 4)
SHEET = "DB 90/48, FS 90/4"


def day(text):
    return date.fromisoformat("2026-" + text)


def offer(start, end, text=SHEET):
    return Offer(day(start), end and day(end), parse(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SHEET, ["DB 90/48", "FS 90/4"]),
        ("DR 14/1", ["DR 14/1"]),
        ("fs 90 / 4;\nDB  30/24", ["FS 90/4", "DB 30/24"]),
        ("", []),
        (None, []),
    ],
)
def test_rule_64_notation(text, expected):
    assert [str(policy) for policy in parse(text)] == expected


@pytest.mark.parametrize("text", ["FS", "FS 90", "90/4", "FS 90/4/1", "FS ninety/4", "FS -90/4", "FS 90/4 DB 90/48"])
def test_rule_64_what_cannot_be_read_is_refused(text):
    with pytest.raises(PolicyError):
        parse(text)


@pytest.mark.parametrize(
    ("offered", "enough"),
    [
        (SHEET, True),
        ("FS 90/4", True),
        ("FS 365/24", True),
        ("FS 89/4", False),
        ("FS 90/3", False),
        ("DB 90/48", False),
        ("DR 90/4", False),
        ("FS 90/1, FS 14/4", False),
        ("", False),
    ],
)
def test_rule_65_at_least_90_4(offered, enough):
    assert unmet([FS], parse(offered)) == ([] if enough else [FS])


@pytest.mark.parametrize(
    ("offers", "until", "gap"),
    [
        ([offer("10-01", None)], None, None),
        ([offer("10-02", None)], None, "10-01"),
        ([offer("10-01", "11-30")], None, "12-01"),
        ([offer("10-01", "11-30")], "11-30", None),
        ([offer("10-01", "11-30"), offer("12-01", None)], None, None),
        ([offer("10-01", "11-30"), offer("12-02", None)], None, "12-01"),
        ([offer("10-01", None, "FS 30/4")], None, "10-01"),
        ([offer("09-01", "10-20"), offer("10-10", None)], None, None),
        ([offer("09-01", None), offer("10-10", "10-20")], None, None),
        ([], None, "10-01"),
        ([offer("12-24", None)], "11-30", "10-01"),
    ],
)
def test_rule_65_every_day_of_the_service_has_its_backup(offers, until, gap):
    found = first_gap([FS], day("10-01"), until and day(until), offers)
    assert found == (gap and (day(gap), FS))


def test_rule_65_each_requirement_on_its_own():
    needs = parse("FS 90/4, DB 90/48")
    offers = [offer("10-01", None, "FS 90/4"), offer("10-01", "10-31", "DB 90/48")]
    assert first_gap(needs, day("10-01"), None, offers) == (day("11-01"), Policy("DB", 90, 48))


def test_nothing_required_is_never_missing():
    assert first_gap([], day("10-01"), None, []) is None
