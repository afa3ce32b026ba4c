"""A real POP3 server of the test's own process, which remembers every connection and hands out its e-mails once."""

import socketserver
import threading

MAIL = (
    b"From: someone@example.com\r\nTo: info@norrvik.example.com\r\n"
    b"Subject: %s\r\nMessage-Id: <%s@example.com>\r\n\r\nHi\r\n"
)


class _Session(socketserver.StreamRequestHandler):
    def handle(self):
        """Speak POP3 (RFC 1939) until the other side has gone."""
        shop = self.server.shop
        shop.connections.append(self.client_address)
        self.wfile.write(b"+OK ready\r\n")
        for line in iter(self.rfile.readline, b""):
            words = line.decode("ascii", "replace").split()
            self.wfile.write(self.answer(shop, words[0].upper() if words else "", words[1:]))
            if words and words[0].upper() == "QUIT":
                return

    def answer(self, shop, verb, words):
        """The answer to one line."""
        if verb == "STAT":
            return b"+OK %d %d\r\n" % (len(shop.mails), sum(map(len, shop.mails)))
        if verb == "LIST":
            rows = b"".join(b"%d %d\r\n" % (number + 1, len(mail)) for number, mail in enumerate(shop.mails))
            return b"+OK\r\n" + rows + b".\r\n"
        if verb == "RETR":
            shop.fetched.append(int(words[0]))
            return b"+OK\r\n" + shop.mails[int(words[0]) - 1] + b"\r\n.\r\n"
        if verb == "DELE":
            shop.deleted.append(int(words[0]))
        return b"+OK\r\n"


class PopServer:
    """Listens on a loopback port: ``connections``, ``fetched`` and ``deleted`` tell who came and what they took."""

    def __init__(self, mails=3):
        self.mails = [MAIL % (b"Question %d" % number, b"q%d" % number) for number in range(mails)]
        self.connections, self.fetched, self.deleted = [], [], []
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session)
        self._server.daemon_threads, self._server.shop = True, self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    def stop(self):
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)
