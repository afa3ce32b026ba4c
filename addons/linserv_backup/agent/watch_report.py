"""The dead man of a backup host or DR host: its own timer asks what has been proved, without Odoo.

It writes `<root>/report.json` every time, which Odoo reads too, and a mail when something is late. Odoo tells
what to expect (`watch.expect`); agent.json says whom to tell and what is expected of a repository nobody spoke about.
"""

import shutil
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from . import dr_rules, watch_mail, watch_rules
from .dr_json import read_json, write_json
from .errors import BackupError
from .watch_rules import Alarm, Facts

EXPECT = "expect.json"
REPORT = "report.json"
Listing = Callable[[Dict[str, Any], str], Dict[str, Any]]


class Watch:
    """One look at everything on this host.

    :param section: `backup` of agent.json
    :param state: the agent's state folder, where the file `asked` tells when Odoo last asked
    :param now: this host's time
    """

    def __init__(self, section: Dict[str, Any], state: Path, now: Optional[int] = None) -> None:
        self._section = section
        self._settings: Dict[str, Any] = section.get("watch") or {}
        self._state = state
        self._now = int(time.time()) if now is None else now
        root = section.get("root")
        if not isinstance(root, str) or not root.startswith("/"):
            raise BackupError("config_invalid", "agent.json names no root for backups.", "configuration")
        self._root = Path(root)

    @property
    def role(self) -> str:
        """What the host is, by the engine that it has."""
        return "dr" if self._section.get("restic") else "backup"

    def report(self, daily: bool) -> Dict[str, Any]:
        """Look, keep the report, write to a person when there is a reason.

        :param daily: a mail goes out even when all is well
        :return: the report; `mail_error` when a mail could not be sent (it is tried again at the next look)
        """
        before = read_json(self._root / REPORT) or {}
        facts = [self._look(folder) for folder in self._folders()]
        alarms = [alarm for each in facts for alarm in watch_rules.judge_repository(each, self._now)]
        alarms = self._judge_host() + alarms
        told = dict(before.get("mailed") or {})
        reason = watch_rules.mail_reason(told, alarms, self._now, daily)
        report = self._describe(facts, alarms)
        if reason:
            report.update(self._tell(reason, alarms, facts, told))
        report.setdefault("mailed", told)
        write_json(self._root / REPORT, report)
        return report

    def expect(self, repositories: Dict[str, Any]) -> int:
        """Keep what Odoo expects of each repository that is here: {name: {kinds: {kind: seconds}}}; return how many."""
        known = {folder.name: folder for folder in self._folders()}
        for name in sorted(set(repositories) & set(known)):
            kinds = {kind: int(seconds) for kind, seconds in repositories[name]["kinds"].items()}
            write_json(known[name] / EXPECT, {"kinds": kinds, "told": self._now})
        return len(set(repositories) & set(known))

    def _folders(self) -> List[Path]:
        if not self._root.is_dir():
            return []
        return sorted(folder for folder in self._root.iterdir() if (folder / "passphrase").exists())

    def _look(self, folder: Path) -> Facts:
        since = int((folder / "passphrase").stat().st_mtime)
        told = read_json(folder / EXPECT)
        allowed = self._default_allowed() if told is None else dict(told["kinds"])
        try:
            listing = _LISTINGS[self.role](self._section, folder.name)
        except (BackupError, OSError) as error:
            return Facts(folder.name, {}, allowed, since, error=str(error)[:300])
        newest = {kind: _newest(listing["points"], kind) for kind in allowed}
        return Facts(folder.name, newest, allowed, since, [_name(each) for each in listing["damaged"]])

    def _default_allowed(self) -> Dict[str, int]:
        kind = "dr" if self.role == "dr" else "db"
        hours = (self._settings.get("late_hours") or {}).get(kind, watch_rules.ALLOWED_HOURS[kind])
        return {kind: int(hours * watch_rules.HOUR)}

    def _judge_host(self) -> List[Alarm]:
        asked = self._asked()
        usage = shutil.disk_usage(str(self._root if self._root.is_dir() else "/"))
        hours = float(self._settings.get("silent_hours", watch_rules.SILENT_HOURS))
        return watch_rules.judge_host(asked, usage.free, usage.total, hours, self._now)

    def _asked(self) -> Optional[int]:
        try:
            return int((self._state / "asked").stat().st_mtime)
        except OSError:
            return None

    def _describe(self, facts: List[Facts], alarms: List[Alarm]) -> Dict[str, Any]:
        return {
            "role": self.role,
            "time": self._now,
            "ok": not alarms,
            "alarms": [alarm._asdict() for alarm in alarms],
            "repositories": [{"name": each.name, "newest": each.newest, "allowed": each.allowed} for each in facts],
            "asked": self._asked(),
        }

    def _tell(self, reason: str, alarms: List[Alarm], facts: List[Facts], told: Dict[str, Any]) -> Dict[str, Any]:
        if not self._settings.get("smtp"):
            return {"mail_error": "agent.json names no mail server: nobody was told."}
        name = str(self._settings.get("name") or "a %s host" % self.role)
        state = "%d alarms" % len(alarms) if alarms else "all is well"
        subject = "[linserv %s] %s: %s" % (self.role, name, state)
        try:
            watch_mail.send(self._settings, subject, self._write(alarms, facts))
        except BackupError as error:
            return {"mail_error": str(error)[:300]}
        return {"mailed": {"time": self._now, "keys": sorted(each.key for each in alarms), "reason": reason}}

    def _write(self, alarms: List[Alarm], facts: List[Facts]) -> List[str]:
        moment = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self._now))
        lines = ["%s host, %s. Judged by what was read back and proved." % (self.role.capitalize(), moment), ""]
        lines += ["! " + alarm.text for alarm in alarms] or ["Nothing is late."]
        lines += ["", "Newest proved points:"]
        return lines + ["  %s  %s" % (each.name, _shown(each, self._now)) for each in facts]


def status(section: Dict[str, Any]) -> Dict[str, Any]:
    """Return the last report that the host's own timer wrote; `report` is None when there is none."""
    return {"report": read_json(Path(str(section.get("root"))) / REPORT), "clock": int(time.time())}


def _newest(points: List[Dict[str, Any]], kind: str) -> Optional[int]:
    """Return the slot of the newest point that counts: read back, and judged good (or accepted by a person)."""
    good = [point for point in points if point.get("kind") == kind and point.get("judged") in ("good", "accepted")]
    return max((dr_rules.parse_slot(str(point["slot"])) for point in good), default=None)


def _name(damaged: Any) -> str:
    return str(damaged.get("name") if isinstance(damaged, dict) else damaged)


def _shown(facts: Facts, now: int) -> str:
    if facts.error:
        return "cannot be read"
    words = []
    for kind, slot in sorted(facts.newest.items()):
        age = "none" if slot is None else "%s (%s ago)" % (dr_rules.format_slot(slot), watch_rules.span(now - slot))
        words.append("%s: %s" % (watch_rules.KINDS.get(kind, kind), age))
    return ", ".join(words)


def _list_copies(section: Dict[str, Any], name: str) -> Dict[str, Any]:
    from . import dr_answers  # noqa: PLC0415
    from .dr_copies import Copies  # noqa: PLC0415

    return dr_answers.listing(Copies(section, name))


def _list_points(section: Dict[str, Any], name: str) -> Dict[str, Any]:
    from . import repo_answers  # noqa: PLC0415
    from .repository import Repository  # noqa: PLC0415

    return repo_answers.listing(Repository(section, name))


_LISTINGS: Dict[str, Listing] = {"dr": _list_copies, "backup": _list_points}
