"""The demo's mail server: takes what Norrvik's Odoo sends and keeps each e-mail as a file.

python mailbox.py PORT FOLDER
"""

import asyncore
import smtpd
import sys
from pathlib import Path


class Mailbox(smtpd.SMTPServer):
    """Takes every e-mail and passes none on."""

    def __init__(self, port, folder):
        self.folder = folder
        super().__init__(("127.0.0.1", port), None)

    def process_message(self, peer, mailfrom, rcpttos, data, **kwargs):
        """Called by smtpd for each e-mail."""
        draft = self.folder / "draft"
        draft.write_bytes(data)
        draft.rename(self.folder / ("%04d.eml" % (len(list(self.folder.glob("*.eml"))) + 1)))


if __name__ == "__main__":
    place = Path(sys.argv[2])
    place.mkdir(parents=True, exist_ok=True)
    Mailbox(int(sys.argv[1]), place)
    asyncore.loop(timeout=1)
