"""The export contains all data held about the patient."""

import io
import json
import re
import zipfile

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment, AuditEntry, Document
from appointments.privacy import export, registry
from appointments.tests.clients import come_in, come_in_with_code, url
from appointments.tests.complete_patient import (
    CANARY,
    canaries_in,
    everything_in_the_database,
    make_everything,
    make_row,
)
from appointments.tests.factories import make_appointment
from calcsite.tests import people

pytestmark = pytest.mark.django_db

# Models shared by patients, which rows of patients refer to.
SHARED = {"auth.User", "appointments.Slot", "appointments.AppointmentType", "appointments.Clinician"}
SHARED |= {"appointments.ChecklistItem", "appointments.QuestionPrompt", "appointments.RecoveryGuidance"}
SHARED |= {"conditions.Condition"}


def links() -> list[tuple[type, type]]:
    """Every model of the site, with the models that its foreign keys and many-to-many fields refer to."""
    return [
        (model, field.related_model)
        for model in apps.get_models(include_auto_created=True)
        for field in [*model._meta.concrete_fields, *model._meta.local_many_to_many]
        if field.is_relation
    ]


def unlisted(listed: set[type]) -> set[str]:
    """Models missing from the list: those that refer to a listed one, and unshared ones that a listed one
    refers to.
    """
    leading = {model._meta.label for model, target in links() if target in listed and model not in listed}
    led_to = {target._meta.label for model, target in links() if model in listed and target not in listed}
    return leading | led_to - SHARED


def test_every_model_that_leads_to_an_appointment_is_on_the_list():
    assert unlisted(set(registry.PATHS)) == set()


@pytest.mark.parametrize("forgotten", [model for model in registry.PATHS if model is not Appointment])
def test_a_model_missing_from_the_registry_is_found(forgotten):
    assert forgotten._meta.label in unlisted(set(registry.PATHS) - {forgotten})


def taken(appointment: Appointment) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(export.download(appointment=appointment))))


def test_every_canary_word_in_fields_and_files_is_in_the_download():
    appointment = make_everything(people.make_person())
    held = canaries_in(everything_in_the_database(without={"django_admin_log"}))
    package = taken(appointment)
    found = canaries_in("".join(package.read(name).decode() for name in package.namelist()))
    assert len(held) > 75
    assert held - found == set()
    kinds = json.loads(package.read("data.json"))
    assert kinds["appointments.appointment"][0]["type"] == appointment.appointment_type.name
    assert [model._meta.label for model in registry.PATHS if not kinds[model._meta.label_lower]] == []
    files = [name for name in package.namelist() if name != "data.json"]
    assert len(files) == 1
    assert all(package.read(name).startswith(CANARY.encode()) for name in files)
    assert package.testzip() is None


def test_nothing_of_another_patient_is_in_it_and_no_secret():
    other = make_everything(people.make_person())
    mine = make_appointment()
    come_in(mine)
    record = taken(mine).read("data.json").decode()
    assert CANARY not in record
    assert other.reference not in record
    assert re.search(r"[0-9a-f]{64}", record) is None


def test_the_download_is_streamed_audited_once_and_not_cached():
    appointment = make_appointment()
    client = come_in_with_code(appointment)
    answer = client.post(url("my_data_download"))
    assert answer.streaming
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.zip"'
    assert zipfile.ZipFile(io.BytesIO(answer.getvalue())).namelist() == ["data.json"]
    (entry,) = AuditEntry.objects.filter(action="exported")
    assert (entry.reference, entry.actor) == (appointment.reference, "the patient")
    assert client.get(url("my_data_download")).status_code == 405


def test_a_file_missing_on_the_disk_does_not_stop_the_download():
    appointment = make_everything(people.make_person())
    document = appointment.documents.get()
    document.file.storage.delete(document.file.name)
    package = taken(appointment)
    assert json.loads(package.read("data.json"))["files"] == [
        name for name in package.namelist() if name != "data.json"
    ]


def test_a_file_that_is_removed_while_the_zip_is_on_its_way_breaks_nothing():
    appointment = make_everything(people.make_person())
    make_row(Document, {Appointment: appointment})
    pieces = export.download(appointment=appointment)
    sent = next(pieces)
    document = appointment.documents.first()
    document.file.storage.delete(document.file.name)
    package = zipfile.ZipFile(io.BytesIO(sent + b"".join(pieces)))
    assert package.testzip() is None
    assert len(package.namelist()) == 2  # the other file is there


def test_a_download_takes_as_many_queries_for_one_row_as_for_many(django_assert_num_queries):
    appointment = make_everything(people.make_person())
    with CaptureQueriesContext(connection) as few:
        taken(appointment)
    for number in range(5):
        appointment.notes.create(by=people.make_person(), text=str(number))
        appointment.symptom_set.create(what=str(number))
    with django_assert_num_queries(len(few)):
        taken(appointment)
