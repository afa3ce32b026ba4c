"""A real SMTP server of the test's own process that keeps every e-mail."""

import asyncore
import smtpd
import threading
from email import message_from_bytes

from support import free_port


class Sink(smtpd.SMTPServer):
    """Takes every e-mail: ``mails`` as (first recipient, message)."""

    def __init__(self, port=0):
        self.mails, self.port = [], port or free_port()
        self._map = {}
        super().__init__(("127.0.0.1", self.port), None, map=self._map)
        self._thread = threading.Thread(target=asyncore.loop, kwargs={"timeout": 0.2, "map": self._map}, daemon=True)
        self._thread.start()

    def process_message(self, peer, mailfrom, rcpttos, data, **kwargs):
        """Called by smtpd for each e-mail."""
        self.mails.append((rcpttos[0], message_from_bytes(data)))

    @property
    def taken(self):
        """(message id, first recipient, subject) of each e-mail, in order."""
        return [(mail["Message-Id"], recipient, mail["Subject"]) for recipient, mail in self.mails]

    def stop(self):
        """Stop listening; the loop ends when nothing is open."""
        self.close()
        self._thread.join(timeout=10)
