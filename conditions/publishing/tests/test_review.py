"""Reviews: permission to approve, corrections, set times, and the log."""

from datetime import date, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from calcsite.errors import UserFacingError
from calcsite.stale import StaleError
from conditions.editing import drafting
from conditions.models import Condition, Edition, PageEvent
from conditions.months import months_after
from conditions.publishing import publishing
from conditions.tests.factories import make_condition, make_live, make_reviewer, publish

pytestmark = pytest.mark.django_db


SPECIAL = {
    "sqlite": ["INSERT OR REPLACE INTO conditions_pageevent SELECT * FROM conditions_pageevent"],
    "postgresql": ["TRUNCATE conditions_pageevent"],
}[connection.vendor]


@pytest.fixture
def author(django_user_model):
    return django_user_model.objects.create_user("author")


@pytest.fixture
def reviewer(django_user_model):
    return make_reviewer()


@pytest.fixture
def reviewed(author, reviewer) -> Condition:
    """A page that a clinician approved on 1 March 2026."""
    condition = make_condition(slug="gout", name="Gout")
    edition = publishing.submit(condition=condition, by=author)
    publishing.approve(edition=edition, by=reviewer, on=date(2026, 3, 1), due=date(2029, 1, 31))
    condition.refresh_from_db()
    return condition


@pytest.fixture
def second():
    return make_reviewer(name="Dr Second", credentials="MBBS")


def submit_correction(condition: Condition, author) -> Edition:
    condition.summary = "The corrected summary."
    condition.save()
    return publishing.submit(condition=condition, by=author, is_correction=True)


def steps(condition: Condition) -> list[str]:
    return [step.kind for step in PageEvent.objects.of_page(condition).order_by("pk")]


def test_a_correction_keeps_the_review_and_names_its_approver(reviewed, author, second, client):
    edition = submit_correction(reviewed, author)
    publishing.approve(edition=edition, by=second, on=date(2026, 11, 21), keeps_review=True)
    page = client.get("/conditions/gout/").content.decode()
    assert "Reviewed by Dr Demonstration, MD" in page
    assert "1 March 2026" in page
    assert "31 January 2029" in page
    assert "Corrected on 21 November 2026. Dr Second, MBBS," in page
    assert '"lastReviewed":"2026-03-01"' in page


def test_a_reviewer_of_a_correction_may_review_the_whole_page_instead(reviewed, author, second, client):
    edition = submit_correction(reviewed, author)
    publishing.approve(edition=edition, by=second, on=date(2026, 11, 21))
    page = client.get("/conditions/gout/").content.decode()
    assert "Reviewed by Dr Second, MBBS" in page
    assert "Corrected on" not in page
    assert edition.review_due_on == date(2029, 11, 21)


def test_only_a_correction_can_keep_the_review(reviewed, author, reviewer):
    edition = publishing.submit(condition=reviewed, by=author)
    with pytest.raises(UserFacingError, match="Only a correction"):
        publishing.approve(edition=edition, by=reviewer, keeps_review=True)


def test_a_page_that_no_clinician_reviewed_has_no_review_for_a_correction_to_keep(author):
    with pytest.raises(UserFacingError, match="this page has none"):
        publishing.submit(condition=make_live(), by=author, is_correction=True)


def test_nothing_but_a_full_review_moves_the_review_dates(reviewed, author, second):
    before = (reviewed.live_edition.reviewed_on, reviewed.live_edition.review_due_on)
    for number in range(3):
        reviewed.summary = f"Correction {number}."
        reviewed.save()
        edition = publishing.submit(condition=reviewed, by=author, is_correction=True)
        publishing.approve(edition=edition, by=second, keeps_review=True)
        assert (edition.reviewed_on, edition.review_due_on) == before


def test_the_next_review_is_due_after_the_months_of_the_condition_and_no_later(author, reviewer):
    condition = make_condition(review_months=6)
    edition = publishing.submit(condition=condition, by=author)
    late = date(2026, 9, 2)
    with pytest.raises(UserFacingError, match="within 6 months"):
        publishing.approve(edition=edition, by=reviewer, on=date(2026, 3, 1), due=late)
    publishing.approve(edition=edition, by=reviewer, on=date(2026, 3, 1))
    assert edition.review_due_on == date(2026, 9, 1)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 36, date(2027, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 3, 1), 36, date(2029, 3, 1)),
    ],
)
def test_months_are_those_of_the_calendar(day, months, later):
    assert months_after(day, months) == later


def test_an_author_of_any_of_the_text_cannot_approve_it(author, reviewer):
    condition = make_condition()
    drafting.note_change(condition=condition, by=reviewer, what="Summary")
    edition = publishing.submit(condition=condition, by=author)
    with pytest.raises(UserFacingError, match="worked on this text yourself"):
        publishing.approve(edition=edition, by=reviewer)


def test_a_change_judged_with_an_earlier_edition_does_not_count(author, reviewer):
    third = make_reviewer()
    condition = make_condition()
    drafting.note_change(condition=condition, by=reviewer, what="Summary")
    first = publishing.submit(condition=condition, by=author)
    publishing.approve(edition=first, by=third)
    second = publishing.submit(condition=condition, by=author)
    publishing.approve(edition=second, by=reviewer)
    assert second.status == "approved"


def test_a_change_published_without_review_was_not_judged(author, reviewer):
    condition = make_condition()
    drafting.note_change(condition=condition, by=reviewer, what="Summary")
    publish(condition)
    edition = publishing.submit(condition=condition, by=author)
    with pytest.raises(UserFacingError, match="worked on this text yourself"):
        publishing.approve(edition=edition, by=reviewer)


def test_a_correction_keeps_the_review_that_is_live_when_it_is_approved(reviewed, author, second):
    """A correction that was opened before the next full review went live does not bring the old review back."""
    opened = submit_correction(reviewed, author)
    assert opened.condition.live_edition.reviewed_on == date(2026, 3, 1)
    publishing.withdraw(condition=reviewed, by=author, reason="For a test.")
    with pytest.raises(UserFacingError, match="Only a correction of a reviewed page"):
        publishing.approve(edition=opened, by=second, keeps_review=True)


def test_setting_back_to_an_unapproved_edition_brings_its_authors_back(author, reviewer, second):
    condition = make_condition()
    drafting.note_change(condition=condition, by=reviewer, what="Summary")
    returned = publishing.submit(condition=condition, by=author)
    publishing.return_(edition=returned, by=second, reason="No.")
    approved = publishing.submit(condition=condition, by=author)
    publishing.approve(edition=approved, by=second)
    drafting.revert(edition=returned, by=author)
    again = publishing.submit(condition=condition, by=author)
    with pytest.raises(UserFacingError, match="worked on this text yourself"):
        publishing.approve(edition=again, by=reviewer)


def test_a_page_does_not_go_live_when_its_next_review_is_due(author, reviewer):
    edition = publishing.submit(condition=make_condition(review_months=1), by=author)
    with pytest.raises(UserFacingError, match="already due"):
        approve_for(edition, reviewer, timedelta(days=40))


def test_an_edition_is_not_made_of_a_text_that_the_author_has_not_seen(author):
    condition = make_condition()
    with pytest.raises(StaleError, match="Somebody has saved"):
        publishing.submit(condition=condition, by=author, seen="of another text")
    assert not condition.editions.exists()


# A set time


def approve_for(edition: Edition, reviewer, wait: timedelta) -> None:
    publishing.approve(edition=edition, by=reviewer, goes_live_at=timezone.now() + wait)


def test_an_approval_for_a_set_time_goes_live_then_and_not_before(author, reviewer, client):
    condition = make_condition(slug="gout")
    edition = publishing.submit(condition=condition, by=author)
    approve_for(edition, reviewer, timedelta(hours=1))
    assert publishing.publish_due() == 0
    assert client.get("/conditions/gout/").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        call_command("tick")
        assert client.get("/conditions/gout/").status_code == 200
        assert publishing.publish_due() == 0
    assert steps(condition) == ["submitted", "approved", "published"]


def test_a_time_that_has_passed_is_refused(author, reviewer):
    edition = publishing.submit(condition=make_condition(), by=author)
    with pytest.raises(UserFacingError, match="has passed"):
        approve_for(edition, reviewer, timedelta(0))


def test_an_approval_can_be_taken_back_until_its_time(author, reviewer):
    edition = publishing.submit(condition=make_condition(), by=author)
    approve_for(edition, reviewer, timedelta(hours=1))
    publishing.return_(edition=edition, by=reviewer, reason="A new study.")
    assert (edition.status, edition.reviewer_name, edition.goes_live_at) == ("returned", "", None)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert publishing.publish_due() == 0


def test_an_edition_that_cannot_go_live_at_its_time_goes_back_with_the_reason(author, reviewer):
    edition = publishing.submit(condition=make_condition(slug="gout"), by=author)
    approve_for(edition, reviewer, timedelta(hours=1))
    other = make_live(slug="podagra")
    Condition.objects.filter(pk=edition.condition_id).update(slug="elsewhere")
    Condition.objects.filter(pk=other.pk).update(slug="gout")
    publish(other)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert publishing.publish_due() == 0
    edition.refresh_from_db()
    assert edition.status == "returned"
    assert "already has the address" in edition.reason


def test_one_that_was_overtaken_goes_back_at_its_time(author, reviewer):
    condition = make_condition()
    edition = publishing.submit(condition=condition, by=author)
    approve_for(edition, reviewer, timedelta(hours=1))
    publish(condition)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert publishing.publish_due() == 0
    edition.refresh_from_db()
    assert "Edition 2 is newer" in edition.reason


def test_a_page_taken_off_the_site_does_not_come_back_by_itself(reviewed, author, reviewer):
    edition = publishing.submit(condition=reviewed, by=author)
    approve_for(edition, reviewer, timedelta(hours=1))
    publishing.withdraw(condition=reviewed, by=reviewer, reason="Wrong dose.")
    edition.refresh_from_db()
    assert edition.status == "returned"
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert publishing.publish_due() == 0
    assert steps(reviewed)[-2:] == ["returned", "withdrawn"]


def test_taking_a_page_off_the_site_needs_a_reason(reviewed, reviewer):
    with pytest.raises(UserFacingError, match="Say why"):
        publishing.withdraw(condition=reviewed, by=reviewer, reason=" ")


def test_one_that_cannot_be_rendered_keeps_none_of_the_others_from_their_time(author, reviewer, caplog):
    broken = make_condition()
    hour_ago = timezone.now() - timedelta(hours=1)
    decided = {"status": "approved", "reviewer_name": "Dr A", "reviewed_on": hour_ago, "review_due_on": hour_ago}
    Edition.objects.create(condition=broken, number=1, content={"slug": "a"}, goes_live_at=hour_ago, **decided)
    edition = publishing.submit(condition=make_condition(), by=author)
    approve_for(edition, reviewer, timedelta(hours=1))
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert publishing.publish_due() == 1
    assert "could not go live" in caplog.text


# The log


def test_every_step_is_in_the_log_with_its_user_and_reason(author, reviewer):
    condition = make_condition()
    first = publishing.submit(condition=condition, by=author, note="New page.")
    publishing.return_(edition=first, by=reviewer, reason="Which children?")
    second = publishing.submit(condition=condition, by=author)
    publishing.approve(edition=second, by=reviewer)
    publishing.withdraw(condition=condition, by=reviewer, reason="Wrong dose.")
    told = [(step.kind, step.by, step.edition, step.why) for step in PageEvent.objects.order_by("pk")]
    assert told == [
        ("submitted", author, first, "New page."),
        ("returned", reviewer, first, "Which children?"),
        ("submitted", author, second, ""),
        ("approved", reviewer, second, ""),
        ("published", reviewer, second, ""),
        ("withdrawn", reviewer, second, "Wrong dose."),
    ]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE conditions_pageevent SET why = 'x'",
        "DELETE FROM conditions_pageevent",
        *SPECIAL,
    ],
)
def test_the_database_refuses_to_change_the_log(change):
    make_live()
    connection.check_constraints()  # PostgreSQL refuses to truncate while constraint checks are pending
    with pytest.raises(DatabaseError, match="log"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_the_log_outlives_a_working_copy_that_was_deleted(author):
    condition = make_condition(name="Gout")
    drafting.note_change(condition=condition, by=author, what="Summary")
    drafting.delete(condition=condition, by=author)
    assert [(step.condition_name, step.kind) for step in PageEvent.objects.order_by("pk")] == [
        ("Gout", "saved"),
        ("Gout", "deleted"),
    ]


# Tampering


def test_all_editions_are_checked_at_once():
    make_live()
    out = StringIO()
    call_command("check_editions", stdout=out)
    assert out.getvalue() == "All 1 editions are what was submitted.\n"


def test_a_tampered_edition_is_named(drop_trigger):
    make_live(name="Gout")
    drop_trigger("edition_is_frozen_update")
    Edition.objects.update(content={"summary": "Tampered."})
    with pytest.raises(CommandError, match="Gout, edition 1 does not say what was submitted"):
        call_command("check_editions")


def test_an_edition_that_was_taken_out_is_missed(drop_trigger):
    condition = make_condition(name="Gout")
    for number in (1, 2):
        Edition.objects.create(condition=condition, number=number, content={})
    drop_trigger("edition_is_kept_delete")
    Edition.objects.filter(number=1).delete()
    with pytest.raises(CommandError, match="Gout: 1 editions, and the last is number 2"):
        call_command("check_editions")


def test_a_forged_approval_is_named(author):
    edition = publishing.submit(condition=make_condition(name="Gout"), by=author)
    dates = {"reviewed_on": date(2026, 1, 1), "review_due_on": date(2027, 1, 1), "published_at": timezone.now()}
    Edition.objects.filter(pk=edition.pk).update(status="approved", reviewer_name="Dr Forged", **dates)
    with pytest.raises(CommandError, match="Gout, edition 1 was decided without a step in the log"):
        call_command("check_editions")


@pytest.fixture
def drop_trigger(db):
    """Drop a trigger for the rest of the test, as the owner of the database could."""

    def drop(name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"DROP TRIGGER {name}{' ON conditions_edition' if connection.vendor == 'postgresql' else ''}"
            )

    return drop


@pytest.mark.parametrize(
    "change",
    [
        {"status": "submitted"},
        {"status": "unreviewed", "published_at": timezone.now()},
        {"goes_live_at": timezone.now()},
        {"reviewer_name": "Dr Nobody"},
        {"published_at": timezone.now(), "reviewer_name": "Dr Nobody"},
    ],
)
def test_a_scheduled_approval_moves_along_its_two_lines_only(author, reviewer, change):
    edition = publishing.submit(condition=make_condition(), by=author)
    approve_for(edition, reviewer, timedelta(hours=1))
    with pytest.raises(DatabaseError), transaction.atomic():
        Edition.objects.update(**change)


@pytest.mark.parametrize("change", [{"published_at": timezone.now()}, {"status": "made up"}, {"is_correction": True}])
def test_a_waiting_edition_is_not_published_past_the_decision(change):
    publishing.submit(condition=make_condition(), by=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        Edition.objects.update(**change)
