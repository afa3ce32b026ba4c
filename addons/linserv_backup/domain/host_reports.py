"""What backup and DR hosts say of themselves: checked, because a host is believed no further than its form goes.

Rules 46-47 in docs/backups.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

MOST_ALARMS = 200
MOST_LETTERS = 300
# What Odoo judges itself, by the same proved points: a second alert about it would tell nothing new.
OWN = ("late:", "none:", "silent")


class MalformedReportError(ValueError):
    """A host's answer is no report."""


@dataclass(frozen=True)
class Report:
    """When a host last looked at itself, and what it found: the texts of its alarms."""

    time: datetime
    alarms: tuple[str, ...]


def parse(answer: object) -> Report | None:
    """Return the report in the answer of `watch.status`, None when the host has not made one yet.

    Raises MalformedReportError.
    """
    if not isinstance(answer, dict) or "report" not in answer:
        raise MalformedReportError("no report")
    report = answer["report"]
    if report is None:
        return None
    if not isinstance(report, dict) or not isinstance(report.get("alarms"), list):
        raise MalformedReportError("no alarms")
    words = [_text(alarm) for alarm in report["alarms"][:MOST_ALARMS]]
    if report.get("mail_error"):
        words.append(str(report["mail_error"])[:MOST_LETTERS])
    return Report(_moment(report.get("time")), tuple(word for word in words if word))


def allowed_age(slots: Sequence[datetime], critical_after: timedelta) -> timedelta:
    """Return how old the newest proved point of a plan may be before its host raises the alarm by itself.

    The longest time between two slots, so that a quiet weekend is none, and the time after which Odoo is critical.
    """
    pauses = [later - earlier for earlier, later in zip(slots, slots[1:])]
    return max(pauses, default=timedelta(days=1)) + critical_after


def _moment(value: Any) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**33:
        raise MalformedReportError("no time")
    return datetime.fromtimestamp(value, timezone.utc).replace(tzinfo=None)


def _text(alarm: Any) -> str:
    """Return the words of an alarm; nothing for one that Odoo judges itself."""
    if not isinstance(alarm, dict) or not isinstance(alarm.get("key"), str) or not isinstance(alarm.get("text"), str):
        raise MalformedReportError("no alarm")
    return "" if alarm["key"].startswith(OWN) else alarm["text"][:MOST_LETTERS]
