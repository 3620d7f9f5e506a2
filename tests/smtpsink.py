"""A mail server for tests (a subset of RFC 5321): it stores accepted messages, and fails on demand."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from tests.running import HOST

# Stages of a failure: at the address, before a message is accepted, and between that and the reply.
ADDRESS, WHOLE, ACCEPTED = "the address", "the whole message", "accepted"
# Kinds of failure: no reply, another reply, or a closed connection.
Trouble = Callable[[str, str], str | None]


class HangUp(Exception):
    """The connection is closed without a reply."""


class Sink(socketserver.ThreadingTCPServer):
    """A running mail server. `trouble` is called at each stage for each recipient, and may take its time."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, trouble: Trouble, port: int = 0) -> None:
        super().__init__((HOST, port), Conversation)
        self.trouble = trouble
        self.received: list[tuple[str, EmailMessage]] = []

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.received]

    def to(self, recipient: str) -> list[EmailMessage]:
        return [message for to, message in self.received if to == recipient]


class Conversation(socketserver.StreamRequestHandler):
    """One connection."""

    server: Sink

    def handle(self) -> None:
        try:
            self.say("220 a mail server for tests")
            while line := self.rfile.readline():
                self.answer(line.decode().strip())
        except (HangUp, ConnectionError):
            return

    def answer(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "RCPT":
                self.recipient = rest[rest.index("<") + 1 : rest.index(">")]
                self.say(self.server.trouble(ADDRESS, self.recipient) or "250 this address is fine")
            case "DATA":
                self.say("354 go on")
                self.receive()
            case "QUIT":
                self.say("221 goodbye")
                raise HangUp
            case _:
                self.say("250 fine")

    def receive(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise HangUp
            lines.append(line.removeprefix(b"."))  # a dot at the start of a line comes doubled (4.5.2)
        refusal = self.server.trouble(WHOLE, self.recipient)
        if refusal is None:
            message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
            self.server.received.append((self.recipient, message))
            refusal = self.server.trouble(ACCEPTED, self.recipient)
        self.say(refusal or "250 accepted")

    def say(self, reply: str) -> None:
        self.wfile.write(f"{reply}\r\n".encode())


@contextmanager
def mail_server(trouble: Trouble = lambda stage, recipient: None, port: int = 0) -> Iterator[Sink]:
    with Sink(trouble, port) as sink:
        threading.Thread(target=sink.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}).start()
        yield sink
        sink.shutdown()
