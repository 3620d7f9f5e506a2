"""Consents can be read in their original wording, and withdrawn."""

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from appointments.access import carers
from appointments.choices import ConsentKind, Status
from appointments.governance import legal_holds
from appointments.models import Appointment, AuditEntry, Consent, Document, ErasureRequest
from appointments.privacy import withdrawal
from appointments.tests.clients import come_in, come_in_with_code, url
from appointments.tests.factories import make_appointment
from calcsite.tests import people

pytestmark = pytest.mark.django_db

PAGES = ["my_data", "my_data_erase", "carer"]


def agreed(**fields) -> Appointment:
    return make_appointment(**{"consent_version": "2026-11", "consented_at": timezone.now()} | fields)


def send(appointment: Appointment, name: str, **fields) -> Document:
    document = Document(appointment=appointment, kind="pdf", name=name, size=1, sha256=name, **fields)
    document.file.save(name, ContentFile(b"x"))
    return document


def test_the_booking_s_consent_is_read_in_its_words():
    appointment = agreed()
    client = come_in_with_code(appointment)
    assert "Your second opinion, and keeping a record of it" in client.get(url("my_data")).text
    page = client.get(url("my_data_consent", "booking")).text
    assert "A second opinion is advice. Your own doctors stay in charge of your care." in page
    assert "We cancel your appointment at once" in page


def test_a_consent_without_its_template_refers_to_the_telephone():
    appointment = agreed(consent_version="1999-01")
    assert (
        "To read these words again, call us"
        in come_in_with_code(appointment).get(url("my_data_consent", "booking")).text
    )


@pytest.mark.parametrize("and_erase", [False, True])
def test_withdrawing_the_booking_cancels_it_with_erasure_as_an_option(and_erase):
    appointment = agreed()
    client = come_in_with_code(appointment)
    assert "Tick the box if you no longer agree." in client.post(url("my_data_consent", "booking")).text
    answers = {"sure": "on"} | ({"and_erase": "on"} if and_erase else {})
    assert client.post(url("my_data_consent", "booking"), answers)["Location"] == url("cancelled")
    appointment.refresh_from_db()
    assert appointment.status == Status.CANCELLED
    consent = Consent.objects.get()
    assert (consent.kind, consent.version, consent.given_at) == ("booking", "2026-11", appointment.consented_at)
    assert consent.withdrawn_at is not None
    assert ErasureRequest.objects.filter(appointment=appointment).exists() == and_erase
    assert AuditEntry.objects.filter(detail="Consent withdrawn: booking").count() == 1
    assert client.get(url("my_data"))["Location"] == url("cancelled")


def test_a_past_appointment_stays_and_the_withdrawal_is_recorded_once():
    appointment = agreed()
    Appointment.objects.filter(pk=appointment.pk).update(status=Status.COMPLETED)
    client = come_in_with_code(appointment)
    assert client.post(url("my_data_consent", "booking"), {"sure": "on"})["Location"] == url("my_data")
    assert "You took it back on" in client.get(url("my_data")).text
    assert client.get(url("my_data_consent", "booking")).status_code == 404
    withdrawal.withdraw(appointment=appointment, kind="booking")
    assert Consent.objects.count() == 1
    assert Appointment.objects.get().status == Status.COMPLETED


def test_withdrawing_documents_deletes_only_those_that_the_patient_sent(django_capture_on_commit_callbacks):
    appointment, other, staff = agreed(), agreed(), people.make_person()
    sent, ours = send(appointment, "mine"), send(appointment, "ours", added_by=staff)
    theirs = send(other, "theirs")
    for each in (appointment, other):
        Consent.objects.create(appointment=each, kind=ConsentKind.DOCUMENTS, version="2026-11")
    client = come_in_with_code(appointment)
    assert "We delete the records and images" in client.get(url("my_data_consent", "documents")).text
    with django_capture_on_commit_callbacks(execute=True):
        client.post(url("my_data_consent", "documents"), {"sure": "on"})
    assert list(Document.objects.order_by("pk")) == [ours, theirs]
    removed = AuditEntry.objects.filter(detail="Document removed")
    assert list(removed.values_list("reference", "actor")) == [(appointment.reference, "the patient")]
    storage = sent.file.storage
    assert [storage.exists(each.file.name) for each in (sent, ours, theirs)] == [False, True, True]
    assert Consent.objects.filter(withdrawn_at=None).get().appointment == other
    appointment.refresh_from_db()
    assert appointment.status == Status.BOOKED


def test_a_legal_hold_keeps_documents_with_an_explanation():
    appointment = agreed()
    document = send(appointment, "mine")
    Consent.objects.create(appointment=appointment, kind=ConsentKind.DOCUMENTS, version="2026-11")
    legal_holds.place(appointment=appointment, why="A claim", by=people.make_person())
    page = come_in_with_code(appointment).post(url("my_data_consent", "documents"), {"sure": "on"})
    assert "We have to keep your records for now." in page.text
    assert Document.objects.get() == document
    assert Consent.objects.get().withdrawn_at is None


def test_taking_back_the_ticks_leaves_the_list():
    appointment = agreed()
    Consent.objects.create(appointment=appointment, kind=ConsentKind.TICKS, version="2026-11")
    before = list(appointment.tasks.values())
    client = come_in_with_code(appointment)
    client.post(url("my_data_consent", "ticks"), {"sure": "on"})
    assert withdrawal.given(appointment, "ticks") is None
    assert withdrawal.given(appointment, "booking") is not None
    assert list(appointment.tasks.values()) == before


@pytest.mark.parametrize("kind", ["documents", "nothing", "booking"])
def test_a_consent_that_was_not_given_answers_404(kind):
    client = come_in_with_code(make_appointment())
    assert client.get(url("my_data_consent", kind)).status_code == 404


@pytest.mark.parametrize("name", [*PAGES, "my_data_consent"])
def test_strangers_and_patients_without_the_code_see_and_do_nothing(name):
    appointment = agreed()
    address = url(name, *(["booking"] if name == "my_data_consent" else []))
    stranger, without_code = Client(), come_in(appointment)
    page = stranger.get(address)
    assert (page.status_code, page.content) == (403, stranger.get(url("home")).content)
    assert stranger.post(address, {"sure": "on", "name": "x"}).status_code in {403, 405}
    answer = without_code.get(address)
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, url("confirm"))
    assert without_code.post(address, {"sure": "on", "name": "x"}).status_code in {302, 405}
    for action in ("my_data_download", "my_data_keep"):
        assert stranger.post(url(action)).content == page.content
        assert without_code.post(url(action))["Location"].startswith(url("confirm"))
    appointment.refresh_from_db()
    assert (appointment.status, ErasureRequest.objects.count(), Consent.objects.count()) == ("booked", 0, 0)
    assert not carers.usable().exists()


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_not_cached_and_reading_changes_nothing(name):
    appointment = agreed(reason="canary", needs="canary")
    client, before = come_in_with_code(appointment), AuditEntry.objects.count()
    page = client.get(url(name))
    assert page["Cache-Control"] == "private, no-store"
    assert "noindex" in page.text
    assert "canary" not in page.text
    assert AuditEntry.objects.count() == before


def test_one_patient_sees_and_takes_back_nothing_of_another():
    mine, other = agreed(), agreed()
    Consent.objects.create(appointment=other, kind=ConsentKind.DOCUMENTS, version="2026-11")
    carers.make(appointment=other, name="Somebody else")
    client = come_in_with_code(mine)
    assert client.get(url("my_data_consent", "documents")).content == client.get(
        url("my_data_consent", "nothing")
    ).content.replace(b"nothing", b"documents")
    assert "Somebody else" not in client.get(url("carer")).text
    assert Consent.objects.get().withdrawn_at is None
