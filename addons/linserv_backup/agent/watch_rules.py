"""When a backup or DR host raises the alarm by itself, and when it writes to a person: values in, alarms out.

Only proved points count: neither what a program's exit status said nor that something was begun.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

HOUR = 3600
ALLOWED_HOURS = {"db": 3, "dr": 30}
SILENT_HOURS = 6
AHEAD_SECONDS = 900
FREE_PERCENT = 10
REMIND_SECONDS = 24 * HOUR
KINDS = {"db": "database", "fs": "files", "dr": "DR copy"}


class Facts(NamedTuple):
    """What is known of one repository.

    `newest` and `allowed` are by kind: the slot of the newest proved point (None: there is none), and how many seconds
    it may be old; `damaged` names points; `error` is set when the repository cannot even be listed.
    """

    name: str
    newest: Dict[str, Optional[int]]
    allowed: Dict[str, int]
    since: int
    damaged: Sequence[str] = ()
    error: Optional[str] = None


class Alarm(NamedTuple):
    """Something that a person has to look at; `key` is the same for as long as it is the same thing."""

    key: str
    text: str


def judge_repository(facts: Facts, now: int) -> List[Alarm]:
    """Return what is wrong with one repository."""
    if facts.error:
        return [Alarm("unreadable:" + facts.name, "%s cannot be read: %s" % (facts.name, facts.error))]
    alarms = [alarm for kind in sorted(facts.allowed) for alarm in _judge_kind(facts, kind, now)]
    if facts.damaged:
        words = "%s has damaged points: %s" % (facts.name, ", ".join(sorted(facts.damaged)[:10]))
        alarms.append(Alarm("damaged:" + facts.name, words))
    return alarms


def _judge_kind(facts: Facts, kind: str, now: int) -> List[Alarm]:
    newest, allowed = facts.newest.get(kind), facts.allowed[kind]
    name, what = "%s:%s" % (facts.name, kind), "%s, %s" % (facts.name, KINDS.get(kind, kind))
    if newest is not None and newest > now + AHEAD_SECONDS:
        return [Alarm("clock:" + name, "%s: the newest proved point is %s in the future." % (what, span(newest - now)))]
    age = now - (facts.since if newest is None else newest)
    if age <= allowed:
        return []
    if newest is None:
        return [Alarm("none:" + name, "%s: there is no proved point, for %s." % (what, span(age)))]
    words = "%s: the newest proved point is %s old, %s are allowed." % (what, span(age), span(allowed))
    return [Alarm("late:" + name, words)]


def judge_host(asked: Optional[int], free: int, total: int, silent_hours: float, now: int) -> List[Alarm]:
    """Return what is wrong with the host itself.

    :param asked: when Odoo has last asked this host anything
    """
    alarms = []
    if asked is None or now - asked > silent_hours * HOUR:
        words = "never" if asked is None else "%s ago" % span(now - asked)
        alarms.append(Alarm("silent", "Odoo asked this host last %s. Nobody orders backups." % words))
    if total and free * 100 < total * FREE_PERCENT:
        alarms.append(Alarm("disk", "%d %% of the disk is free." % (free * 100 // total)))
    return alarms


def mail_reason(before: Dict[str, Any], alarms: Sequence[Alarm], now: int, daily: bool) -> Optional[str]:
    """Return why a mail goes out now (`daily`, `alarm`, `reminder`, `recovered`), None when nobody needs one.

    :param before: `mailed` of the last report: {keys, time}
    """
    keys, known = sorted(alarm.key for alarm in alarms), list(before.get("keys") or [])
    if set(keys) - set(known):
        return "alarm"
    if daily:
        return "daily"
    if known and not keys:
        return "recovered"
    if keys and now - int(before.get("time") or 0) >= REMIND_SECONDS:
        return "reminder"
    return None


def span(seconds: int) -> str:
    """Return a duration as a person says it."""
    if seconds >= 2 * 86400:
        return "%d days" % (seconds // 86400)
    if seconds >= 2 * HOUR:
        return "%d hours" % (seconds // HOUR)
    return "%d minutes" % (seconds // 60)
