"""The log holds no secret of an address and no forged lines."""

import io
import logging
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.test import Client

from calcsite.security.logs import MaskingFormatter, masked, one_line

TOKEN = "Qm3vXo0d-hTz1_aKcW8rYbN5sJ2eLpG7uF4iVxD9qRk"  # as `secrets.token_urlsafe(32)` makes them
LINK, PREVIEW = f"/appointment/{TOKEN}/", f"/preview/{TOKEN[:32]}/"
RESET = f"/admin/account/password/reset/key/3-c9x1zy-{'0f' * 16}/"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The stream of the site's own handler."""
    (handler,) = [one for one in logging.getLogger().handlers if isinstance(one.formatter, MaskingFormatter)]
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


def broken(*args: object) -> None:
    raise OperationalError(f"the database is gone, says {LINK}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        (PREVIEW, {}, 404),
        (f"/appointments/{TOKEN}/", {}, 404),
        (f"/{TOKEN}.", {}, 404),
        (f"/conditions/gout/helpful/{TOKEN}:1vMGn3:{TOKEN}/", {}, 404),
        (f"{LINK}%00", {}, 400),
        (LINK, {"HTTP_HOST": "elsewhere.example"}, 400),
        (f"///appointment//{TOKEN[:32]}", {}, 404),
        (f"///preview//./{TOKEN[:32]}", {}, 404),
        (f"/appointment%2F%2F{TOKEN}", {}, 404),
        (f"///appointment//{TOKEN}x/", {}, 404),
    ],
)
def test_a_refusal_is_logged_without_the_secret_of_its_address(log, path, options, status):
    assert Client().get(path, **options).status_code == status
    assert log.getvalue()
    assert TOKEN[:20] not in log.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, {"Referer": f"https://elsewhere.example{LINK}"}])
def test_a_forged_form_is_logged_without_a_secret_in_its_address_or_referrer(log, headers):
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    assert client.post(PREVIEW, secure=True, headers=headers).status_code == 403
    assert "Forbidden (Referer checking failed" in log.getvalue()
    assert TOKEN[:20] not in log.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("path", [LINK, f"/calendar/{TOKEN}.ics", PREVIEW, RESET])
def test_a_fault_is_logged_with_its_traceback_and_without_a_secret(log, path):
    with connection.execute_wrapper(broken):
        answer = Client(raise_request_exception=False).get(path)
    assert answer.status_code == 503
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Service Unavailable: " in log.getvalue()
    assert "Traceback" in log.getvalue()
    assert "the database is gone, says /appointment/[masked]/" in log.getvalue()
    assert TOKEN[:20] not in log.getvalue()
    assert "0f0f0f" not in log.getvalue()


def test_no_logger_has_a_handler_that_writes_without_the_mask():
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    handlers = {handler for logger in [logging.getLogger(), *loggers] for handler in logger.handlers}
    ours = {one for one in handlers if not type(one).__module__.startswith("_pytest")}
    writing = {one for one in ours if not isinstance(one, logging.NullHandler)}
    assert writing
    assert {type(one.formatter) for one in writing} == {MaskingFormatter}
    (console,) = writing
    assert all(console in logging.getLogger(name).handlers for name in ("django.server", "granian.access"))


def test_request_lines_of_the_web_server_are_masked_too(log):
    access = {"method": "GET", "path": LINK}
    logging.getLogger("granian.access").warning('"%(method)s %(path)s" 200', access)
    assert '"GET /appointment/[masked]/" 200' in log.getvalue()


def test_control_characters_forge_no_line_in_the_log(log):
    logging.getLogger("calcsite").warning("seen: %s", "a\r\n2026 ERROR root: all is lost\x1b[2J\u2028b")
    assert len(log.getvalue().splitlines()) == 1
    assert "a\\r\\n2026 ERROR root: all is lost\\x1b[2J\\u2028b" in log.getvalue()
    assert one_line("Zoë 李 \U0001f9b4") == "Zoë 李 \U0001f9b4"


@pytest.mark.parametrize("between", ["//", "/./", "%2F%2f", "%252F", "\\", "/%2e/", "\\/"])
@pytest.mark.parametrize("secret", [TOKEN, TOKEN[:32], f"{TOKEN}x", f"{TOKEN}%00"])
def test_a_secret_is_masked_however_its_address_is_written(between, secret):
    for path in (
        f"{between}appointment{between}{secret}",
        f"https:{between}clinic.example{between}preview{between}{secret}",
    ):
        assert TOKEN[:20] not in masked(f'"GET {path}/ HTTP/1.1" 404')
    assert TOKEN[:20] not in masked(f"{between}{TOKEN}")


def test_text_without_a_secret_stays():
    for path in ["/appointment/calendar.ics", "/conditions/primary-familial-brain-calcification/", "/admin/"]:
        assert masked(f"Not Found: {path}") == f"Not Found: {path}"
