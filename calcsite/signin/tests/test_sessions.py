"""The end of a session: after inactivity, after a day's work; and the message about it."""

import pytest
import time_machine
from django.contrib import admin
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from calcsite.signin import sessions
from calcsite.tests.people import make_person, make_session, sign_in

pytestmark = pytest.mark.django_db
MINUTE, HOUR = 60, 3600


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-21T08:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def editor(clock) -> Client:
    client = Client()
    sign_in(client, make_person("Editor"))
    return client


def ended(answer) -> str:
    """The limit that ended the session, or "" if it goes on."""
    return answer.headers.get("Location", "").partition("ended=")[2]


def test_a_session_ends_after_half_an_hour_of_doing_nothing(editor, clock):
    clock.shift(30 * MINUTE - 1)
    assert editor.get("/admin/").status_code == 200
    clock.shift(30 * MINUTE)
    address = "/admin/conditions/condition/?q=a"
    answer = editor.get(address)
    assert answer.url == f"/admin/login/?{urlencode({'next': address, 'ended': 'idle'})}"
    page = editor.get(answer.url).content.decode()
    assert "nothing was done here for a while" in page
    assert "your browser’s Back" in page
    assert f'name="next" value="{address}"' in page
    assert editor.get("/admin/").url == "/admin/login/?next=/admin/"


def test_a_session_ends_after_twelve_hours_of_work(editor, clock):
    for _ in range(35):
        clock.shift(20 * MINUTE)
        assert editor.get("/admin/").status_code == 200
    clock.shift(20 * MINUTE)
    answer = editor.get("/admin/")
    assert ended(answer) == "hours"
    assert "a day’s work" in editor.get(answer.url).content.decode()


def test_a_form_that_comes_too_late_changes_nothing_and_leads_back_to_it(editor, clock):
    clock.shift(HOUR)
    answer = editor.post("/admin/conditions/tag/add/", {"name": "Late", "slug": "late", "kind": "symptom"})
    assert answer.url.startswith("/admin/login/?next=%2Fadmin%2Fconditions%2Ftag%2Fadd%2F")


def test_the_limits_are_settings(editor, clock, settings):
    settings.SESSION_IDLE_MINUTES = 5
    clock.shift(5 * MINUTE)
    assert ended(editor.get("/admin/")) == "idle"


def test_the_session_is_written_once_a_minute_and_not_with_every_request(editor, clock):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert editor.get("/admin/").status_code == 200
        return sum(query["sql"].startswith("UPDATE") and "django_session" in query["sql"] for query in captured)

    clock.shift(MINUTE)
    assert [queries() for _ in range(3)] == [1, 0, 0]
    clock.shift(MINUTE)
    assert queries() == 1


def test_public_pages_read_no_session(editor, clock):
    clock.shift(HOUR)
    answer = editor.get("/second-opinion/")
    assert answer.status_code == 200
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert ended(editor.get("/admin/")) == "idle"


def test_a_session_over_its_limit_is_worth_nothing_outside_the_admin_either(clock):
    editor = make_person("Editor")
    session = SessionStore(make_session(editor))

    def may_enter() -> bool:
        request = RequestFactory().get("/media/conditions/a.svg")
        request.user, request.session = editor, session
        return admin.site.has_permission(request)

    assert may_enter()
    clock.shift(30 * MINUTE)
    assert not may_enter()


@pytest.mark.parametrize(
    ("started", "seen", "expected"),
    [(40_000, 43_000, ""), (40_000, 41_401, ""), (40_000, 41_400, "idle"), (1, 43_000, ""), (0, 43_000, "hours")],
)
def test_which_limit_is_reached(started, seen, expected):
    assert sessions.limit_reached({sessions.STARTED: started, sessions.SEEN: seen}, at=43_200) == expected
