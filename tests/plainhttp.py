"""Plain HTTP, without redirects, decoding or cookies."""

import socket
from dataclasses import dataclass
from email.message import Message
from html.parser import HTMLParser
from http.client import HTTPConnection
from urllib.parse import urlencode

from tests.running import HOST, PATIENCE, Site


@dataclass
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def fetch(
    site: Site, path: str, *, method: str = "GET", headers: dict[str, str] | None = None, form: dict | None = None
) -> Answer:
    """One request on a connection of its own."""
    connection = HTTPConnection(HOST, site.port, timeout=PATIENCE)
    headers = dict(headers or {})
    body = None
    if form is not None:
        method, body = "POST", urlencode(form)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def raw_status(site: Site, target: bytes) -> int:
    """The status of a request whose target is sent byte for byte."""
    with socket.create_connection((HOST, site.port), timeout=PATIENCE) as connection:
        request = b"GET %b HTTP/1.1\r\nHost: %b:%d\r\nConnection: close\r\n\r\n" % (target, HOST.encode(), site.port)
        connection.sendall(request)
        return int(connection.makefile("rb").readline().split()[1])


class Staff:
    """A member of staff at the admin, without a browser: signed in, or not yet."""

    def __init__(self, site: Site, *, signed_in: bool = True) -> None:
        self.site = site
        self.cookies: dict[str, str] = {"sessionid": site.session} if signed_in else {}
        self.received: list[str] = []
        assert self.get("/admin/").status == (200 if signed_in else 302)

    def get(self, path: str) -> Answer:
        return self._keep_cookies(fetch(self.site, path, headers=self._headers()))

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """Fill in the form at `path` and send it, its hidden fields included."""
        form = hidden_fields(self.get(path).text) | fields
        return self._keep_cookies(fetch(self.site, path, headers=self._headers(), form=form))

    def _headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookies} if cookies else {}

    def _keep_cookies(self, answer: Answer) -> Answer:
        for header in answer.headers.get_all("Set-Cookie", []):
            self.received.append(header)
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of all forms of a page."""
    reader = _HiddenFields()
    reader.feed(page)
    return reader.found


class _HiddenFields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "input" and attributes.get("type") == "hidden" and attributes.get("name"):
            self.found[attributes["name"]] = attributes.get("value") or ""
