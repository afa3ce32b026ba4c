"""When somebody must be told about a backup. Rules 30-36 in docs/backups.md.

Everything is judged by what is proved: points that were read back, drills that restored, proofs that agree.
What a run answered about itself decides nothing here. Times are UTC without zone, as Odoo keeps them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

WARNING, CRITICAL = "warning", "critical"
SEVERITIES = (WARNING, CRITICAL)
SEVERAL = "host_late"
LATE_CODES = ("late", "dr_late")


@dataclass(frozen=True)
class Rule:
    """How bad a kind of alert is at first, and after how long it is critical (None: it stays as it is)."""

    severity: str
    critical_after: timedelta | None = None


DAY = timedelta(days=1)
RULES: Mapping[str, Rule] = {
    "late": Rule(WARNING),
    "dr_late": Rule(WARNING, 2 * DAY),
    "host_late": Rule(CRITICAL),
    "suspect": Rule(WARNING, DAY),
    "damaged": Rule(CRITICAL),
    "drill_failed": Rule(CRITICAL),
    "drill_late": Rule(WARNING, 14 * DAY),
    "gaps": Rule(WARNING, 2 * DAY),
    "proof_late": Rule(WARNING, 2 * DAY),
    "retention_frozen": Rule(WARNING, 3 * DAY),
    "capacity": Rule(WARNING),
    "clock_skew": Rule(WARNING, DAY),
    "configuration": Rule(CRITICAL),
    "not_connected": Rule(WARNING, 3 * DAY),
    "backup_report_missing": Rule(WARNING, DAY),
    "dr_report_missing": Rule(WARNING, DAY),
    "host_alarm": Rule(WARNING, DAY),
    "restore_failed": Rule(CRITICAL),
    "copy_overdue": Rule(CRITICAL),
    "sheet_unconfirmed": Rule(WARNING, 30 * DAY),
    "cron_silent": Rule(CRITICAL),
}


@dataclass(frozen=True)
class Limits:
    """From when something is late. Every one is a setting of the company; these are its defaults."""

    overdue_after: timedelta = timedelta(minutes=45)
    late_slots: int = 2
    late_after: timedelta = timedelta(hours=4)
    critical_after: timedelta = timedelta(hours=6)
    drill_after: timedelta = timedelta(days=8)
    dr_drill_after: timedelta = timedelta(days=35)
    proof_after: timedelta = timedelta(hours=30)
    report_after: timedelta = timedelta(hours=26)
    silent_after: timedelta = timedelta(minutes=45)
    copy_overdue_after: timedelta = timedelta(hours=3)
    skew: timedelta = timedelta(minutes=5)
    sheet_days: int = 365
    capacity_warning_days: int = 30
    capacity_critical_days: int = 7
    several: int = 5


@dataclass(frozen=True)
class Finding:
    """Something that is wrong now. ``code`` and ``subject`` together are what makes it the same thing tomorrow.

    ``cause`` names what several findings may have in common, such as "linserv.host,3"; ``facts`` are for the words.
    """

    code: str
    subject: str
    since: datetime
    severity: str = WARNING
    cause: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """What one open alert there is at most of."""
        return self.code, self.subject


def find(code: str, subject: str, since: datetime, now: datetime, **more: Any) -> Finding:
    """Return a finding as bad as its rule says after that long; a worse ``severity`` that is given stays."""
    rule, given = RULES[code], more.pop("severity", None)
    old = rule.critical_after is not None and now - since >= rule.critical_after
    severity = CRITICAL if CRITICAL in (given, rule.severity) or old else WARNING
    return Finding(code, subject, since, severity, **more)


def overdue(slots: Iterable[datetime], proved: datetime | None, now: datetime, limits: Limits) -> list[datetime]:
    """Return the slots after the last proved one that should have been proved by ``now``, the oldest first."""
    due = sorted(slot for slot in slots if slot + limits.overdue_after <= now)
    return [slot for slot in due if proved is None or slot > proved]


def late_severity(missed: Sequence[datetime], now: datetime, limits: Limits) -> str | None:
    """Return how bad overdue slots are, or None while that is no alert.

    Late are two overdue slots in a row, or a single one for four hours: with 48 points a day that is told after an hour
    and a quarter, with one a day the same morning.
    """
    if not missed:
        return None
    age = now - missed[0]
    if len(missed) < limits.late_slots and age < limits.late_after:
        return None
    return CRITICAL if age >= limits.critical_after else WARNING


def late(subject: str, missed: Sequence[datetime], now: datetime, limits: Limits, **more: Any) -> Finding | None:
    """Return the finding that a policy's points are late, or None. `code` may say ``dr_late``."""
    code = more.pop("code", "late")
    severity = late_severity(missed, now, limits)
    if severity is None:
        return None
    facts = {**more.pop("facts", {}), "missed": len(missed)}
    if code != "late":
        severity = WARNING
    return find(code, subject, missed[0], now, severity=severity, facts=facts, **more)


def older_than(since: datetime | None, begun: datetime, now: datetime, allowed: timedelta) -> datetime | None:
    """Return from when something that should come every ``allowed`` is missing, or None when it is not.

    Before the first one, the time counts from ``begun``.
    """
    expected = (since or begun) + allowed
    return expected if now >= expected else None


def capacity_severity(days_left: int | None, limits: Limits) -> str | None:
    """Return how bad it is that a disk is full in so many days (None: it does not grow)."""
    if days_left is None or days_left > limits.capacity_warning_days:
        return None
    return CRITICAL if days_left <= limits.capacity_critical_days else WARNING


def with_several(findings: Iterable[Finding], now: datetime, limits: Limits) -> list[Finding]:
    """Return the findings, and one more for every cause that makes many instances late at once.

    One person is told once that a host stands still, not three hundred times that an instance is late.
    """
    known = list(findings)
    causes = Counter(each.cause for each in known if each.code in LATE_CODES and each.cause)
    for cause, number in sorted(causes.items()):
        if number >= limits.several:
            since = min(each.since for each in known if each.cause == cause and each.code in LATE_CODES)
            known.append(find(SEVERAL, cause, since, now, cause=cause, facts={"count": number}))
    return known


def quiet_keys(findings: Iterable[Finding]) -> frozenset[tuple[str, str]]:
    """Return the keys of the late findings that the one about their host speaks for."""
    known = list(findings)
    spoken_for = {each.cause for each in known if each.code == SEVERAL}
    return frozenset(each.key for each in known if each.code in LATE_CODES and each.cause in spoken_for)


def worst(findings: Iterable[Finding]) -> list[Finding]:
    """Return one finding for each key: the worst severity, the earliest time, the latest facts."""
    by_key: dict[tuple[str, str], Finding] = {}
    for each in findings:
        other = by_key.get(each.key)
        if other is not None:
            severity = CRITICAL if CRITICAL in (each.severity, other.severity) else WARNING
            each = replace(each, since=min(each.since, other.since), severity=severity)  # noqa: PLW2901
        by_key[each.key] = each
    return list(by_key.values())
