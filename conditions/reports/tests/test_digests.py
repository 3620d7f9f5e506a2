"""The weekly e-mail: its recipients, its time, its content, and that it is sent once."""

from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from calcsite.mail import sending
from calcsite.models import StaffMail, StaffProfile
from calcsite.tests import people
from calcsite.tests.racing import at_once
from conditions.models import DigestSent, EmptySearch, Feedback
from conditions.publishing import publishing
from conditions.reports import digests
from conditions.tests.factories import make_condition, make_live

MONDAY = date(2026, 11, 23)
XSS = "<img src=x onerror=alert(1)>"
TEMPLATE = "{{ clinic }}{% now 'Y' %}{% load no_such_library %}"

in_database = pytest.mark.django_db


def clinic_time(day: date, hour: int, minute: int = 0) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day, hour, minute))


MORNING = clinic_time(MONDAY, 7)


def make_reader(*groups: str, **fields) -> User:
    """A person who gets the digest when something waits."""
    before = MORNING - timedelta(days=1)
    return people.make_person(*groups or ["Editor"], **{"email": "ed@clinic.example", "date_joined": before} | fields)


@pytest.fixture(autouse=True)
def sender(settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "site@clinic.example"


def make_root() -> User:
    """A superuser: a database that was emptied has no groups."""
    joined = MORNING - timedelta(days=1)
    return User.objects.create_superuser("root", email="root@clinic.example", date_joined=joined)


def make_something(query: str = "chalk knee") -> None:
    """Something that waits for every editor."""
    EmptySearch.objects.create(query=query, first_on=MONDAY, last_on=MONDAY)


def sent_to() -> list[str]:
    return sorted(StaffMail.objects.values_list("to", flat=True))


# When


@in_database
@pytest.mark.parametrize(
    ("at", "sent"),
    [
        (clinic_time(MONDAY, 6, 59), 0),
        (MORNING, 1),
        (clinic_time(MONDAY + timedelta(days=6), 23, 59), 1),
        (clinic_time(MONDAY + timedelta(days=7), 6, 59), 0),
    ],
)
def test_it_goes_from_seven_on_monday_until_the_end_of_the_week(at, sent):
    make_reader()
    make_something()
    assert digests.send_due(at) == sent
    assert len(sent_to()) == sent


@in_database
def test_seven_is_seven_at_the_clinic_in_summer_too(settings):
    settings.TIME_ZONE = "Europe/London"
    monday = date(2026, 7, 6)
    make_reader(date_joined=clinic_time(monday, 0))
    make_something()
    assert clinic_time(monday, 7).utctimetuple().tm_hour == 6
    assert digests.send_due(clinic_time(monday, 6, 59)) == 0
    assert digests.send_due(clinic_time(monday, 7)) == 1


@in_database
def test_it_goes_once_a_week():
    make_reader()
    make_something()
    assert [digests.send_due(MORNING + timedelta(days=day)) for day in (0, 0, 1, 6, 7, 8)] == [1, 0, 0, 0, 1, 0]
    assert list(DigestSent.objects.order_by("week").values_list("week", flat=True)) == [MONDAY, MONDAY + timedelta(7)]


@in_database
def test_a_week_in_which_nothing_waited_on_monday_is_done():
    make_reader()
    assert digests.send_due(MORNING) == 0
    make_something()
    assert digests.send_due(MORNING + timedelta(hours=1)) == 0
    assert digests.send_due(MORNING + timedelta(days=7)) == 1


def test_two_workers_at_once_send_it_once(committed):
    make_root()
    make_something()
    assert sorted(at_once(*[lambda: digests.send_due(MORNING)] * 4)) == [0, 0, 0, 1]
    assert sent_to() == ["root@clinic.example"]


def test_without_the_mark_of_the_week_it_would_be_sent_again(committed):
    """The control: without the row in `DigestSent`."""
    make_root()
    make_something()
    for _ in range(2):
        digests.send_due(MORNING)
        DigestSent.objects.all().delete()
    assert sent_to() == ["root@clinic.example"] * 2


# Recipients


@in_database
@pytest.mark.parametrize(
    ("group", "gets_it"),
    [("Editor", True), ("Administrator", True), ("Clinical reviewer", True), ("Booking coordinator", False)],
)
def test_it_goes_to_staff_with_waiting_rows(group, gets_it):
    make_reader(group)
    make_something()
    publishing.submit(condition=make_condition(), by=None)
    assert digests.send_due(MORNING) == gets_it


@in_database
def test_it_goes_to_a_superuser_too():
    make_something()
    make_root()
    digests.send_due(MORNING)
    assert sent_to() == ["root@clinic.example"]


@in_database
@pytest.mark.parametrize(
    "fields", [{"is_active": False}, {"is_staff": False}, {"email": ""}, {"date_joined": MORNING + timedelta(hours=1)}]
)
def test_it_does_not_go_to_inactive_new_or_unreachable_accounts(fields):
    make_reader(**fields)
    make_something()
    assert digests.send_due(MORNING + timedelta(hours=2)) == 0


@in_database
@pytest.mark.parametrize("wants", [True, False])
def test_it_goes_to_staff_who_have_not_turned_it_off(wants):
    StaffProfile.objects.create(user=make_reader(), wants_digest=wants)
    make_something()
    assert digests.send_due(MORNING) == wants


@in_database
def test_an_invalid_address_does_not_stop_the_other_e_mails(caplog):
    make_reader(email="no address")
    make_reader(email="ed@clinic.example")
    make_something()
    assert digests.send_due(MORNING) == 1
    assert sent_to() == ["ed@clinic.example"]
    assert "address is none" in caplog.text
    assert digests.send_due(MORNING) == 0


# Content


@in_database
def test_it_names_waiting_rows_with_links_and_the_way_to_turn_it_off(settings):
    settings.SITE_URL = "https://clinic.example"
    make_reader("Clinical reviewer", first_name="Ann")
    edition = publishing.submit(condition=make_condition(name="Gout"), by=None)
    digests.send_due(MORNING)
    email = StaffMail.objects.get()
    address = f"https://clinic.example/admin/conditions/edition/{edition.pk}/review/"
    assert email.subject == "1 thing waits for you on the clinic’s website"
    assert "Hello Ann," in email.text
    assert f"Review: {address}" in email.text
    assert f'href="{address}"' in email.html
    for part in (email.text, email.html):
        assert "Gout" in part
        assert "https://clinic.example/admin/conditions/condition/reports/#weekly-e-mail" in part
    assert "\n\n\n" not in email.text


@in_database
def test_a_long_list_is_cut():
    make_reader()
    for number in range(14):
        make_something(f"words {number:02}")
    digests.send_due(MORNING)
    email = StaffMail.objects.get()
    assert email.subject.startswith("14 things wait")
    assert "words 09" in email.text
    assert "words 10" not in email.text
    assert "and 4 more" in email.text
    assert "and 4 more" in email.html


@in_database
def test_it_says_nothing_that_readers_wrote_in_comments():
    make_reader()
    page = make_live()
    for _ in range(5):
        Feedback.objects.create(
            condition=page, edition=page.live_edition, helpful=False, comment="I am Ann.", created_at=MORNING
        )
    assert digests.send_due(MORNING) == 1
    email = StaffMail.objects.get()
    assert "helpful to 0 of 5 readers" in email.text
    assert "I am Ann" not in email.text + email.html


@in_database
@pytest.mark.parametrize("words", [XSS, TEMPLATE, "a\r\nBcc: x@y.example", "Crohn's & Co"])
def test_text_by_staff_and_visitors_is_escaped_in_every_part(words):
    make_reader("Administrator", first_name=words)
    make_live(name=words, slug="gout")
    make_something(words)
    assert digests.send_due(MORNING) == 1
    email = StaffMail.objects.get()
    assert words in email.text
    assert "<img" not in email.html
    assert "Bcc" not in email.subject
    message = sending.compose_staff_mail(email).message()
    assert message["Bcc"] is None
