"""A cache of public pages in the memory of each web process.

A view marked `@public_page` gives every visitor the same answer. It is cached with all headers, compressed, under the
public version that it was made from, and served from the first middleware while the database still has that version:
one `PRAGMA data_version` on SQLite, one query for one number on PostgreSQL, on every request. So the first request
after a commit gets the new page in every process, without invalidation messages.

Only answers that are the same for all visitors are cached: to GET without a query string, with status 200, without
cookies, and varying on the encoding alone.
"""

import contextlib
import functools
import logging
import select
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import psycopg
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from calcsite.models import PublicVersion
from calcsite.web.compression import TwoForms, Uncompressed, accepted_encoding

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponse]

KEPT_FOR_304 = ("Cache-Control", "ETag", "Expires", "Vary")


def public_page(view: View) -> View:
    """Mark a view whose answer depends on its address and the public version, and on nothing else about the visitor.

    The version is read before the view runs: a cached page may then be newer than its number, which costs one needless
    rendering, but never older. A view that reads the version together with its content needs no mark: it sets
    `response.public_version` itself.
    """

    @functools.wraps(view)
    def with_version(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        version = PublicVersion.current()
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            expires_at = getattr(response, "expires_at", None)
            response = compressed_response(request, Uncompressed(response.content), expires_at=expires_at)
            response.public_version = version
        return response

    return with_version


def compressed_response(
    request: HttpRequest, page: TwoForms | Uncompressed, *, expires_at: datetime | None = None
) -> HttpResponse:
    """A page in the best encoding that the visitor's browser accepts, or a 304.

    `expires_at` ends the page's validity, even if the public version is the same.
    """
    encoding = accepted_encoding(request.headers.get("Accept-Encoding", ""))
    response = HttpResponse()
    if encoding:
        response["Content-Encoding"] = encoding
    response["ETag"] = quote_etag(f"{page.etag}-{encoding or 'plain'}")
    # Browsers and proxies store the page and revalidate it each time, so that a correction is seen at once.
    response["Cache-Control"] = "public, no-cache"
    patch_vary_headers(response, ["Accept-Encoding"])
    response.expires_at = expires_at
    answer = get_conditional_response(request, etag=response["ETag"], response=response)
    if answer is response:
        response.content = page.body(encoding)
    return answer


def is_from_this_site(request: HttpRequest) -> bool:
    """Whether a form was sent from a page of this site, by the browser's own headers.

    For forms on cached pages, which hold no token. Browsers send Sec-Fetch-Site or Origin with every POST (Fetch
    standard); a program that sends neither carries no visitor's rights, and is accepted.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is None or origin == f"{request.scheme}://{request.get_host()}"


@dataclass(slots=True)
class KeptPage:
    """A cached answer and the conditions of its validity."""

    version: int
    expires: float
    body: bytes
    headers: dict[str, str]
    headers_304: dict[str, str]


class Memory:
    """The cached pages of this process. The least recently used are evicted. Thread-safe."""

    def __init__(self, megabytes: int) -> None:
        self._room = megabytes * 1024 * 1024
        self._pages: OrderedDict[tuple, KeptPage] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple) -> KeptPage | None:
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def put(self, key: tuple, page: KeptPage) -> None:
        with self._lock:
            self._forget(key)
            self._pages[key] = page
            self._room -= self._size(page)
            while self._room < 0 and self._pages:
                self._forget(next(iter(self._pages)))

    def _forget(self, key: tuple) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self._room += self._size(page)

    @staticmethod
    def _size(page: KeptPage) -> int:
        return len(page.body) + 2048  # the rough size of headers and bookkeeping


class PublicPagesMiddleware:
    """Serve cached pages while the public version is the one that they were made from."""

    def __init__(self, get_response: View) -> None:
        if not settings.PUBLIC_PAGES_MEGABYTES:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.memory = Memory(settings.PUBLIC_PAGES_MEGABYTES)
        self.current_version = version_watch()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = self._key(request)
        if key is None:
            return self.get_response(request)
        page = self.memory.get(key)
        if page is not None and page.expires > time.time() and page.version == self.current_version():
            return self._answer(request, page)
        response = self.get_response(request)
        self._keep(key, response)
        return response

    @staticmethod
    def _key(request: HttpRequest) -> tuple | None:
        """The cache key. It has the Host header as sent, so that an unknown host is still refused by the view
        layer.
        """
        meta = request.META
        if request.method != "GET" or meta.get("QUERY_STRING"):
            return None
        encoding = accepted_encoding(meta.get("HTTP_ACCEPT_ENCODING", ""))
        return request.scheme, meta.get("HTTP_HOST"), request.path_info, encoding

    @staticmethod
    def _answer(request: HttpRequest, page: KeptPage) -> HttpResponse:
        meta = request.META  # not request.headers, whose construction costs more than the rest of this method
        known = meta.get("HTTP_IF_NONE_MATCH")
        if known and (known == page.headers["ETag"] or _names(known, page.headers["ETag"])):
            return HttpResponseNotModified(headers=page.headers_304)
        return HttpResponse(page.body, headers=page.headers)

    def _keep(self, key: tuple, response: HttpResponse) -> None:
        version = getattr(response, "public_version", None)
        alike_for_all = response.get("Vary") == "Accept-Encoding" and not response.cookies
        if version is None or response.status_code != 200 or not alike_for_all:
            return
        headers = dict(response.items())
        headers_304 = {name: headers[name] for name in KEPT_FOR_304 if name in headers}
        expires_at = getattr(response, "expires_at", None)
        expires = expires_at.timestamp() if expires_at else float("inf")
        self.memory.put(key, KeptPage(version, expires, response.content, headers, headers_304))


def _names(header: str, etag: str) -> bool:
    """Whether an If-None-Match header names a tag, weakly compared (RFC 9110, section 13.1.2)."""
    return header.strip() == "*" or etag in [part.strip().removeprefix("W/") for part in header.split(",")]


QUERY = "SELECT number FROM calcsite_publicversion WHERE id = 1"
# If PostgreSQL does not answer in time, the page is rendered as if it were not in memory.
TIMEOUT_SECONDS = 2
# Of the client alone: PgBouncer refuses start-up parameters (`options`) that it does not know.
TIMEOUTS = {"connect_timeout": TIMEOUT_SECONDS, "tcp_user_timeout": TIMEOUT_SECONDS * 1000}


class SQLiteWatch:
    """Reads the number again only when SQLite says that the file was changed (`PRAGMA data_version`)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._seen: int | None = None
        self._number: int | None = None

    def __call__(self) -> int | None:
        with self._lock:
            try:
                return self._read()
            except sqlite3.Error as error:
                logger.warning("public version not read: %s", error)
                self.close()
                return None

    def _read(self) -> int:
        if self._database is None:
            name = str(connection.settings_dict["NAME"])
            self._database = sqlite3.connect(name, uri=True, isolation_level=None, check_same_thread=False)
            self._seen = None
        # The order matters: a change between the two statements is noticed next time.
        changed = self._database.execute("PRAGMA data_version").fetchone()[0]
        if changed != self._seen:
            row = self._database.execute(QUERY).fetchone()
            self._number, self._seen = (row[0] if row else 0), changed
        return self._number

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


class PostgreSQLWatch:
    """Asks for the number each time; connects again once when the connection was lost.

    The statement depends on nothing that the session keeps (a setting, a prepared statement): a pooler may give each
    statement another session.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._database: psycopg.Connection | None = None
        self._readable = select.poll()

    def __call__(self) -> int | None:
        with self._lock:
            for _ in range(2):
                try:
                    return self._read()
                except psycopg.errors.QueryCanceled as error:  # a second attempt would wait as long
                    return self._give_up(error)
                except psycopg.Error as error:
                    self._give_up(error)
            return None

    def _read(self) -> int:
        """Through libpq itself, in half the time of a psycopg cursor: every request waits for this."""
        if self._database is None:
            self._database = psycopg.connect(**connection.get_connection_params() | {"autocommit": True} | TIMEOUTS)
            self._readable = select.poll()
            self._readable.register(self._database.fileno(), select.POLLIN)
        self._database.pgconn.send_query(QUERY.encode())
        answer = self._next_result()
        while (end := self._next_result()) is not None:
            answer = end
        if answer is None or answer.status != ExecStatus.TUPLES_OK:
            raise psycopg.OperationalError(answer.get_error_message() if answer else "no answer")
        return int(answer.get_value(0, 0)) if answer.ntuples else 0

    def _next_result(self) -> PGresult | None:
        """The next part of the answer, or None after the last. Raises QueryCanceled after TIMEOUT_SECONDS."""
        server = self._database.pgconn
        while server.is_busy():
            if not self._readable.poll(TIMEOUT_SECONDS * 1000):
                self._database.cancel_safe(timeout=TIMEOUT_SECONDS)
                raise psycopg.errors.QueryCanceled(f"no answer in {TIMEOUT_SECONDS} seconds")
            server.consume_input()
        return server.get_result()

    def _give_up(self, error: psycopg.Error) -> None:
        logger.warning("public version not read: %s", error)
        self.close()

    def close(self) -> None:
        if self._database is not None:
            with contextlib.suppress(psycopg.Error):
                self._database.close()
            self._database = None


@functools.cache
def version_watch() -> SQLiteWatch | PostgreSQLWatch:
    """This process's watch: a callable that returns the committed public version, or None without a database.

    It has a connection of its own, which never takes part in a transaction, and so always reads committed rows.
    """
    return SQLiteWatch() if connection.vendor == "sqlite" else PostgreSQLWatch()
