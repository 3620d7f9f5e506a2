"""A patient who uses another patient's addresses and keys gets a stranger's answer, and no page of either is
cached.
"""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from appointments.access import links
from appointments.booking import waiting_list
from appointments.choices import Mode
from appointments.models import Appointment, Offer
from appointments.tests.clients import ANSWERS, BOOK, answer, book, come_in, come_to, url
from appointments.tests.factories import make_appointment, make_hours, make_slot, make_type
from appointments.tests.urls import addresses, everything, shown

pytestmark = pytest.mark.django_db
DAYS = timedelta(days=1)
NO_KEY = 10**9
INFORMATION = {
    "/second-opinion/",
    "/second-opinion/preparing/",
    "/second-opinion/recovery/",
}  # public, and cached as such
CANARY = {"name": "Canary Patient", "email": "canary@home.example", "telephone": "01632 960 777"}


@pytest.fixture
def hours():
    return make_hours(types=[make_type(name="Second opinion")])


@pytest.fixture
def first(hours) -> Appointment:
    """The appointment of a patient with an open offer of an earlier time."""
    appointment = make_appointment(slot=make_slot(hours=hours, starts=timezone.now() + 30 * DAYS), **CANARY)
    waiting_list.join(appointment=appointment)
    make_slot(hours=hours, starts=timezone.now() + 5 * DAYS)
    waiting_list.offer_freed()
    return appointment


@pytest.fixture
def second(hours) -> Client:
    """The browser of another patient, who has a draft too."""
    client = come_in(make_appointment(slot=make_slot(hours=hours, starts=timezone.now() + 40 * DAYS)))
    make_slot(hours=hours, starts=timezone.now() + 9 * DAYS)
    come_to(client, "check")
    return client


def kept(client: Client, path: str, method: str) -> tuple[str, str, int, str]:
    """The caching headers of a response, with its request."""
    response = getattr(client, method)(path)
    return method, path, response.status_code, response.headers["Cache-Control"]


@pytest.mark.parametrize("forged", [False, True])
def test_no_answer_of_any_status_may_be_cached(first, second, forged):
    booked, stranger = Client(), Client()
    make_slot(hours=first.slot.hours, starts=timezone.now() + 10 * DAYS)
    book(booked)
    paths = [*addresses(token=links.make_link(first)), "/appointment/x.css", "/appointment/%00/", f"{BOOK}nothing/"]
    paths += [path.rstrip("/") for path in paths[3:6]]
    answers = []
    for client in (second, booked, stranger):
        client.handler.enforce_csrf_checks = forged
        methods = ["post"] if forged else ["get", "post"]
        answers += [kept(client, path, method) for path in paths for method in methods if path not in INFORMATION]
    assert {403, 200} <= {status for _, _, status, _ in answers}
    assert forged or {301, 302, 400, 404, 405} <= {status for _, _, status, _ in answers}
    assert [one for one in answers if one[3] != "private, no-store"] == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_patients_keys_are_answered_like_keys_of_no_row(first, second, method):
    offered = Offer.objects.get(answered_at=None).pk
    before = Appointment.objects.order_by("pk").values_list("pk", "slot", "status", "sequence")
    known = list(before)
    theirs, missing = (getattr(second, method)(url("move", key)) for key in (first.slot_id, NO_KEY))
    assert (theirs.status_code, shown(theirs.text)) == (missing.status_code, shown(missing.text))
    assert "That time is not free any more." in theirs.text
    answers = [second.post(url("offer"), {"offer": key}) for key in (offered, NO_KEY, "9" * 5000, "x", "١")]
    assert {one.status_code for one in answers} == {409}
    assert len({shown(one.text) for one in answers}) == 1
    assert list(before) == known
    assert Offer.objects.get(pk=offered).answered_at is None


def test_a_time_that_is_not_offered_is_as_good_as_one_that_does_not_exist(first, second):
    hours, soon = first.slot.hours, timezone.now()
    not_offered = [
        make_slot(hours=hours, starts=soon - DAYS),
        make_slot(hours=hours, starts=soon + 12 * DAYS, is_covered=False),
        make_slot(hours=hours, starts=soon + 13 * DAYS, **{Mode.VIDEO.value: False}),
        make_slot(hours=hours, starts=soon + 3000 * DAYS),
        make_slot(hours=make_hours(types=[make_type()])),
    ]
    pages = [second.post(url("move", key)) for key in [NO_KEY, *(slot.pk for slot in not_offered)]]
    assert {page.status_code for page in pages} == {404}
    assert len({shown(page.text) for page in pages}) == 1


def test_a_strangers_post_to_any_address_changes_nothing(first, second):
    fields = {"why": "x", "email": "", "code": "000000", "offer": Offer.objects.get(answered_at=None).pk}
    before = everything()
    for path in addresses(pk=first.slot_id):
        answer = Client().post(path, fields)
        assert answer.status_code in {200, 302, 403, 404, 405}
    assert everything() == before


def test_a_draft_is_found_by_its_own_cookie_only(first, second):
    """Two simultaneous bookings share neither answers nor time."""
    other = Client()
    make_slot(hours=first.slot.hours, starts=timezone.now() + 10 * DAYS)
    come_to(other, "check", you={"name": "Canary Writer"})
    for step in ANSWERS:
        assert "Canary Writer" not in second.get(f"{BOOK}{step}/").text
    assert "Canary Writer" in other.get(f"{BOOK}you/").text
    assert answer(other, "check").status_code == 302
    assert second.get(f"{BOOK}done/").headers["Location"] == f"{BOOK}check/"
