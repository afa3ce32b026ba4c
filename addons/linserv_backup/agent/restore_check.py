"""Proves that a copy speaks to nobody: asks the database itself for every channel that is open."""

# ruff: noqa: S608  (statements are made of our own rules, of quoted names and of quoted values)
import hashlib
from typing import Any, Dict, List

from . import restore_channels as channels
from .errors import BackupError
from .restore_neutralise import ask_open, copy_uuid, missing_dummy, where
from .restore_order import Restore, open_restore
from .restore_place import quote
from .restore_ribbon import missing_ribbon


def check_live(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Return `live`: the channels that are open, empty for a harmless copy, and how many were looked at.

    :raise BackupError: `database_missing`
    """
    restore = open_restore(context, args.get("restore"))
    database = where(restore)
    columns = channels.read_columns(restore.place, database)
    found = channels.find_channels(columns, channels.find_credentials(restore.place, database))
    found += _identity(columns, restore)
    return {**restore.told(), "live": ask_open(restore, found), "looked_at": len(found)}


def check_harmless(context: Any, restore: Restore) -> None:
    """Refuse a copy that can still reach somebody.

    :raise BackupError: `live_channels`
    """
    live: List[Dict[str, Any]] = check_live(context, {"restore": restore.id})["live"]
    if live:
        told = ", ".join("%s (%s)" % (each["code"], each["place"]) for each in live[:20])
        raise BackupError("live_channels", "The copy could still reach somebody: %s" % told, "data")


def _identity(columns: channels.Columns, restore: Restore) -> List[channels.Channel]:
    """Return what makes the copy another database than the one that it was copied from, as channels."""
    expected = {"database.uuid": copy_uuid(restore), "linserv.copy": restore.id}
    expected["web.base.url"] = restore.state.get("options", {}).get("url", "")
    other = "NOT EXISTS (SELECT FROM ir_config_parameter WHERE key = %s AND value = %s)"
    found = [
        channels.Channel("identity", "", key, other % (quote(key), quote(value)), "") for key, value in expected.items()
    ]
    digest = quote(str(restore.state.get("secret_sha256", hashlib.sha256(b"").hexdigest())))
    sessions = (
        "NOT EXISTS (SELECT FROM ir_config_parameter WHERE key = 'database.secret'"
        " AND encode(sha256(convert_to(value, 'UTF8')), 'hex') = %s)" % digest
    )
    found.append(channels.Channel("sessions", "", "database.secret", sessions, ""))
    if "ir_mail_server" in columns:
        found.append(channels.Channel("mail_server", "", "dummy", missing_dummy(), ""))
    if "ir_ui_view" in columns:
        found.append(channels.Channel("ribbon", "", "view", missing_ribbon(), ""))
    return found
