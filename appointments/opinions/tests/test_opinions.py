"""An opinion is drafted, signed, released and corrected; a signed version never changes."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone

from appointments.booking import booking
from appointments.models import Appointment, AuditEntry, Clinician, Message, Opinion, Question
from appointments.opinions import opinions
from appointments.opinions.tests import makers
from appointments.preparation import answers
from appointments.tests.factories import make_appointment
from appointments.tests.mailbox import deliver, html_of
from calcsite.errors import UserFacingError
from calcsite.stale import StaleError, fingerprint
from calcsite.tests import people

pytestmark = pytest.mark.django_db

REFUSED = (IntegrityError, InternalError)


@pytest.fixture
def appointment() -> Appointment:
    return make_appointment()


def ask(appointment: Appointment, text: str = "Will it grow?") -> Question:
    return Question.objects.create(appointment=appointment, text=text)


def test_the_signed_content_has_name_credentials_time_and_checksum(appointment):
    question = ask(appointment)
    opinion = makers.make_draft_opinion(appointment)
    by = makers.clinician_of(appointment)
    said = {question.pk: {"outcome": "answered", "answer": "Most do not."}}
    makers.save(opinion, by, answers=said)
    makers.sign(opinion)
    clinician = Clinician.objects.get(user=by)
    assert opinion.content == {
        "reference": appointment.reference,
        "number": 1,
        "patient": "Kim Example",
        "born": "",
        "seen_on": timezone.localdate(appointment.slot.starts).isoformat(),
        "correction": "",
        **makers.TEXTS,
        "agreement_words": "We agree in part",
        "options": [makers.OPTION],
        "questions": [{"text": "Will it grow?", "outcome": "answered", "answer": "Most do not."}],
        "signed": {"name": clinician.name, "credentials": "MBBS, FRCR", "at": opinion.signed_at.isoformat()},
    }
    assert (opinion.status, opinion.signed_by, opinion.signed_name) == ("signed", by, clinician.name)
    assert opinion.is_intact


EMPTY = [
    ({"findings": " "}, "Write what you found."),
    ({"agreement": ""}, "Say how the first opinion and yours relate."),
    ({"first_opinion": ""}, "Write what the first opinion says, or say that there is none in writing."),
    ({"our_opinion": ""}, "Write what you say."),
    ({"next_steps": ""}, "Write what to do next."),
]


@pytest.mark.parametrize(("words", "sentence"), EMPTY)
def test_an_empty_part_is_named_and_nothing_is_signed(appointment, words, sentence):
    opinion = makers.make_draft_opinion(appointment, **words)
    with pytest.raises(UserFacingError) as refused:
        makers.sign(opinion)
    assert str(refused.value) == sentence
    assert Opinion.objects.get().status == "draft"


def test_treatments_questions_and_credentials_are_asked_for_too(appointment):
    ask(appointment)
    opinion = makers.make_draft_opinion(appointment, agreement="none", first_opinion="")
    by = makers.clinician_of(appointment)
    clinician = Clinician.objects.get(user=by)
    clinician.credentials = ""

    def gaps(*options: dict[str, str]) -> list[str]:
        makers.save(opinion, by, texts=makers.TEXTS, options=options)
        return opinions.gaps(opinions.compose(opinion), clinician)

    others = ["Question 1 of the patient: answer it, or leave it open."]
    others += ["Your credentials are missing: ask whoever looks after the clinicians’ profiles."]
    assert gaps() == ["Name at least one treatment. Watching and waiting is one too.", *others]
    assert gaps(makers.OPTION | {"name": "", "risks": ""}) == [
        "Name treatment 1.",
        "Treatment 1: write its risks.",
        *others,
    ]
    Question.objects.update(outcome="answered")
    assert gaps(makers.OPTION)[0] == "Question 1 of the patient: write the answer."
    Question.objects.update(outcome="open")
    assert gaps(makers.OPTION) == others[1:]


def test_a_stale_save_is_refused_and_changes_nothing(appointment):
    opinion = makers.make_draft_opinion(appointment)
    by, seen = makers.clinician_of(appointment), opinions.fingerprint_of(opinion)
    makers.save(opinion, by, texts={"findings": "Mine"})
    with pytest.raises(StaleError):
        makers.save(opinion, by, seen=seen, texts={"findings": "Theirs"}, options=[])
    assert Opinion.objects.get().findings == "Mine"
    assert opinion.options.count() == 1


def test_two_saves_at_the_same_moment_of_the_clock_are_told_apart(appointment):
    opinion = makers.make_draft_opinion(appointment)
    by, seen = makers.clinician_of(appointment), opinions.fingerprint_of(opinion)
    makers.save(opinion, by, at=opinion.changed_at)
    with pytest.raises(StaleError):
        makers.save(opinion, by, seen=seen)


def test_a_save_with_stale_questions_changes_nothing(appointment):
    question = ask(appointment)
    opinion = makers.make_draft_opinion(appointment)
    seen = answers.fingerprint_of([question])
    Question.objects.update(text="Will it shrink?")
    said = {question.pk: {"outcome": "answered", "answer": "No."}}
    with pytest.raises(StaleError):
        makers.save(
            opinion, makers.clinician_of(appointment), texts={"findings": "New"}, answers=said, answers_seen=seen
        )
    assert (Question.objects.get().answer, Opinion.objects.get().findings) == ("", makers.TEXTS["findings"])


def test_a_signature_on_an_older_state_is_refused(appointment):
    question = ask(appointment)
    opinion = makers.make_draft_opinion(appointment)
    by = makers.clinician_of(appointment)
    read = fingerprint(opinions.compose(opinion))
    question.outcome = "open"
    question.save()
    with pytest.raises(StaleError, match="Read it again"):
        opinions.sign(opinion=opinion, seen=read, by=by)


def test_only_the_appointments_clinician_writes_signs_and_releases(appointment):
    opinion = makers.make_draft_opinion(appointment)
    other = makers.clinician_of(make_appointment())
    coordinator = people.make_person("Booking coordinator")
    for person in [other, coordinator, people.make_person(is_superuser=True)]:
        for step in [
            lambda by: opinions.start(appointment=appointment, by=by),
            lambda by: makers.save(opinion, by),
            lambda by: opinions.sign(opinion=opinion, seen=fingerprint(opinions.compose(opinion)), by=by),
            lambda by: opinions.release(opinion=opinion, by=by),
            lambda by: opinions.correct(appointment=appointment, why="x", by=by),
            lambda by: answers.answer(appointment=appointment, answers={}, seen="", by=by),
        ]:
            with pytest.raises(UserFacingError, match="Only the clinician"):
                step(person)
    assert Opinion.objects.get().status == "draft"


def test_nothing_is_written_about_a_cancelled_appointment(appointment):
    by = makers.clinician_of(appointment)
    booking.cancel(appointment=appointment)
    with pytest.raises(UserFacingError, match="cancelled"):
        opinions.start(appointment=appointment, by=by)


def test_a_release_sends_one_message_without_its_content(appointment):
    deliver()
    opinion = makers.make_released_opinion(appointment, findings="A canary of calcium")
    with pytest.raises(StaleError, match="released already"):
        opinions.release(opinion=opinion, by=makers.clinician_of(appointment))
    (email,) = deliver()
    told = f"{email.subject} {email.body} {html_of(email)}"
    assert email.subject == "There is something for you to read"
    assert "/appointment/" in email.body
    for word in [*" ".join([*makers.TEXTS.values(), *makers.OPTION.values()]).split(), "canary", "calcium"]:
        assert len(word) < 8 or word not in told, word
    assert Message.objects.filter(kind="opinion").count() == 1


def test_a_correction_is_a_new_version_and_keeps_the_old_one(appointment):
    first = makers.make_released_opinion(appointment)
    second = makers.make_correction(appointment)
    assert (second.number, second.findings, second.status) == (2, first.findings, "draft")
    assert list(second.options.values_list("name", flat=True)) == ["Watching"]
    makers.save(second, makers.clinician_of(appointment), texts={"findings": "The scan of May."})
    makers.release(makers.sign(second))
    assert second.content["correction"] == "The date of the scan was wrong."
    first.refresh_from_db()
    assert (first.content["findings"], first.is_intact) == (makers.TEXTS["findings"], True)
    assert [version.number for version in Opinion.objects.released()] == [2, 1]


def test_only_the_newest_signed_version_is_released(appointment):
    first = makers.sign(makers.make_draft_opinion(appointment))
    makers.sign(makers.make_correction(appointment))
    with pytest.raises(UserFacingError, match="newest"):
        makers.release(first)


def test_a_correction_says_why_and_comes_after_a_signature(appointment):
    opinion = makers.make_draft_opinion(appointment)
    with pytest.raises(UserFacingError, match="nothing to correct"):
        makers.make_correction(appointment)
    makers.sign(opinion)
    with pytest.raises(UserFacingError, match="Say what is corrected"):
        makers.make_correction(appointment, why=" ")
    with pytest.raises(UserFacingError, match="correct it"):
        opinions.start(appointment=appointment, by=makers.clinician_of(appointment))


CHANGES = {
    "correction": "x",
    "findings": "x",
    "agreement": "agrees",
    "first_opinion": "x",
    "our_opinion": "x",
    "next_steps": "x",
    "number": 9,
    "content": {},
    "checksum": "x",
    "signed_name": "Dr Nobody",
    "signed_credentials": "x",
    "status": "draft",
    "signed_at": timezone.now() - timedelta(days=9),
    "changed_at": timezone.now() - timedelta(days=9),
    "released_at": timezone.now() - timedelta(days=9),
}


@pytest.mark.parametrize("name", [*CHANGES, "signed_by", "drafted_by", "released_by", "appointment"])
def test_nothing_of_a_released_opinion_is_changed_by_a_save_or_an_update(appointment, name):
    opinion = makers.make_released_opinion(appointment)
    people_and_places = {"appointment": make_appointment} if name == "appointment" else {name: people.make_person}
    value = CHANGES[name] if name in CHANGES else people_and_places[name]()
    before = Opinion.objects.values().get()
    setattr(opinion, name, value)
    with pytest.raises(REFUSED), transaction.atomic():
        opinion.save()
    with pytest.raises(REFUSED), transaction.atomic():
        Opinion.objects.update(**{name: value})
    assert Opinion.objects.values().get() == before


SQL = ["findings = 'x'", "content = NULL", "content = '{}'", "checksum = ''", "status = 'signed'", "signed_at = NULL"]
SQL += ["released_at = NULL", "released_by_id = NULL", "signed_by_id = NULL", "id = id + 1"]


@pytest.mark.parametrize("change", SQL)
def test_plain_sql_changes_nothing_of_a_released_opinion(appointment, change):
    makers.make_released_opinion(appointment)
    before = Opinion.objects.values().get()
    with pytest.raises(REFUSED), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE appointments_opinion SET {change}")
    assert Opinion.objects.values().get() == before


def test_a_signed_opinion_changes_by_its_release_alone(appointment):
    opinion = makers.sign(makers.make_draft_opinion(appointment))
    with pytest.raises(REFUSED), transaction.atomic():
        Opinion.objects.update(released_by=people.make_person())
    with pytest.raises(REFUSED), transaction.atomic():
        Opinion.objects.update(status="released", released_at=timezone.now(), findings="x")
    opinion.save()
    makers.release(opinion)


def test_tampering_behind_the_triggers_is_found(appointment, capsys):
    makers.make_released_opinion(appointment)
    call_command("check_opinions")
    assert capsys.readouterr().out == "Signed opinions that are as they were signed: 1, which is all.\n"
    makers.tamper(content=Opinion.objects.get().content | {"findings": "Something else"})
    with pytest.raises(CommandError, match=f"{appointment.reference}, opinion 1"):
        call_command("check_opinions")
    assert not Opinion.objects.get().is_intact


def test_an_opinion_that_was_moved_to_another_patient_is_not_intact(appointment):
    makers.make_released_opinion(appointment)
    makers.tamper(appointment=make_appointment())
    assert not Opinion.objects.get().is_intact


def test_every_step_is_on_record_with_its_user(appointment):
    makers.make_released_opinion(appointment)
    by = makers.clinician_of(appointment).username
    entries = AuditEntry.objects.filter(action="changed").order_by("pk").values_list("actor", "detail")
    steps = ["begun", "saved", "signed", "released"]
    assert list(entries) == [(by, f"Opinion 1 {step}") for step in steps]
