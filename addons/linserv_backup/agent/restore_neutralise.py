"""Makes a hidden copy harmless before anybody can see it: one transaction, whole or not at all."""

# ruff: noqa: S608  (statements are made of our own rules, of quoted names and of quoted values)
import hashlib
import secrets
import uuid
from typing import Any, Dict, List

from . import restore_channels as channels
from .errors import BackupError
from .restore_anonymise import anonymise_statements
from .restore_load import load_once
from .restore_order import Restore, working_on
from .restore_place import quote
from .restore_ribbon import ribbon_statements
from .restore_rules import DUMMY, NOWHERE

SECONDS = 3600
PASSWORDS = ("keep", "internal")
_NAMESPACE = uuid.UUID("8f6d2a39-6f0c-4a7e-9f33-7d5a51f2c1aa")


def neutralise(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Switch off everything in the restore's database that speaks to the outside; make the database first if needed.

    :param args: `url` of the copy, `ribbon` (a text), `anonymise`, `passwords`: `keep`, or `internal` (only colleagues)
    :raise BackupError: `argument_invalid`, or why it cannot be done; nothing is half done
    """
    options = _checked(args)
    with working_on(context, args.get("restore")) as restore:
        if restore.order["kind"] != "test_copy":
            raise BackupError("not_a_copy", "What is restored in earnest is left as it was.", "configuration")
        load_once(context, restore)
        if not restore.has_come_to("published"):
            context.progress(3, 5, "switching off what speaks to the outside")
            closed = _switch_off(restore, options)
            restore.note(state="neutralised", options=options, closed=closed)
        return {**restore.told(), "closed": restore.state.get("closed", {})}


def _checked(args: Dict[str, Any]) -> Dict[str, Any]:
    options: Dict[str, Any] = {
        "url": args.get("url") or "",
        "ribbon": args.get("ribbon") or "Test copy",
        "anonymise": bool(args.get("anonymise")),
        "passwords": args.get("passwords") or "keep",
    }
    if not options["url"].startswith(("http://", "https://")) or options["passwords"] not in PASSWORDS:
        raise BackupError(
            "argument_invalid", "A copy needs an address, and a known rule for passwords.", "configuration"
        )
    return options


def _switch_off(restore: Restore, options: Dict[str, Any]) -> Dict[str, int]:
    """Run every statement in one transaction; return how many open channels there were by their code."""
    place, database = restore.place, restore.hidden
    columns = channels.read_columns(place, database)
    found = channels.find_channels(columns, channels.find_credentials(place, database))
    closed = count_open(restore, found)
    secret = secrets.token_hex(32)
    statements = [channel.close for channel in found]
    statements += _identity(columns, restore, options, secret)
    statements += ribbon_statements(columns, options["ribbon"])
    statements += anonymise_statements(columns) if options["anonymise"] else []
    script = "".join("%s;\n" % statement for statement in statements)
    place.sql("BEGIN;\nSET LOCAL client_min_messages = warning;\n%sCOMMIT;\n" % script, database, SECONDS)
    restore.note(secret_sha256=hashlib.sha256(secret.encode()).hexdigest())
    return closed


def count_open(restore: Restore, found: List[channels.Channel]) -> Dict[str, int]:
    """Return {code: rows that are open} of the channels that are open."""
    counts: Dict[str, int] = {}
    for row in ask_open(restore, found):
        counts[row["code"]] = counts.get(row["code"], 0) + row["rows"]
    return counts


def ask_open(restore: Restore, found: List[channels.Channel]) -> List[Dict[str, Any]]:
    """Return the channels that are open, with how many rows are."""
    parts = [
        "SELECT %s AS code, %s AS place, (%s) AS rows"
        % (quote(channel.code), quote(".".join(filter(None, (channel.table, channel.column)))), _count(channel))
        for channel in found
    ]
    if not parts:
        return []
    query = "SELECT coalesce(json_agg(t ORDER BY code, place), '[]') FROM (%s) AS t WHERE rows > 0"
    rows: List[Dict[str, Any]] = restore.place.ask(query % " UNION ALL ".join(parts), where(restore))
    return rows


def where(restore: Restore) -> str:
    """Return the name of the restore's database as it is now."""
    found = restore.find_database()
    if found is None:
        raise BackupError("database_missing", "The database of this restore is not there.", "data")
    return found


def _count(channel: channels.Channel) -> str:
    if not channel.table:
        return "SELECT count(*) FROM (SELECT 1) AS one WHERE %s" % channel.live
    return 'SELECT count(*) FROM "%s" WHERE %s' % (channel.table, channel.live)


def copy_uuid(restore: Restore) -> str:
    """Return the identity of the copy's database: its own, and always the same."""
    return str(uuid.uuid5(_NAMESPACE, restore.id))


def _identity(columns: channels.Columns, restore: Restore, options: Dict[str, Any], secret: str) -> List[str]:
    """Return the statements that make the database another one than the one it was copied from."""
    values = {
        "web.base.url": options["url"],
        "database.uuid": copy_uuid(restore),
        "database.secret": secret,
        "linserv.copy": restore.id,
    }
    statements = [channels.set_parameter(key, value) for key, value in values.items()]
    statements += _dummy_server(columns)
    if options["passwords"] == "internal" and "share" in columns.get("res_users", {}):
        statements.append("UPDATE res_users SET password = NULL WHERE share")
    return statements


def _dummy_server(columns: channels.Columns) -> List[str]:
    """Return the statements that put in a mail server which leads nowhere: with none, Odoo would ask odoo.conf's."""
    known = columns.get("ir_mail_server")
    if not known:
        return []
    values = {"name": quote(DUMMY), "smtp_host": quote(NOWHERE), "smtp_port": "25", "smtp_encryption": "'none'"}
    values.update(smtp_authentication="'login'", sequence="-1000", active="true", create_uid="1", write_uid="1")
    fits = {column: value for column, value in values.items() if column in known}
    return [
        "DELETE FROM ir_mail_server WHERE name = %s" % quote(DUMMY),
        "INSERT INTO ir_mail_server (%s) VALUES (%s)" % (", ".join(fits), ", ".join(fits.values())),
    ]


def missing_dummy() -> str:
    """Return the condition for a database whose mail could take another way."""
    return "NOT EXISTS (SELECT FROM ir_mail_server WHERE name = %s AND smtp_host = %s AND active)" % (
        quote(DUMMY),
        quote(NOWHERE),
    )
