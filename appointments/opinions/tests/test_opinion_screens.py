"""The screens of a clinician: the visit pack, the draft, signing, releasing. Input is never lost."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, InternalError, transaction
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment, AuditEntry, Opinion, Question, TestInstruction
from appointments.opinions import opinions
from appointments.opinions.tests import makers
from appointments.tests.factories import make_appointment, make_hours, make_slot
from calcsite.stale import fingerprint
from calcsite.tests import people

pytestmark = pytest.mark.django_db

LIST = "/admin/appointments/appointment/"


@pytest.fixture
def appointment() -> Appointment:
    return make_appointment()


@pytest.fixture
def clinician(appointment) -> User:
    return makers.clinician_of(appointment, username="ada")


@pytest.fixture
def desk(clinician) -> Client:
    return people.client_of(clinician)


def at(appointment: Appointment, step: str = "") -> str:
    return f"{LIST}{appointment.pk}/opinion/{step}"


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a form, as a browser sends them."""
    hidden = [tag for tag in re.findall(r"<input[^>]*>", page) if 'type="hidden"' in tag and "csrf" not in tag]
    return {re.search('name="([^"]*)"', tag)[1]: (re.search('value="([^"]*)"', tag) or ["", ""])[1] for tag in hidden}


def typed(page: str, **changes: str) -> dict[str, str]:
    option = {f"options-0-{name}": value for name, value in makers.OPTION.items()}
    return fields_of(page) | makers.TEXTS | option | changes


def test_a_clinician_writes_reads_signs_and_releases(desk, appointment):
    question = Question.objects.create(appointment=appointment, text="Will it grow?")
    assert desk.post(at(appointment, "start/"))["Location"] == at(appointment, "1/edit/")
    page = desk.get(at(appointment, "1/edit/")).text
    answer = {f"outcome_{question.pk}": "answered", f"answer_{question.pk}": "Most do not."}
    saved = desk.post(at(appointment, "1/edit/"), typed(page, then="sign", **answer))
    assert saved["Location"] == at(appointment, "1/sign/")
    page = desk.get(saved["Location"]).text
    for words in [*makers.TEXTS.values(), *makers.OPTION.values(), "Most do not.", "MBBS, FRCR"]:
        assert words in page or words == "partly", words
    signed = desk.post(saved["Location"], fields_of(page))
    assert signed["Location"] == at(appointment)
    assert "Release version 1" in desk.get(at(appointment)).text
    desk.post(at(appointment, "1/release/"))
    assert Opinion.objects.get().status == "released"
    desk.post(at(appointment, "correct/"), {"why": "A date was wrong."})
    assert "A date was wrong." in desk.get(at(appointment, "2/edit/")).text


def test_the_preview_and_the_signed_version_are_equal(desk, appointment):
    makers.make_draft_opinion(appointment)

    def opinion_in(step: str) -> str:
        page = desk.get(at(appointment, step)).text
        return page.partition('<div class="opinion">')[2].partition('<p class="opinion-signature">')[0]

    preview, asked = opinion_in("1/"), opinion_in("1/sign/")
    makers.sign(Opinion.objects.get())
    assert preview == asked == opinion_in("1/")
    assert makers.TEXTS["findings"] in preview


def test_a_stale_save_keeps_the_input_and_shows_the_stored_draft(desk, appointment, clinician):
    opinion = makers.make_draft_opinion(appointment)
    page = desk.get(at(appointment, "1/edit/")).text
    makers.save(opinion, clinician, texts={"findings": "From the other window."})
    answer = desk.post(at(appointment, "1/edit/"), typed(page, findings="Typed for an hour."))
    assert answer.status_code == 409
    assert "Typed for an hour." in answer.text
    assert "From the other window." in answer.text
    assert Opinion.objects.get().findings == "From the other window."
    again = desk.post(at(appointment, "1/edit/"), typed(answer.text, findings="Typed for an hour."))
    assert again.status_code == 302
    assert Opinion.objects.get().findings == "Typed for an hour."


def test_a_save_after_the_signature_keeps_the_input(desk, appointment):
    opinion = makers.make_draft_opinion(appointment)
    page = desk.get(at(appointment, "1/edit/")).text
    makers.sign(opinion)
    answer = desk.post(at(appointment, "1/edit/"), typed(page, findings="Typed for an hour."))
    assert (answer.status_code, "Typed for an hour." in answer.text) == (409, True)
    assert desk.get(at(appointment, "1/edit/"))["Location"] == at(appointment, "1/")


def test_a_text_beyond_its_limit_is_named_and_kept(desk, appointment):
    makers.make_draft_opinion(appointment)
    page = desk.get(at(appointment, "1/edit/")).text
    answer = desk.post(at(appointment, "1/edit/"), typed(page, findings="x" * 5001, **{"options-0-risks": "y" * 2001}))
    assert answer.status_code == 200
    assert 'href="#id_findings">What you found: This has 5001 characters. Shorten it to 5000.' in answer.text
    assert 'href="#id_options-0-risks">Risks: This has 2001 characters. Shorten it to 2000.' in answer.text
    assert "x" * 5001 in answer.text


def test_the_answer_to_a_removed_question_stays_on_the_screen(desk, appointment):
    question = Question.objects.create(appointment=appointment, text="Will it grow?")
    makers.make_draft_opinion(appointment)
    page = desk.get(at(appointment, "1/edit/")).text
    Question.objects.all().delete()
    answer = desk.post(at(appointment, "1/edit/"), typed(page, **{f"answer_{question.pk}": "Most do not."}))
    assert (answer.status_code, "Most do not." in answer.text) == (409, True)


def test_treatments_are_added_one_after_the_other_and_taken_out(desk, appointment):
    makers.make_draft_opinion(appointment)
    page = desk.get(at(appointment, "1/edit/")).text
    desk.post(at(appointment, "1/edit/"), typed(page, then="more", **{"options-1-name": "An operation"}))
    page = desk.get(at(appointment, "1/edit/")).text
    assert "options-2-name" in page
    desk.post(at(appointment, "1/edit/"), typed(page, **{"options-0-DELETE": "on", "options-1-name": "An operation"}))
    assert list(Opinion.objects.get().options.values_list("name", flat=True)) == ["An operation"]


def test_a_part_that_is_missing_is_named_where_the_signature_would_be(desk, appointment):
    makers.make_draft_opinion(appointment, next_steps="")
    page = desk.get(at(appointment, "1/sign/")).text
    assert "Write what to do next." in page
    assert "Sign it" not in page
    seen = fingerprint(opinions.compose(Opinion.objects.get()))
    assert desk.post(at(appointment, "1/sign/"), {"seen": seen}).status_code == 409


def test_a_stale_signature_is_refused(desk, appointment, clinician):
    opinion = makers.make_draft_opinion(appointment)
    page = desk.get(at(appointment, "1/sign/")).text
    makers.save(opinion, clinician, texts={"findings": "Other words."})
    answer = desk.post(at(appointment, "1/sign/"), fields_of(page))
    assert (answer.status_code, "Read it again" in answer.text) == (409, True)
    assert Opinion.objects.get().status == "draft"


def test_the_visit_pack_takes_answers_and_instructions_for_tests(desk, appointment, clinician):
    question = Question.objects.create(appointment=appointment, text="Will it grow?")
    address = f"{LIST}{appointment.pk}/pack/"
    page = desk.get(address).text
    answer = {f"outcome_{question.pk}": "open", f"answer_{question.pk}": "After the scan."}
    assert desk.post(address, fields_of(page) | answer).status_code == 302
    question.refresh_from_db()
    assert (question.outcome, question.answer) == ("open", "After the scan.")
    empty = desk.post(f"{address}tests/", {"test": "", "text": "Nothing to eat"})
    assert "Name the test." in empty.text
    assert "Nothing to eat" in empty.text
    desk.post(f"{address}tests/", {"test": "Blood test", "day": "2026-12-01", "text": "Eat nothing from midnight."})
    made = TestInstruction.objects.get()
    assert (made.by, f"{made.day}") == (clinician, "2026-12-01")
    assert "Eat nothing from midnight." in desk.get(address).text
    desk.post(f"{address}tests/{made.pk}/")
    assert not TestInstruction.objects.exists()


def test_a_stale_answer_on_the_pack_keeps_the_input(desk, appointment):
    question = Question.objects.create(appointment=appointment, text="Will it grow?")
    address = f"{LIST}{appointment.pk}/pack/"
    page = desk.get(address).text
    Question.objects.update(text="Will it shrink?")
    answer = desk.post(address, fields_of(page) | {f"answer_{question.pk}": "Typed for an hour."})
    assert (answer.status_code, "Typed for an hour." in answer.text) == (409, True)
    assert "Will it shrink?" in answer.text


def screens(appointment: Appointment) -> list[str]:
    steps = ["opinion/", "opinion/1/", "opinion/2/edit/", "opinion/2/sign/", "opinion/2/", "opinion/correct/", "pack/"]
    return [f"{LIST}{appointment.pk}/{step}" for step in steps]


def sendings(appointment: Appointment) -> list[str]:
    steps = ["opinion/start/", "opinion/correct/", "opinion/2/edit/", "opinion/2/sign/", "opinion/2/release/"]
    steps += ["pack/", "pack/tests/", f"pack/tests/{TestInstruction.objects.get().pk}/"]
    return [f"{LIST}{appointment.pk}/{step}" for step in steps]


def make_everything(appointment: Appointment) -> None:
    """A released version, and a draft that corrects it."""
    makers.make_released_opinion(appointment)
    makers.make_correction(appointment)
    by = makers.clinician_of(appointment)
    TestInstruction.objects.create(appointment=appointment, test="Blood", text="Nothing to eat", by=by)


def test_other_staff_get_the_404_of_an_unknown_number(appointment):
    make_everything(appointment)
    before = list(Opinion.objects.values()), list(TestInstruction.objects.values())
    others = [makers.clinician_of(make_appointment()), people.make_person("Booking coordinator")]
    others += [people.make_person(is_superuser=True), people.make_person("Clinician", "Booking coordinator")]
    for person in others:
        client = people.client_of(person)
        for method, addresses in [("get", screens(appointment)), ("post", sendings(appointment))]:
            for address in addresses:
                answers = [
                    getattr(client, method)(address.replace(f"/{appointment.pk}/", f"/{number}/", 1))
                    for number in (appointment.pk, 987654)
                ]
                assert answers[0].status_code in {403, 404}, address
                assert answers[0].status_code == answers[1].status_code, address
                bodies = [re.sub(rf"/({appointment.pk}|987654)/", "/N/", answer.text) for answer in answers]
                assert bodies[0] == bodies[1], address
    assert (list(Opinion.objects.values()), list(TestInstruction.objects.values())) == before
    assert Client().get(screens(appointment)[0]).status_code == 302


def test_an_appointment_that_moves_to_another_clinician_takes_its_opinion_along(appointment, desk):
    makers.make_draft_opinion(appointment)
    other = make_slot(hours=make_hours(types=[appointment.appointment_type]))
    Appointment.objects.update(slot=other)
    assert desk.get(at(appointment, "1/edit/")).status_code == 404
    new = people.client_of(makers.clinician_of(Appointment.objects.get(pk=appointment.pk)))
    assert new.get(at(appointment, "1/edit/")).status_code == 200


def test_opening_five_records_leaves_five_entries(appointment, desk):
    five = [appointment]
    while len(five) < 5:
        five.append(make_appointment(slot=make_slot(hours=appointment.slot.hours)))
    for each in five:
        make_everything(each)
    for step in ["opinion/", "opinion/1/", "opinion/2/edit/", "opinion/2/sign/", "pack/"]:
        before = timezone.now()
        for each in five:
            assert desk.get(f"{LIST}{each.pk}/{step}").status_code == 200
        entries = AuditEntry.objects.filter(action="read", at__gte=before).order_by("pk")
        assert [(entry.reference, entry.actor) for entry in entries] == [(each.reference, "ada") for each in five]
        assert {entry.detail for entry in entries} == {"Visit pack" if step == "pack/" else "Opinion"}
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        AuditEntry.objects.update(actor="nobody")
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        AuditEntry.objects.all().delete()


def test_the_appointment_links_to_the_opinion_for_its_clinician_only(appointment, desk):
    page = f"{LIST}{appointment.pk}/change/"
    assert at(appointment) in desk.get(page).text
    assert at(appointment) not in people.client_of(people.make_person("Booking coordinator")).get(page).text
    assert f"{LIST}readiness/" in desk.get("/admin/").text


def test_each_screen_of_a_patient_leads_their_clinician_to_the_others(appointment, desk):
    screens = [f"{LIST}{appointment.pk}/{step}/" for step in ["change", "pack", "opinion", "recovery"]]
    for screen in screens:
        page = desk.get(screen).text
        assert [page.count(f'href="{each}"') for each in screens[1:]] == [1, 1, 1], screen


def test_a_screen_takes_as_many_queries_with_thirty_of_all(appointment, desk, django_assert_max_num_queries):
    def queries(step: str) -> int:
        with django_assert_max_num_queries(40) as found:
            assert desk.get(f"{LIST}{appointment.pk}/{step}").status_code == 200
        return len(found)

    make_everything(appointment)
    Question.objects.create(appointment=appointment, text="?")
    steps = ["opinion/", "opinion/2/edit/", "pack/"]
    one = [queries(step) for step in steps * 2][3:]  # after the look-ups that a process caches
    draft = Opinion.objects.get(number=2)
    for number in range(29):
        Question.objects.create(appointment=appointment, text="?")
        TestInstruction.objects.create(appointment=appointment, test="x", text="x", by=draft.drafted_by)
        content = {"number": number + 3, "reference": appointment.reference}
        Opinion.objects.create(
            appointment=appointment,
            number=number + 3,
            drafted_by=draft.drafted_by,
            status="released",
            content=content,
            signed_name="x",
            signed_at=timezone.now(),
            released_at=timezone.now(),
            released_by=draft.drafted_by,
        )
    assert [queries(step) for step in steps] == one


def test_no_screen_is_cached(appointment, desk):
    make_everything(appointment)
    for address in screens(appointment):
        assert {"private", "no-store"} <= set(desk.get(address).headers["Cache-Control"].split(", ")), address
