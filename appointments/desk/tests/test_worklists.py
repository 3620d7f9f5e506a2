"""Working along a worklist: marks set from the list itself, and patients without e-mail."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from appointments.booking import records
from appointments.booking.staff_forms import CancelForm
from appointments.choices import Status
from appointments.desk.screens import TIMES_PER_PAGE
from appointments.models import Appointment, AuditEntry
from appointments.templatetags.staff_bookings import dialled
from appointments.tests.factories import make_appointment, make_clinician, make_slot
from calcsite.errors import UserFacingError
from calcsite.tests import people

pytestmark = pytest.mark.django_db

LIST = "/admin/appointments/appointment/"
TODAY = f"{LIST}work/today/"


def make_today(**details) -> Appointment:
    """An appointment that has just begun."""
    now = timezone.now()
    return make_appointment(slot=make_slot(starts=now), at=now - timedelta(days=2), **details)


def body_of(answer) -> str:
    return answer.content.decode()


def test_a_mark_set_from_todays_list_leads_back_to_it(desk, coordinator):
    appointment = make_today()
    assert 'value="arrived"' in body_of(desk.get(TODAY))
    fields = {"status": "arrived", "worklist": "today"}
    answer = desk.post(f"{LIST}{appointment.pk}/mark/", fields)
    assert answer.url == TODAY
    page = body_of(desk.get(TODAY))
    assert "Kim Example is marked: Arrived." in page
    assert ('value="arrived"' in page, 'value="completed"' in page) == (False, True)
    assert AuditEntry.objects.get(action="status").by == coordinator


@pytest.mark.parametrize("worklist", ["", "nothing", "//evil.example/"])
def test_marking_leads_to_the_page_from_anywhere_else(desk, worklist):
    appointment = make_today()
    fields = {"status": "arrived", "worklist": worklist}
    assert desk.post(f"{LIST}{appointment.pk}/mark/", fields).url == f"{LIST}{appointment.pk}/change/"


@pytest.mark.parametrize("was", [Status.BOOKED, Status.CONFIRMED])
def test_an_arrival_that_was_marked_by_mistake_is_taken_back_by_staff(desk, coordinator, was):
    appointment = make_today()
    if was == Status.CONFIRMED:
        records.mark(appointment=appointment, status=was, by=coordinator)
    fields = {"worklist": "today", "status": "booked"}
    assert "Not arrived after all" not in body_of(desk.get(TODAY))
    desk.post(f"{LIST}{appointment.pk}/mark/", fields)
    records.mark(appointment=appointment, status=Status.ARRIVED, by=coordinator)
    with pytest.raises(UserFacingError):
        records.mark(appointment=appointment, status=Status.CONFIRMED, by=coordinator)
    page = body_of(desk.get(TODAY))
    assert "Not arrived after all" in page
    assert 'value="confirmed"' not in body_of(desk.get(f"{LIST}{appointment.pk}/change/"))
    assert desk.post(f"{LIST}{appointment.pk}/mark/", fields).url == TODAY
    appointment.refresh_from_db()
    assert appointment.status == was
    assert AuditEntry.objects.filter(detail="Not arrived after all", by=coordinator).count() == 1


def test_todays_list_shows_interpreters_and_other_needs(desk):
    make_today(needs_interpreter=True, language="Welsh", needs="A ramp")
    page = body_of(desk.get(TODAY))
    assert "<strong>Interpreter:</strong> Welsh" in page
    assert "<strong>Needs:</strong> A ramp" in page


def test_staff_who_may_only_view_get_no_actions(coordinator):
    clinician = make_clinician(user=people.make_person("Clinician"))
    appointment = make_today()
    appointment.slot.clinician = clinician
    appointment.slot.save()
    clinician.user.groups.get().permissions.filter(codename="change_appointment").delete()
    client = Client()
    people.sign_in(client, clinician.user)
    page = body_of(client.get(TODAY))
    assert "Kim Example" in page
    assert 'name="status"' not in page


def test_messages_after_an_action_are_in_no_cookie(desk):
    appointment = make_today()
    answer = desk.post(f"{LIST}{appointment.pk}/mark/", {"status": "arrived"})
    assert "Kim" not in str(answer.cookies)
    assert "messages" not in answer.cookies


def test_patients_without_e_mail_are_telephoned_and_not_unconfirmed(desk):
    appointment = make_appointment(email="")
    assert "Kim Example" not in body_of(desk.get(f"{LIST}work/unconfirmed/"))
    page = body_of(desk.get(f"{LIST}{appointment.pk}/change/"))
    assert "Booked, no e-mail address" in page
    assert 'value="confirmed"' not in page
    desk.post(f"{LIST}{appointment.pk}/mark/", {"status": "confirmed"})
    seen = CancelForm.sign(appointment.revision)
    told = body_of(desk.post(f"{LIST}{appointment.pk}/cancel/", {"why": "", "seen": seen}, follow=True))
    assert "There is no e-mail address: tell them by telephone now, 01632 960 001." in told
    assert Appointment.objects.get().status == Status.CANCELLED


def test_more_free_times_than_fit_are_one_step_away(desk):
    appointment = make_appointment()
    move = f"{LIST}{appointment.pk}/move/"
    hours, first = appointment.slot.hours, timezone.now() + timedelta(days=60)
    for number in range(TIMES_PER_PAGE):
        make_slot(hours=hours, starts=first + timedelta(days=number))
    assert "Later times" not in body_of(desk.get(move))
    last = make_slot(hours=hours, starts=first + timedelta(days=TIMES_PER_PAGE))
    assert f'id="slot-{last.pk}"' not in body_of(desk.get(move))
    later = f"?first={timezone.localdate(last.starts)}"
    assert f'href="{later}"' in body_of(desk.get(move))
    assert f'id="slot-{last.pk}"' in body_of(desk.get(move + later))


def test_the_consent_that_is_read_out_is_on_the_page(desk):
    assert "A second opinion is advice." in body_of(desk.get(f"{LIST}book/{make_slot().pk}/"))


@pytest.mark.parametrize(
    ("written", "digits"),
    [("01632 960 001", "01632960001"), ("+44 (0)1632-960.001", "+441632960001"), ("1 / 2345678", ""), ("ring", "")],
)
def test_one_number_is_dialled_with_a_touch_and_anything_else_is_read(written, digits):
    assert dialled(written) == digits
