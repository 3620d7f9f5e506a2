"""The admin of clinicians and their hours: permissions, and the input that the forms refuse."""

import io
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from appointments.models import AppointmentType, Clinician, Location, Slot, WorkingHours
from appointments.scheduling import slot_sync
from appointments.tests.factories import make_appointment, make_clinician, make_hours, make_slot, make_type
from calcsite.tests import people

pytestmark = pytest.mark.django_db

ADD = reverse("admin:appointments_clinician_add")


@pytest.fixture
def desk() -> Client:
    """The browser of a booking coordinator."""
    client = Client()
    people.sign_in(client, people.make_person("Booking coordinator"))
    return client


def form_of(*hours: dict[str, Any], stored: int = 0, **fields: Any) -> dict[str, Any]:
    """The values of a clinician's form, with a row for each of `hours`."""
    data = {
        "name": "Dr New Example",
        "slug": "dr-new-example",
        "languages": "English",
        "time_zone": "Europe/London",
        "is_accepting": "on",
        "hours-TOTAL_FORMS": len(hours),
        "hours-INITIAL_FORMS": stored,
    }
    for number, row in enumerate(hours):
        data |= {f"hours-{number}-{name}": value for name, value in row.items()}
    return data | fields


def row(appointment_type: AppointmentType | None = None, **fields: Any) -> dict[str, Any]:
    defaults = {"weekday": 0, "starts": "09:00", "ends": "12:00", "slot_minutes": 45, "buffer_minutes": 0}
    defaults |= {"video": "on", "valid_from": "2027-01-01", "types": (appointment_type or make_type()).pk}
    return defaults | fields


def test_saving_hours_makes_the_times_that_can_be_booked(desk):
    answer = desk.post(ADD, form_of(row(valid_from="2026-01-01")))
    assert answer.status_code == 302
    slots = Slot.objects.filter(clinician__slug="dr-new-example")
    assert slots.count() >= 4 * 8
    assert set(slots.values_list("video", "telephone", "in_person")) == {(True, False, False)}


def test_hours_that_are_deleted_take_their_free_times_with_them_and_no_appointment(desk):
    hours = make_hours()
    appointment, _ = make_appointment(slot=make_slot(hours=hours)), make_slot(hours=hours)
    stored = row(hours.types.get(), id=hours.pk, clinician=hours.clinician_id, DELETE="on")
    address = reverse("admin:appointments_clinician_change", args=[hours.clinician_id])
    assert desk.post(address, form_of(stored, stored=1)).status_code == 302
    assert not WorkingHours.objects.exists()
    assert list(Slot.objects.values_list("pk", "is_covered")) == [(appointment.slot_id, False)]


@pytest.mark.parametrize(
    ("second", "is_refused"),
    [
        ({"starts": "11:00", "ends": "13:00"}, True),
        ({"starts": "12:00", "ends": "13:00"}, False),
        ({"starts": "11:00", "ends": "13:00", "weekday": 1}, False),
        ({"starts": "11:00", "ends": "13:00", "valid_from": "2027-06-01"}, True),
        ({"starts": "11:00", "ends": "13:00", "valid_from": "2027-07-01"}, False),
    ],
)
def test_hours_that_overlap_are_refused_in_words(desk, second, is_refused):
    appointment_type = make_type()
    answer = desk.post(ADD, form_of(row(appointment_type, valid_until="2027-06-30"), row(appointment_type, **second)))
    assert Clinician.objects.exists() is not is_refused
    if is_refused:
        assert "These hours overlap others of the same day: Monday, 09:00 to 12:00." in answer.content.decode()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"starts": "12:00", "ends": "09:00"}, "The end has to be after the start"),
        ({"valid_until": "2026-12-31"}, "The last day cannot be before the first."),
        ({"in_person": "on"}, "Say where patients come to"),
        ({"slot_minutes": "0"}, "greater than or equal to 5"),
        ({"types": ""}, "is not a valid value"),
        ({"slot_minutes": "40"}, "takes 45 minutes: the slots are too short for it."),
    ],
)
def test_hours_that_make_no_sense_are_refused_in_words(desk, wrong, told):
    answer = desk.post(ADD, form_of(row(**wrong)))
    assert told in answer.content.decode()
    assert not Clinician.objects.exists()


def test_slots_follow_a_kind_that_asks_for_a_longer_pause_or_takes_longer_now(desk):
    hours = make_hours()
    slot_sync.make_slots()
    appointment_type, before = hours.types.get(), Slot.objects.count()
    fields = {name: getattr(appointment_type, name) for name in ("name", "slug", "notice_hours", "horizon_days")} | {
        "video": "on"
    }
    told = desk.post(
        reverse("admin:appointments_appointmenttype_change", args=[appointment_type.pk]),
        fields | {"minutes": 50, "buffer_minutes": 15},
        follow=True,
    )
    assert Slot.objects.count() == before // 4 * 3
    assert "Working hours whose slots are too short for it, and do not offer it: 1." in told.text


@pytest.mark.parametrize("rows", [1, 11])
def test_the_form_of_a_clinician_asks_as_much_with_many_hours_as_with_one(desk, rows, django_assert_max_num_queries):
    clinician, appointment_types = make_clinician(), [make_type(), make_type()]
    for _ in range(rows):
        make_hours(clinician=clinician, types=appointment_types)
    with django_assert_max_num_queries(16):
        page = desk.get(reverse("admin:appointments_clinician_change", args=[clinician.pk])).text
    assert len(re.findall(r'id="id_hours-\d+-types_1" checked>', page)) == rows


def test_an_unknown_zone_is_refused(desk):
    assert "Europe/London" in desk.post(ADD, form_of(time_zone="Mars/Olympus")).content.decode()
    assert not Clinician.objects.exists()


def photograph(form: str = "PNG", name: str = "me.png") -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (40, 50)).save(content, form)
    return SimpleUploadedFile(name, content.getvalue())


def test_a_photograph_is_kept_under_the_name_of_its_content(desk):
    desk.post(ADD, form_of(photograph=photograph(name="Jane’s passport.png"), photograph_alt="A portrait"))
    assert Clinician.objects.get().photograph.name.startswith("clinicians/")
    assert "passport" not in Clinician.objects.get().photograph.name
    assert Clinician.objects.get().photograph.name.endswith(".jpg")


def test_a_demonstration_clinician_has_a_marked_name(desk):
    assert "Write (demonstration) behind the name" in desk.post(ADD, form_of(is_demonstration="on")).content.decode()


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (photograph("GIF", "me.gif"), "Choose a photograph of the type"),
        (
            SimpleUploadedFile("me.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            "Choose a photograph of the type",
        ),
        (SimpleUploadedFile("me.png", b"<script>alert(1)</script>"), "Choose a photograph of the type"),
        (SimpleUploadedFile("me.png", b""), "empty"),
    ],
)
def test_a_file_that_is_no_photograph_is_refused(desk, file, told):
    answer = desk.post(ADD, form_of(photograph=file, photograph_alt="A portrait"))
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert not Clinician.objects.exists()


def test_a_photograph_without_a_description_is_refused(desk):
    assert "Say what the photograph shows." in desk.post(ADD, form_of(photograph=photograph())).content.decode()


@pytest.mark.parametrize("model", [Clinician, AppointmentType, Location])
def test_a_coordinator_reads_lists_and_forms(desk, model):
    hours = make_hours()
    row_of = {Clinician: hours.clinician, AppointmentType: hours.types.get(), Location: hours.location}[model]
    name = f"admin:appointments_{model._meta.model_name}"
    for address in [reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[row_of.pk])]:
        assert desk.get(address).status_code == 200


def test_only_users_who_may_change_accounts_link_one_to_a_clinician(desk):
    clinician, me = make_clinician(slug="dr-new-example"), User.objects.get()
    desk.post(reverse("admin:appointments_clinician_change", args=[clinician.pk]), form_of(user=me.pk))
    clinician.refresh_from_db()
    assert (clinician.name, clinician.user) == ("Dr New Example", None)


@pytest.mark.parametrize("group", ["Editor", "Clinical reviewer", "Clinician"])
def test_other_staff_cannot_change_hours(group):
    client = Client()
    people.sign_in(client, people.make_person(group))
    assert client.post(ADD, form_of()).status_code == 403
