"""Concurrent actions on one opinion: one consistent outcome on both databases, with a negative control."""

import threading
from functools import partial

import pytest
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from appointments.governance.permissions import SIGN, VIEW
from appointments.models import AuditEntry, Message, Opinion
from appointments.opinions import opinions
from appointments.opinions.tests import makers
from appointments.tests.factories import make_appointment
from calcsite.errors import UserFacingError
from calcsite.stale import fingerprint
from calcsite.tests import racing

at_once = partial(racing.at_once, refused=UserFacingError)


@pytest.fixture(autouse=True)
def clinicians(committed) -> None:
    """The group, which goes with the data of the test before."""
    group, _ = Group.objects.get_or_create(name="Clinician")
    names = [name.partition(".")[2] for name in (VIEW, SIGN)]
    group.permissions.set(Permission.objects.filter(codename__in=names))


def refusals(outcomes: list[object]) -> int:
    return sum(isinstance(outcome, UserFacingError) for outcome in outcomes)


def test_of_concurrent_signatures_one_is_kept():
    opinion = makers.make_draft_opinion(make_appointment())
    by, seen = makers.clinician_of(opinion.appointment), fingerprint(opinions.compose(opinion))
    outcomes = at_once(*[lambda: opinions.sign(opinion=opinion, seen=seen, by=by)] * 4)
    assert refusals(outcomes) == 3
    assert AuditEntry.objects.filter(detail="Opinion 1 signed").count() == 1
    assert Opinion.objects.get().is_intact


def test_of_a_concurrent_signature_and_save_one_is_refused():
    for _ in range(4):
        opinion = makers.make_draft_opinion(make_appointment())
        by, seen = makers.clinician_of(opinion.appointment), fingerprint(opinions.compose(opinion))
        again = Opinion.objects.get(pk=opinion.pk)
        signed, saved = at_once(
            lambda opinion=opinion, seen=seen, by=by: opinions.sign(opinion=opinion, seen=seen, by=by),
            lambda again=again, by=by: makers.save(again, by, texts={"findings": "Changed"}),
        )
        assert refusals([signed, saved]) == 1
        opinion.refresh_from_db()
        was_signed = not isinstance(signed, UserFacingError)
        assert (opinion.status == "signed", opinion.findings == "Changed") == (was_signed, not was_signed)
        assert not was_signed or opinion.content["findings"] == makers.TEXTS["findings"]


def test_concurrent_releases_release_once_and_send_one_message():
    opinion = makers.sign(makers.make_draft_opinion(make_appointment()))
    by = makers.clinician_of(opinion.appointment)
    outcomes = at_once(*[lambda: opinions.release(opinion=opinion, by=by)] * 4)
    assert refusals(outcomes) == 3
    assert Message.objects.filter(kind="opinion").count() == 1


def test_of_two_saves_one_is_kept_whole():
    opinion = makers.make_draft_opinion(make_appointment())
    by, seen = makers.clinician_of(opinion.appointment), opinions.fingerprint_of(opinion)
    outcomes = at_once(
        *[
            lambda name=name: makers.save(
                Opinion.objects.get(pk=opinion.pk),
                by,
                seen=seen,
                texts={"findings": name},
                options=[makers.OPTION | {"name": name}],
            )
            for name in "ABC"
        ]
    )
    assert refusals(outcomes) == 2
    assert list(Opinion.objects.get().options.values_list("name", flat=True)) == [Opinion.objects.get().findings]


def test_concurrent_starts_make_one_draft_and_corrections_one_version():
    appointment = make_appointment()
    by = makers.clinician_of(appointment)
    drafts = at_once(*[lambda: opinions.start(appointment=appointment, by=by).pk] * 4)
    assert len(set(drafts)) == 1
    makers.save(Opinion.objects.get(), by)
    makers.sign(Opinion.objects.get())
    outcomes = at_once(*[lambda: opinions.correct(appointment=appointment, why="New", by=by)] * 4)
    assert refusals(outcomes) == 3
    assert list(Opinion.objects.values_list("number", flat=True)) == [2, 1]


def test_without_the_comparison_both_would_release_it():
    """The control: a look at the status, and then a release."""
    opinion, now = makers.sign(makers.make_draft_opinion(make_appointment())), timezone.now()
    both_have_looked = threading.Barrier(2)

    def look_and_release() -> int:
        is_signed = Opinion.objects.filter(pk=opinion.pk, status="signed").exists()
        both_have_looked.wait(timeout=30)
        return is_signed and Opinion.objects.filter(pk=opinion.pk).update(status="released", released_at=now)

    assert at_once(look_and_release, look_and_release) == [1, 1]
