"""The actions of staff on an appointment in the admin, which use the verbs of the patients' pages."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.access import links
from appointments.booking import booking, records
from appointments.booking.staff_forms import CancelForm, DetailsForm, MessageForm, MoveForm
from appointments.choices import Mode, Status
from appointments.forms import fields
from appointments.messages import queue
from appointments.models import Appointment, AuditEntry, Message, Note, PatientLink
from appointments.tests.factories import make_appointment, make_clinician, make_draft, make_hours, make_slot, make_type
from appointments.tests.mailbox import deliver
from calcsite.models import DeliveryStatus
from calcsite.stale import SeenMixin
from calcsite.tests import people

pytestmark = pytest.mark.django_db

LIST = "/admin/appointments/appointment/"


def page_of(appointment: Appointment, step: str = "change") -> str:
    return f"{LIST}{appointment.pk}/{step}/"


def seen_of(appointment: Appointment, form: type[SeenMixin]) -> str:
    """The signed state of an appointment, as the form of its page has it."""
    return form.sign(appointment.revision)


def body_of(answer) -> str:
    return answer.content.decode()


def new_patient(slot, **fields) -> dict:
    appointment_type = slot.hours.types.get().pk
    return {
        "kind": appointment_type,
        "mode": "telephone",
        "name": "Li 李",
        "telephone": "01632 960 002",
        "agreed": "on",
    } | fields


def test_a_page_shows_the_patient_the_time_and_the_contact_details(desk):
    appointment = make_appointment(reason="Pain in the hand", needs="A ramp")
    page = body_of(desk.get(page_of(appointment)))
    assert {
        word for word in ["Kim Example", "01632 960 001", "Pain in the hand", "A ramp"] if word not in page
    } == set()
    assert appointment.spoken_reference in page


def test_staff_book_for_a_patient(desk, coordinator):
    slot = make_slot()
    answer = desk.post(f"{LIST}book/{slot.pk}/", new_patient(slot))
    made = Appointment.objects.get()
    assert answer.url == page_of(made)
    assert (made.name, made.mode, made.booked_by, made.status) == ("Li 李", Mode.TELEPHONE, "staff", Status.BOOKED)
    assert made.consent_version
    assert AuditEntry.objects.get(action="booked").by == coordinator


def test_dates_of_birth_and_messages_of_staff_follow_the_rules_of_public_pages():
    appointment = make_appointment()
    years = {timezone.localdate().year - fields.MAX_AGE_YEARS - early: not early for early in (0, 1)}
    for year, is_possible in years.items():
        form = DetailsForm({"name": "Kim", "telephone": "01632 960 001", "date_of_birth": f"{year}-12-31"})
        assert form.is_valid() is is_possible
    form = MessageForm({"text": "x" * queue.TEXT_CHARACTERS})
    assert form.is_valid()
    queue.send_from_staff(appointment=appointment, text=form.cleaned_data["text"], by=people.make_person("Clinician"))


def test_a_form_names_missing_answers_and_keeps_the_others(desk):
    slot = make_slot()
    fields = new_patient(slot, name="", reason="Kept", date_of_birth="2099-01-01", agreed="")
    page = body_of(desk.post(f"{LIST}book/{slot.pk}/", fields))
    told = ["Write the name.", "The date of birth has to be in the past.", "Without their consent", "Kept", "Error: "]
    assert [words for words in told if words not in page] == []
    assert not Appointment.objects.exists()


def test_booking_a_slot_taken_meanwhile_is_refused_in_words(desk):
    slot = make_slot()
    make_appointment(slot=slot)
    page = body_of(desk.post(f"{LIST}book/{slot.pk}/", new_patient(slot)))
    assert "has just taken that time" in page
    assert "Li 李" in page
    assert Appointment.objects.count() == 1


def test_a_kind_is_booked_only_in_the_ways_that_it_has(desk):
    slot = make_slot(hours=make_hours(types=[make_type(name="Talk", telephone=False)]))
    assert "It is offered as: video call, in person." in body_of(
        desk.post(f"{LIST}book/{slot.pk}/", new_patient(slot))
    )


@pytest.mark.parametrize("name", ["\u200b", "\u200b \u2060", "\u3164", "\ufe0f", "\u00ad"])
def test_a_name_of_which_nothing_can_be_seen_is_none(desk, name):
    slot = make_slot()
    assert "Write the name." in body_of(desk.post(f"{LIST}book/{slot.pk}/", new_patient(slot, name=name)))
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("name", ["a\x0bb", "a\x00b", "a\u2028b", "a\r\nBcc: x@y.example"])
def test_line_breaks_in_header_fields_are_refused_in_words(desk, name):
    slot = make_slot()
    assert desk.post(f"{LIST}book/{slot.pk}/", new_patient(slot, name=name)).status_code == 200
    assert not Appointment.objects.exists()


def test_an_appointment_is_moved_to_a_free_time_of_its_clinician(desk, coordinator):
    appointment = make_appointment()
    new, other = make_slot(hours=appointment.slot.hours), make_slot()
    page = body_of(desk.get(page_of(appointment, "move")))
    assert f'value="{new.pk}"' in page
    assert f'id="slot-{other.pk}"' not in page
    desk.post(page_of(appointment, "move"), {"slot": new.pk, "seen": seen_of(appointment, MoveForm)})
    appointment.refresh_from_db()
    assert (appointment.slot, appointment.sequence) == (new, 1)
    assert AuditEntry.objects.get(action="moved").by == coordinator


def test_an_appointment_is_moved_to_another_clinician_when_asked_for(desk):
    appointment_type = make_type()
    appointment = make_appointment(slot=make_slot(hours=make_hours(types=[appointment_type])))
    other = make_slot(hours=make_hours(types=[appointment_type]))
    address = page_of(appointment, "move")
    assert f'id="slot-{other.pk}"' in body_of(desk.get(address, {"anybody": "on"}))
    desk.post(f"{address}?anybody=on", {"slot": other.pk, "seen": seen_of(appointment, MoveForm)})
    appointment.refresh_from_db()
    assert appointment.slot == other


def test_the_second_of_two_moves_from_the_same_page_is_refused(desk):
    appointment = make_appointment()
    first, second = (make_slot(hours=appointment.slot.hours) for _ in range(2))
    seen = seen_of(appointment, MoveForm)
    desk.post(page_of(appointment, "move"), {"slot": first.pk, "seen": seen})
    page = body_of(desk.post(page_of(appointment, "move"), {"slot": second.pk, "seen": seen}))
    assert "was changed meanwhile" in page
    appointment.refresh_from_db()
    assert appointment.slot == first


@pytest.mark.parametrize("slot", ["", "0", "x", "99999999999999999999"])
def test_a_move_to_no_free_time_is_refused_in_words(desk, slot):
    appointment = make_appointment()
    given = {"slot": slot, "seen": seen_of(appointment, MoveForm)}
    page = body_of(desk.post(page_of(appointment, "move"), given))
    assert "hoose a" in page.split('role="alert"')[1][:400]


def test_a_move_to_a_taken_time_is_refused_in_words(desk):
    appointment = make_appointment()
    taken = make_appointment(slot=make_slot(hours=appointment.slot.hours)).slot
    page = body_of(desk.post(page_of(appointment, "move"), {"slot": taken.pk, "seen": seen_of(appointment, MoveForm)}))
    assert "not free any more" in page


def test_an_appointment_is_cancelled_with_a_reason_and_its_time_is_free(desk):
    appointment = make_appointment()
    assert desk.get(page_of(appointment, "cancel")).status_code == 200
    desk.post(page_of(appointment, "cancel"), {"why": "Ill", "seen": seen_of(appointment, CancelForm)})
    appointment.refresh_from_db()
    assert (appointment.status, appointment.cancelled_why) == (Status.CANCELLED, "Ill")


def test_a_past_appointment_cannot_be_cancelled(desk, coordinator):
    appointment = make_appointment()
    records.mark(appointment=appointment, status=Status.ARRIVED, by=coordinator, at=appointment.slot.starts)
    given = {"why": "", "seen": seen_of(appointment, CancelForm)}
    assert "is over" in body_of(desk.post(page_of(appointment, "cancel"), given))


def test_a_status_moves_along_its_lines_only(desk):
    appointment = make_appointment(slot=make_slot(starts=timezone.now() + timedelta(minutes=1)), at=long_ago())
    for status in [Status.HELD, Status.CANCELLED, Status.BOOKED, "nonsense", Status.MISSED]:
        desk.post(page_of(appointment, "mark"), {"status": status})
        appointment.refresh_from_db()
        assert appointment.status == Status.BOOKED
    for status in [Status.CONFIRMED, Status.ARRIVED]:
        desk.post(page_of(appointment, "mark"), {"status": status})
        appointment.refresh_from_db()
        assert appointment.status == status


def long_ago():
    return timezone.now() - timedelta(days=2)


def test_an_appointment_cannot_be_missed_before_its_time(desk):
    appointment = make_appointment()
    page = body_of(desk.get(page_of(appointment)))
    assert 'value="confirmed"' in page
    assert 'value="missed"' not in page


def test_a_note_is_kept_with_its_author(desk, coordinator):
    appointment = make_appointment()
    desk.post(page_of(appointment, "note"), {"text": "Will bring\nfilms"})
    assert (Note.objects.get().by, Note.objects.get().text) == (coordinator, "Will bring\nfilms")
    assert "required" in body_of(desk.post(page_of(appointment, "note"), {"text": ""}))
    assert Note.objects.count() == 1


def test_details_are_corrected_and_the_log_names_fields_and_no_contents(desk):
    appointment = make_appointment()
    form = desk.get(page_of(appointment, "details")).context["form"]
    fields = {name: value or "" for name, value in form.initial.items()} | {"telephone": "01632 960 999"}
    desk.post(page_of(appointment, "details"), fields)
    appointment.refresh_from_db()
    assert appointment.telephone == "01632 960 999"
    assert AuditEntry.objects.get(action="changed").detail == "telephone"


def test_another_address_ends_the_links_that_went_to_the_one_before(desk):
    appointment = make_appointment()
    link = PatientLink.objects.create(
        appointment=appointment, digest="a", expires_at=timezone.now() + timedelta(days=1)
    )
    fields = {"name": appointment.name, "telephone": appointment.telephone, "email": "new@home.example"}
    desk.post(page_of(appointment, "details"), fields)
    link.refresh_from_db()
    assert link not in links.usable_links()
    assert Message.objects.filter(kind="link", appointment=appointment).count() == 1


def test_another_address_has_to_be_confirmed_again(desk, coordinator):
    appointment = make_appointment()
    records.mark(appointment=appointment, status=Status.CONFIRMED, by=coordinator)
    fields = {"name": appointment.name, "telephone": appointment.telephone}
    for email, status in [(appointment.email, Status.CONFIRMED), ("new@home.example", Status.BOOKED)]:
        desk.post(page_of(appointment, "details"), fields | {"email": email})
        appointment.refresh_from_db()
        assert appointment.status == status
    assert "Kim Example" in body_of(desk.get(f"{LIST}work/unconfirmed/"))


def test_a_new_link_ends_those_before(desk):
    appointment = make_appointment()
    link = PatientLink.objects.create(
        appointment=appointment, digest="a", expires_at=timezone.now() + timedelta(days=1)
    )
    desk.post(page_of(appointment, "link"))
    link.refresh_from_db()
    assert link not in links.usable_links()
    deliver()
    assert Message.objects.get(kind="link").status == DeliveryStatus.SENT


def test_staff_write_to_a_patient(desk):
    appointment = make_appointment()
    desk.post(page_of(appointment, "message"), {"text": "Please ring us."})
    assert Message.objects.get(kind="staff").text == "Please ring us."
    unreachable = make_appointment(email="")
    assert "Telephone them" in body_of(desk.post(page_of(unreachable, "message"), {"text": "Hello"}))


def fail_message(appointment: Appointment) -> Message:
    message = appointment.messages.filter(kind="confirmation").get()
    message.finish(DeliveryStatus.REFUSED)
    return message


def test_a_failed_message_asks_to_telephone_until_it_is_handled(desk, coordinator):
    appointment = make_appointment()
    message = fail_message(appointment)
    assert "Telephone this patient: 01632 960 001" in body_of(desk.get(page_of(appointment)))
    assert "Kim Example" in body_of(desk.get(f"{LIST}work/telephone/"))
    desk.post(f"{LIST}{appointment.pk}/handled/{message.pk}/")
    message.refresh_from_db()
    assert message.handled_by == coordinator
    assert "Kim Example" not in body_of(desk.get(f"{LIST}work/telephone/"))


def test_get_changes_nothing_but_the_audit_log(desk):
    appointment = make_appointment()
    before = list(Appointment.objects.values()), Message.objects.count(), Note.objects.count()
    for step in ["move", "cancel", "details", "message", "mark", "note", "link"]:
        assert desk.get(page_of(appointment, step)).status_code in {200, 405}
    assert (list(Appointment.objects.values()), Message.objects.count(), Note.objects.count()) == before


@pytest.mark.parametrize(
    ("key", "make"),
    [
        (
            "today",
            lambda: make_earlier(timedelta(0)),
        ),
        ("unconfirmed", make_appointment),
        ("orphaned", lambda: orphan(make_appointment())),
        ("telephone", lambda: fail_message(make_appointment())),
        (
            "outcome",
            lambda: make_earlier(timedelta(hours=5)),
        ),
    ],
)
def test_a_worklist_shows_its_patients_and_the_first_page_their_number(desk, key, make):
    empty = body_of(desk.get(f"{LIST}work/{key}/"))
    make()
    make_held()
    assert "Kim Example" not in empty
    assert "Kim Example" in body_of(desk.get(f"{LIST}work/{key}/"))
    first = body_of(desk.get("/admin/"))
    assert f"{LIST}work/{key}/" in first
    assert "Kim Example" not in first


def make_earlier(ago: timedelta) -> Appointment:
    """An appointment that began so long ago."""
    return make_appointment(slot=make_slot(starts=timezone.now() - ago), at=long_ago())


def orphan(appointment: Appointment) -> None:
    appointment.slot.is_covered = False
    appointment.slot.save()


def make_held() -> Appointment:
    slot = make_slot()
    return booking.hold(draft=make_draft(), slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO)


def test_a_worklist_that_does_not_exist_is_not_found(desk):
    assert desk.get(f"{LIST}work/nothing/").status_code == 404


@pytest.mark.parametrize(
    "words", ["kim", "KIM@home", "01632960001", "+44 1632", "01632 960 001", "{reference}", "{spoken}", "{day}"]
)
def test_a_patient_is_found_by_name_reference_or_contact(desk, words):
    appointment = make_appointment(telephone="01632-960 001 / +44 1632 5")
    make_appointment(name="Ada Other", email="x@y.example", telephone="999999")
    starts = timezone.localtime(appointment.slot.starts)
    words = words.format(
        reference=appointment.reference, spoken=appointment.spoken_reference, day=f"{starts:%d.%m.%Y}"
    )
    found = [each.pk for each in desk.get(LIST, {"q": words}).context["cl"].result_list]
    assert appointment.pk in found
    assert len(found) == 1 or "." in words


def test_a_hold_is_no_patient(desk):
    held = make_held()
    assert held.reference not in body_of(desk.get(LIST))
    assert desk.get(page_of(held)).status_code == 404


FILTERS = ["when=today", "when=past", "status=booked", "status=x", "clinician=1", "clinician=x", "mode__exact=video"]


@pytest.mark.parametrize("filters", FILTERS)
def test_every_filter_answers(desk, filters):
    make_appointment()
    assert desk.get(f"{LIST}?{filters}").status_code == 200


def test_a_list_takes_as_many_queries_with_many_rows(desk, django_assert_max_num_queries):
    hours = make_hours(clinician=make_clinician())
    for count in (1, 30):
        for _ in range(count):
            make_appointment(slot=make_slot(hours=hours))
        for address, most in [(LIST, 16), (f"{LIST}work/unconfirmed/", 12), (f"{LIST}calendar/?view=week", 14)]:
            with django_assert_max_num_queries(most):
                desk.get(address)
