"""What becomes of alerts when the findings change: opened once, escalated, closed by themselves. Rules 37-41."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .alerts import CRITICAL, Finding

REOPEN_WITHIN = timedelta(hours=24)
UNANSWERED_AFTER = timedelta(hours=4)


@dataclass(frozen=True)
class Known:
    """An alert that exists: open, or closed at ``closed``."""

    id: int
    key: tuple[str, str]
    severity: str
    closed: datetime | None = None


@dataclass
class Changes:
    """What has to be done: new alerts, old ones that come back, worse ones, unchanged ones, and those that are over."""

    opened: list[Finding] = field(default_factory=list)
    reopened: list[tuple[int, Finding]] = field(default_factory=list)
    escalated: list[tuple[int, Finding]] = field(default_factory=list)
    kept: list[tuple[int, Finding]] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)


def compare(known: Iterable[Known], findings: Iterable[Finding], now: datetime, judged: Iterable[str]) -> Changes:
    """Return what has to be done so that the open alerts are the findings.

    :param known: the open alerts, and those that were closed lately
    :param judged: the codes that were looked at; an alert of another code is left as it is, because that nobody could
        look is no sign that it is mended
    """
    found = {each.key: each for each in findings}
    alerts, codes = list(known), set(judged)
    changes = Changes()
    live = {alert.key: alert for alert in alerts if alert.closed is None}
    for key, finding in found.items():
        _place(changes, finding, live.get(key), _latest_closed(alerts, key, now))
    changes.closed = [alert.id for key, alert in live.items() if key not in found and key[0] in codes]
    return changes


def _latest_closed(alerts: Iterable[Known], key: tuple[str, str], now: datetime) -> Known | None:
    """Return the alert of that key that was closed within a day."""
    closed = [(each.closed, each.id, each) for each in alerts if each.key == key and each.closed is not None]
    recent = [row for row in closed if now - row[0] <= REOPEN_WITHIN]
    return max(recent)[2] if recent else None


def _place(changes: Changes, finding: Finding, alert: Known | None, closed: Known | None) -> None:
    if alert is not None:
        worse = finding.severity == CRITICAL and alert.severity != CRITICAL
        (changes.escalated if worse else changes.kept).append((alert.id, finding))
    elif closed is not None:
        changes.reopened.append((closed.id, finding))
    else:
        changes.opened.append(finding)


def is_unanswered(severity: str, opened: datetime, taken: bool, now: datetime) -> bool:
    """Tell whether a critical alert that nobody has taken goes to a second person."""
    return severity == CRITICAL and not taken and now - opened >= UNANSWERED_AFTER
