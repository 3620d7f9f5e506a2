"""Requests over kept-alive connections on this machine, from a client that costs far less than the server."""

import re
import selectors
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from benchmarks.server import HOST

CONNECTIONS = 8  # so that the server never idles
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
ETAG = re.compile(rb'\r\netag: *("[^"]+")', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: the status, the headers and the body as sent."""

    status: int
    header: bytes
    body: bytes

    @property
    def etag(self) -> str:
        """Raises ValueError for an answer without one."""
        found = ETAG.search(self.header)
        if not found:
            raise ValueError("the answer has no ETag")
        return found[1].decode()


def get(path: str, **headers: str) -> bytes:
    """A GET request of a browser that accepts brotli. `if_none_match=…` becomes If-None-Match."""
    named = {"host": HOST, "accept-encoding": "gzip, deflate, br"} | headers
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


def post(path: str, fields: dict[str, str], **cookies: str) -> bytes:
    """A form as a browser sends it, with its cookies. The CSRF token is a cookie and a field."""
    token = "a" * 32
    body = urlencode({"csrfmiddlewaretoken": token} | fields)
    headers = {
        "host": HOST,
        "origin": f"http://{HOST}",
        "accept-encoding": "gzip, deflate, br",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
        "cookie": "; ".join(f"{name}={value}" for name, value in ({"csrftoken": token} | cookies).items()),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n{body}".encode()


@dataclass(slots=True)
class Connection:
    """One connection, with one request under way at a time."""

    socket: socket.socket
    received: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes) -> None:
        self.socket.sendall(request)

    def receive(self) -> Answer | None:
        """Read the available bytes; the response, once it is complete. Raises ConnectionError if the server closed."""
        part = self.socket.recv(262_144)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.received += part
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return None
        length = CONTENT_LENGTH.search(self.received, 0, end)
        size = end + 4 + (int(length[1]) if length else 0)
        if len(self.received) < size:
            return None
        whole, self.received = bytes(self.received), bytearray()
        return Answer(int(whole[9:12]), whole[:end], whole[end + 4 :])


class Client:
    """A browser, or several at once, at one server."""

    def __init__(self, port: int) -> None:
        self.connections = []
        for _ in range(CONNECTIONS):
            connection = socket.create_connection((HOST, port), timeout=30)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.append(Connection(connection))

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        for connection in self.connections:
            connection.socket.close()

    def ask(self, request: bytes) -> Answer:
        """The answer to one request, with nothing else under way."""
        connection = self.connections[0]
        connection.send(request)
        while (answer := connection.receive()) is None:
            pass
        return answer

    def ask_all(self, requests: Sequence[bytes], *, status: int = 200) -> None:
        """Send all requests, a few at a time. Raises ValueError for a response with another status."""
        waiting = iter(requests)
        with selectors.DefaultSelector() as selector:
            for connection, request in zip(self.connections, waiting, strict=False):
                selector.register(connection.socket, selectors.EVENT_READ, connection)
                connection.send(request)
            while selector.get_map():
                for connection in [key.data for key, _ in selector.select()]:
                    answer = connection.receive()
                    if answer is None:
                        continue
                    if answer.status != status:
                        raise ValueError(f"answered {answer.status} instead of {status}: {answer.header!r}")
                    request = next(waiting, None)
                    if request is None:
                        selector.unregister(connection.socket)
                    else:
                        connection.send(request)
