"""Erasure leaves nothing behind, and nothing comes back with an older backup."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import mail, serializers
from django.core.files.storage import storages
from django.db import IntegrityError, connection, transaction
from django.test import Client, RequestFactory
from django.utils import timezone

from appointments.access import carers, links
from appointments.access.decorators import with_appointment
from appointments.booking import booking
from appointments.choices import Mode, Status
from appointments.governance import legal_holds, tombstones
from appointments.management.commands.tick import PARTS
from appointments.models import Appointment, AuditEntry, Draft, ErasureRequest, Message, Slot, Tombstone
from appointments.privacy import erasure, registry
from appointments.tests.clients import come_in, come_in_with_code, url
from appointments.tests.complete_patient import canaries_in, everything_in, everything_in_the_database, make_everything
from appointments.tests.factories import make_appointment, make_draft, make_slot
from appointments.tests.mailbox import deliver
from calcsite.errors import UserFacingError
from calcsite.models import Attempts
from calcsite.tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> User:
    return people.make_person("Booking coordinator", username="bea", first_name="Bea", last_name="Example")


@pytest.fixture
def private(tmp_path) -> Path:
    return tmp_path / "private"


def stored_files_of(appointment: Appointment) -> list[tombstones.StoredFile]:
    return [stored for _, stored in registry.files_of(appointment)]


def test_no_canary_is_left_in_any_table_or_file(staff, private):
    appointment = make_everything(staff)
    files = stored_files_of(appointment)
    assert len(canaries_in(everything_in_the_database())) > 75
    assert len(canaries_in(everything_in(private))) == 1
    erasure.erase(appointment=appointment, by=staff)
    assert canaries_in(everything_in_the_database()) == set()
    assert canaries_in(everything_in(private)) == set()
    assert [stored for stored in files if stored.storage.exists(stored.name)] == []
    assert len(files) == 1
    for model in registry.PATHS:
        assert registry.rows_of(appointment, model).exists() == (model in registry.KEPT_MODELS), model


def test_the_audit_log_stays_and_names_the_user_but_not_the_patient(staff):
    appointment = make_appointment(name="Kim Canary", email="canary@home.example")
    come_in(appointment)
    erasure.erase(appointment=appointment, by=staff)
    entries = AuditEntry.objects.filter(reference=appointment.reference).order_by("pk")
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("booked", "the patient"),
        ("entered", "the patient"),
        ("erased", "bea"),
    ]
    assert "anary" not in str(list(AuditEntry.objects.values()))


def test_the_time_is_free_again_and_no_message_is_sent(staff):
    appointment = make_appointment()
    deliver()
    erasure.erase(appointment=appointment, by=staff)
    assert Slot.objects.free().filter(pk=appointment.slot_id).exists()
    assert deliver() == []
    assert Message.objects.count() == 0


def test_counts_and_references_without_a_foreign_key_are_deleted_too(staff):
    appointment, other = make_appointment(email="kim@home.example"), make_appointment(email="other@home.example")
    patient, stranger = come_in(appointment), come_in(other)
    carer = Client()
    carer.post(url("carer_open"), {"token": carers.make(appointment=appointment, name="Jo")})
    links.ask_for_link("Kim@home.example", network="a")
    for each in (appointment, other):
        links.ask_for_code(each)
    with pytest.raises(UserFacingError):
        links.check_code(appointment, "000000")
    counted = Attempts.objects.count()
    erasure.erase(appointment=appointment, by=staff)
    assert counted - Attempts.objects.count() == 3
    assert not Message.objects.filter(text__iexact="kim@home.example").exists()
    left = set(Session.objects.values_list("session_key", flat=True))
    assert stranger.session.session_key in left
    assert not left & {patient.cookies["sessionid"].value, carer.cookies["sessionid"].value}


def test_unbooked_drafts_of_the_patient_are_deleted_too(staff):
    """Drafts in another browser belong to no appointment, or to a hold."""
    appointment, slot, held = make_appointment(email="Kim@home.example"), make_slot(), make_draft()
    booking.hold(draft=held, slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO)
    written = {"answers": {"you": {"email": "kim@home.example"}, "why": {"reason": "canary"}}}
    left = [make_draft(**written), held]
    Draft.objects.filter(pk=held.pk).update(**written)
    others = make_draft(answers={"you": {"email": "skim@home.example"}})
    erasure.erase(appointment=appointment, by=staff)
    assert not Draft.objects.filter(pk__in=[draft.pk for draft in left]).exists()
    assert Draft.objects.filter(pk=others.pk).exists()
    assert "kim@home.example" not in everything_in_the_database().replace("skim@", "")


@pytest.fixture
def mail_files(settings, tmp_path: Path) -> Path:
    """The folder that mail is written to, as where there is no mail server."""
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.MAIL_SERVER_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    return tmp_path / "mail"


def test_mail_that_was_written_to_files_goes_too(staff, mail_files):
    mine, other = make_appointment(email="kim@home.example"), make_appointment(email="other@home.example")
    deliver()
    assert everything_in(mail_files).count("\\nTo: ") == 2
    erasure.erase(appointment=mine, by=staff)
    left = everything_in(mail_files)
    assert ("kim@home.example" in left, left.count(f"\\nTo: {other.email}")) == (False, 1)


def test_mail_in_files_goes_too_when_its_message_is_gone(staff, mail_files):
    mine, other = make_appointment(email="Kim@home.example"), make_appointment(email="kim@home.example.test")
    deliver()
    Message.objects.all().delete()
    erasure.erase(appointment=mine, by=staff)
    left = everything_in(mail_files)
    assert ("Kim@home.example\\n" in left, left.count(f"\\nTo: {other.email}")) == (False, 1)


def test_unread_messages_to_staff_about_the_patient_are_deleted_too(staff):
    appointment = make_appointment(name="Zoë O'Canary")
    other = make_appointment(name="Ash Other")
    told, elsewhere = Client(), Client()
    for client, about in [(told, appointment), (elsewhere, other)]:
        people.sign_in(client, staff)
        address = f"/admin/appointments/appointment/{about.pk}/mark/"
        assert client.post(address, {"status": "confirmed"}).status_code == 302
    erasure.erase(appointment=appointment, by=staff)
    assert "Canary" not in everything_in_the_database()
    assert "_auth_user_id" in told.session  # and staff stay signed in
    assert "Ash Other is marked" in elsewhere.session["_messages"]


class Backup:
    """A backup and its restore: every missing row, and every file but the tombstones."""

    def __init__(self, private: Path, copy: Path) -> None:
        self.private, self.copy = private, copy
        shutil.copytree(private, copy)
        rows = [row for model in self.models() for row in model._base_manager.order_by("pk")]
        self.rows = serializers.serialize("json", rows)

    @staticmethod
    def models() -> list[type]:
        return [model for model in registry.PATHS if not model._meta.auto_created] + [Session]

    def restore(self) -> None:
        shutil.copytree(self.copy, self.private, dirs_exist_ok=True)
        Tombstone.objects.all().delete()
        for each in serializers.deserialize("json", self.rows):
            if not type(each.object)._base_manager.filter(pk=each.object.pk).exists():
                each.save()


@pytest.fixture
def restored(staff, private, tmp_path) -> Appointment:
    """An appointment that was erased, and is back with a backup from before."""
    appointment = make_everything(staff)
    backup = Backup(private, tmp_path / "backup")
    before = canaries_in(everything_in_the_database(without={"django_admin_log"}))
    erasure.erase(appointment=appointment, by=staff)
    backup.restore()
    assert canaries_in(everything_in_the_database()) == before
    assert len(canaries_in(everything_in(private))) == 1
    return Appointment.objects.get(pk=appointment.pk)


def is_fully_erased(appointment: Appointment, private: Path) -> bool:
    connection.check_constraints()
    found = canaries_in(everything_in_the_database()) | canaries_in(everything_in(private))
    return found == set() and Tombstone.objects.count() == 1


def test_after_a_restore_the_first_request_about_patients_erases_again(restored, private):
    files = stored_files_of(restored)
    client = Client()  # a process that has just started
    client.get("/")
    assert not is_fully_erased(restored, private)
    assert client.get(url("home")).status_code == 403
    assert is_fully_erased(restored, private)
    assert [stored for stored in files if stored.storage.exists(stored.name)] == []
    assert AuditEntry.objects.filter(action="erased").count() == 2


def test_after_a_restore_the_worker_erases_again_before_all_else(restored, private):
    assert PARTS[0] is erasure.apply_again
    assert (erasure.apply_again(), erasure.apply_again()) == (1, 0)
    assert is_fully_erased(restored, private)


def test_after_a_restore_no_link_opens_an_erased_record(restored):
    token, carers_token = links.make_link(restored), carers.make(appointment=restored, name="Jo")
    with pytest.raises(UserFacingError):
        links.enter(token)
    with pytest.raises(UserFacingError):
        carers.enter(carers_token)


def test_a_hold_that_came_back_with_the_backup_does_not_stop_it(restored, staff, private):
    restored.legal_holds.create(why="over long ago", placed_by=staff)
    erasure.apply_again()
    assert is_fully_erased(restored, private)


def test_files_alone_that_came_back_go_again(staff, private, tmp_path):
    appointment = make_everything(staff)
    backup = Backup(private, tmp_path / "backup")
    erasure.erase(appointment=appointment, by=staff)
    backup.rows = "[]"
    backup.restore()
    erasure.apply_again()
    assert is_fully_erased(appointment, private)


def test_an_erasure_that_failed_after_the_tombstone_is_done_by_the_next_round(staff, private):
    appointment = make_everything(staff)
    tombstones.write(appointment, [], timezone.now())
    Tombstone.objects.all().delete()  # as the transaction that fails takes it back
    assert erasure.apply_again() == 1
    assert is_fully_erased(appointment, private)


def test_a_patient_at_work_during_the_erasure_reads_that_the_link_is_over(staff):
    appointment = make_appointment()

    @with_appointment
    def make_link(request, mine: Appointment) -> None:
        erasure.erase(appointment=appointment, by=staff)
        carers.make(appointment=mine, name="Jo")

    request = RequestFactory().post("/")
    request.session = come_in(appointment).session
    answer = make_link(request)
    assert (answer.status_code, "link" in answer.content.decode()) == (403, True)


def test_a_tombstone_identifies_no_person(staff, private):
    appointment = make_everything(staff)
    erasure.erase(appointment=appointment, by=staff)
    left = everything_in(private)
    for known in (appointment.reference, str(appointment.uid), appointment.uid.hex, appointment.name, "home.example"):
        assert known not in left
    assert Tombstone.objects.get().digest in left


def test_without_a_tombstone_nothing_is_looked_for(django_assert_num_queries):
    make_appointment()
    with django_assert_num_queries(0):
        assert erasure.apply_again() == 0


def test_a_held_appointment_is_not_erased_until_every_hold_has_ended(staff):
    appointment = make_appointment()
    holds = [legal_holds.place(appointment=appointment, why=why, by=staff) for why in ("claim", "complaint")]
    for hold in holds:
        with pytest.raises(UserFacingError, match="legal hold"):
            erasure.erase(appointment=appointment, by=staff)
        legal_holds.end(hold=hold, by=staff)
    assert not tombstones.is_erased(appointment)
    erasure.erase(appointment=appointment, by=staff)
    with pytest.raises(UserFacingError, match="erased already"):
        erasure.erase(appointment=appointment, by=staff)
    details = AuditEntry.objects.filter(by=staff, action="changed").values_list("detail", flat=True)
    assert sorted(details) == ["Legal hold ended"] * 2 + ["Legal hold placed"] * 2


def test_a_disk_that_refuses_the_tombstone_leaves_everything_as_it_was(staff, private, settings):
    appointment = make_everything(staff)
    before = canaries_in(everything_in_the_database())
    (private / tombstones.FOLDER).write_text("a file where the folder should be")
    with pytest.raises(UserFacingError, match="Nothing is erased"):
        erasure.erase(appointment=appointment, by=staff)
    assert canaries_in(everything_in_the_database()) == before
    assert len(canaries_in(everything_in(private))) == 1


def test_a_disk_that_is_full_in_the_middle_of_a_tombstone_leaves_none(staff, settings):
    appointment, good = make_everything(staff), settings.STORAGES
    full = good["private"] | {"BACKEND": "appointments.documents.tests.test_documents.FullDisk"}
    settings.STORAGES = good | {"private": full}
    with pytest.raises(UserFacingError, match="Nothing is erased"):
        erasure.erase(appointment=appointment, by=staff)
    assert not tombstones.is_erased(appointment)
    assert erasure.apply_again() == 0
    settings.STORAGES = good
    erasure.erase(appointment=appointment, by=staff)
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("words", ["", '{"erased_at": "2026-01-0', "[]", "{}"])
def test_a_truncated_tombstone_still_identifies_the_appointment(staff, private, words):
    """Its name is enough. Otherwise every starting process would fail at it."""
    appointment = make_everything(staff)
    tombstones.write(appointment, [], timezone.now())
    Tombstone.objects.all().delete()
    (private / tombstones.FOLDER / tombstones.digest(appointment)).write_text(words)
    assert (erasure.apply_again(), erasure.apply_again()) == (1, 0)
    assert is_fully_erased(appointment, private)


def test_a_patient_asks_once_and_may_take_it_back():
    appointment = make_appointment()
    client = come_in_with_code(appointment)
    page = client.post(url("my_data_erase"))
    assert "Tick the box if you want everything about you deleted." in page.text
    assert "<title>Error: " in page.text
    assert not ErasureRequest.objects.exists()
    for _ in range(2):
        assert client.post(url("my_data_erase"), {"sure": "on"})["Location"] == url("my_data")
    assert ErasureRequest.objects.filter(appointment=appointment, refused_at=None).count() == 1
    assert "You asked us on" in client.get(url("my_data")).text
    client.post(url("my_data_keep"))
    assert not ErasureRequest.objects.exists()
    details = AuditEntry.objects.filter(action="changed").order_by("pk").values_list("detail", flat=True)
    assert list(details) == ["Erasure asked for", "Erasure no longer asked for"]


def test_the_database_refuses_a_refusal_without_a_name_or_a_reason(staff):
    asked = ErasureRequest.objects.create(appointment=make_appointment())
    for fields in [{"refused_by": staff}, {"refused_why": "The law."}]:
        with pytest.raises(IntegrityError, match="refused_with"), transaction.atomic():
            ErasureRequest.objects.filter(pk=asked.pk).update(refused_at=timezone.now(), **fields)


def test_a_refusal_reaches_the_patient_by_e_mail_and_on_the_page(staff):
    appointment = make_appointment()
    erasure.ask(appointment=appointment)
    deliver()
    assert erasure.refuse(appointment=appointment, why="A court asks for it & we <must>.", by=staff)
    (letter,) = deliver()
    assert "A court asks for it & we <must>." in letter.body
    client = come_in_with_code(appointment)
    assert "A court asks for it &amp; we &lt;must&gt;." in client.get(url("my_data")).text
    with pytest.raises(UserFacingError):
        erasure.refuse(appointment=appointment, why="Again", by=staff)
    client.post(url("my_data_erase"), {"sure": "on"})
    assert ErasureRequest.objects.filter(refused_at=None).count() == 1
    assert len(mail.outbox) == 2


def test_a_refusal_without_an_address_asks_staff_to_telephone(staff):
    appointment = make_appointment(email="")
    erasure.ask(appointment=appointment)
    assert not erasure.refuse(appointment=appointment, why="No", by=staff)


def test_a_past_appointment_can_be_erased_in_any_status(staff):
    for status in (Status.COMPLETED, Status.MISSED, Status.CANCELLED):
        appointment = make_appointment(at=timezone.now() - timedelta(days=1))
        Appointment.objects.filter(pk=appointment.pk).update(status=status, cancelled_at=timezone.now())
        erasure.erase(appointment=appointment, by=staff)
    assert not Appointment.objects.exists()
    assert len(storages["private"].listdir(tombstones.FOLDER)[1]) == 3


def test_erased_data_is_not_on_the_disk_of_the_database(committed):
    """On SQLite the file and its log are read; PostgreSQL overwrites with its next vacuum, so its tables are."""
    appointment = make_everything(people.make_person())
    name = str(connection.settings_dict["NAME"])
    files = [Path(name), Path(f"{name}-wal")] if connection.vendor == "sqlite" else []

    def on_disk() -> str:
        return f"{[file.read_bytes() for file in files if file.exists()]}{everything_in_the_database()}"

    assert len(canaries_in(on_disk())) > 75
    erasure.erase(appointment=appointment)
    assert canaries_in(on_disk()) == set()
