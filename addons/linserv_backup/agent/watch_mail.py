"""Writes to a person through the SMTP server that agent.json names: no Odoo is needed for it."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any, Dict, List, Sequence

from .errors import BackupError

SECONDS = 30
SECURITIES = ("none", "starttls", "ssl")


def send(settings: Dict[str, Any], subject: str, lines: Sequence[str]) -> None:
    """Send one mail to everybody in `to`.

    :param settings: `watch` of agent.json: smtp {host, port, security, user, password_file}, from, to
    :raise BackupError: `mail_failed`, `config_invalid`
    """
    server, recipients = _check(settings)
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, settings["from"], ", ".join(recipients)
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="linserv.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(lines) + "\n")
    try:
        with _connect(server) as line:
            refused = line.send_message(message, settings["from"], recipients)
    except (OSError, smtplib.SMTPException) as error:
        raise BackupError("mail_failed", "The mail was not taken: %s" % error, "transient") from error
    if refused:
        raise BackupError("mail_failed", "Some were not taken: %s" % ", ".join(sorted(refused)), "transient")


def _check(settings: Dict[str, Any]) -> "tuple[Dict[str, Any], List[str]]":
    server, recipients = settings.get("smtp"), settings.get("to")
    good = isinstance(server, dict) and isinstance(server.get("host"), str) and isinstance(settings.get("from"), str)
    if not good or not isinstance(recipients, list) or not recipients:
        raise BackupError("config_invalid", "agent.json names no mail server, sender or recipient.", "configuration")
    assert isinstance(server, dict)
    if server.get("security", "starttls") not in SECURITIES:
        raise BackupError("config_invalid", "security of the mail server is none, starttls or ssl.", "configuration")
    return server, [str(recipient) for recipient in recipients]


def _connect(server: Dict[str, Any]) -> smtplib.SMTP:
    security = server.get("security", "starttls")
    host, port = server["host"], int(server.get("port") or (465 if security == "ssl" else 25))
    trust = ssl.create_default_context()
    if security == "ssl":
        line: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=trust)
    else:
        line = smtplib.SMTP(host, port, timeout=SECONDS)
    try:
        if security == "starttls":
            line.starttls(context=trust)
        if server.get("user"):
            line.login(server["user"], Path(server["password_file"]).read_text().strip())
    except BaseException:
        line.close()
        raise
    return line
