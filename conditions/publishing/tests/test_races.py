"""Races of publishing: one consistent outcome, on both databases. Each race has its control."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from calcsite.errors import UserFacingError
from calcsite.tests import racing
from conditions.editing import drafting
from conditions.models import Condition, Edition, Listing, PageEvent, RenderedPage
from conditions.publishing import pages, publishing
from conditions.tests.factories import make_condition, make_live, make_reviewer, publish

ROUNDS = 5
at_once = partial(racing.at_once, refused=UserFacingError)


def approve(edition: Edition, reviewer) -> None:
    edition = Edition.objects.get(pk=edition.pk)
    publishing.approve(edition=edition, by=reviewer)


@pytest.fixture
def reviewer(committed, django_user_model):
    return make_reviewer()


def test_submissions_at_once_are_numbered_one_after_the_other(committed):
    condition = make_condition()
    outcomes = at_once(*[lambda: publishing.submit(condition=condition, by=None).number] * 4)
    assert sorted(outcomes) == [1, 2, 3, 4]


def test_of_an_approval_and_a_return_one_wins_and_the_other_is_told(reviewer):
    for _ in range(ROUNDS):
        edition = publishing.submit(condition=make_condition(), by=None)

        def send_back(edition: Edition = edition) -> None:
            publishing.return_(edition=Edition.objects.get(pk=edition.pk), by=reviewer, reason="No.")

        outcomes = at_once(lambda edition=edition: approve(edition, reviewer), send_back)
        assert len([outcome for outcome in outcomes if isinstance(outcome, UserFacingError)]) == 1
        edition.refresh_from_db()
        is_public = Listing.objects.filter(pk=edition.condition_id).exists()
        assert is_public == (edition.status == Edition.Status.APPROVED)


def test_without_the_compare_and_swap_and_the_trigger_both_would_win(reviewer):
    """The control: a read of the status and then an unguarded change, in place of `_decide`."""
    edition = publishing.submit(condition=make_condition(), by=None)
    with connection.cursor() as cursor:
        table = " ON conditions_edition" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER decision_is_final_update{table}")
    both_have_looked = threading.Barrier(2)

    def look_and_change(reason: str) -> bool:
        stored = Edition.objects.get(pk=edition.pk)
        both_have_looked.wait(timeout=30)
        if stored.status == Edition.Status.SUBMITTED:
            return Edition.objects.filter(pk=edition.pk).update(status=Edition.Status.RETURNED, reason=reason) == 1
        return False

    assert at_once(lambda: look_and_change("Mine."), lambda: look_and_change("No, mine.")) == [True, True]


def test_a_withdrawal_and_a_publication_do_not_block_each_other(committed):
    for _ in range(ROUNDS):
        condition = make_live()
        edition = publishing.submit(condition=condition, by=None)

        def go_live(edition: Edition = edition) -> None:
            publishing.publish_unreviewed(edition=Edition.objects.get(pk=edition.pk), by=None, reason="A test.")

        outcomes = at_once(
            lambda condition=condition: publishing.withdraw(condition=condition, by=None, reason="For a test."),
            go_live,
        )
        assert outcomes == [None, None]
        is_live = Condition.objects.get(pk=condition.pk).live_edition_id is not None
        assert Listing.objects.filter(pk=condition.pk).exists() == is_live
        assert RenderedPage.objects.filter(pk=condition.pk).exists() == is_live


@pytest.fixture
def overtaken(db) -> tuple[Condition, pages.MadePage]:
    """A page that the worker has made, and not kept yet when the next edition is published."""
    condition = make_live(slug="gout", summary="The old summary.")
    page = pages.make_page(condition)
    Condition.objects.update(summary="The new summary.")
    publish(condition)
    return condition, page


def test_a_page_made_ahead_does_not_cover_one_published_meanwhile(overtaken, client):
    condition, page = overtaken
    assert not pages.keep_page(page)
    assert b"The new summary." in client.get("/conditions/gout/").content


def test_kept_without_a_look_at_the_version_it_would(overtaken, client):
    """The control: the same without the guard."""
    condition, page = overtaken
    RenderedPage.objects.filter(listing=condition.pk).update(**page.fields)
    assert b"The old summary." in client.get("/conditions/gout/").content


def test_a_page_made_ahead_is_not_kept_for_a_condition_withdrawn_meanwhile(db, client):
    condition = make_live(slug="gout")
    page = pages.make_page(condition)
    publishing.withdraw(condition=condition, by=None, reason="For a test.")
    assert not pages.keep_page(page)
    assert pages.make_page(condition) is None
    assert not pages.render_ahead(condition)


def test_of_two_reviewers_who_approve_at_once_one_wins_and_the_other_is_told(reviewer):
    second = make_reviewer()
    for _ in range(ROUNDS):
        edition = publishing.submit(condition=make_condition(), by=None)
        outcomes = at_once(
            lambda edition=edition: approve(edition, reviewer), lambda edition=edition: approve(edition, second)
        )
        refused = [str(outcome) for outcome in outcomes if isinstance(outcome, UserFacingError)]
        assert refused == [f"{edition} is not waiting for a decision any more."]
        edition.refresh_from_db()
        assert edition.decided_by_id in {reviewer.pk, second.pk}
        assert PageEvent.objects.filter(edition=edition, kind="approved").count() == 1


def save_all_parts(condition: Condition, words: str) -> None:
    """The admin's save in one transaction: the condition's row first, then its rows."""
    with transaction.atomic():
        stored = drafting.locked_for_saving(condition)
        stored.summary = words
        stored.save()
        for section in stored.sections.all():
            section.body = f"<p>{words}</p>"
            section.save()
        drafting.note_change(condition=stored, by=None, what=words)


def test_an_edition_is_never_half_of_one_save_and_half_of_another(committed):
    for number in range(ROUNDS):
        condition = make_condition(
            summary="Before.", sections={"overview": "<p>Before.</p>", "causes": "<p>Before.</p>"}
        )
        words = f"After {number}."
        edition, _ = at_once(
            lambda condition=condition: publishing.submit(condition=condition, by=None),
            lambda condition=condition, words=words: save_all_parts(condition, words),
        )
        said = {edition.content["summary"], *(part["html"][3:-4] for part in edition.content["sections"])}
        assert len(said) == 1
        assert Condition.objects.get(pk=condition.pk).summary == words


def test_without_the_lock_it_would_be(committed):
    """The control: a save in two transactions, and a look between them."""
    condition = make_condition(summary="Before.", sections={"overview": "<p>Before.</p>"})
    Condition.objects.filter(pk=condition.pk).update(summary="After.")
    edition = publishing.submit(condition=condition, by=None)
    condition.sections.update(body="<p>After.</p>")
    assert (edition.content["summary"], edition.content["sections"][0]["html"]) == ("After.", "<p>Before.</p>")


def test_of_two_workers_one_makes_a_scheduled_edition_live(reviewer):
    for _ in range(ROUNDS):
        edition = publishing.submit(condition=make_condition(), by=None)
        soon = timezone.now() + timedelta(hours=1)
        publishing.approve(edition=edition, by=reviewer, goes_live_at=soon)
        later = timezone.now() + timedelta(hours=2)
        outcomes = at_once(
            lambda later=later: publishing.publish_due(later), lambda later=later: publishing.publish_due(later)
        )
        assert sorted(outcomes) == [0, 1]
        assert PageEvent.objects.filter(edition=edition, kind="published").count() == 1


def test_a_scheduled_edition_goes_live_or_is_taken_back_and_never_both(reviewer):
    for _ in range(ROUNDS):
        edition = publishing.submit(condition=make_condition(), by=None)
        soon = timezone.now() + timedelta(hours=1)
        publishing.approve(edition=edition, by=reviewer, goes_live_at=soon)

        def take_back(edition: Edition = edition) -> None:
            publishing.return_(edition=Edition.objects.get(pk=edition.pk), by=reviewer, reason="No.")

        later = timezone.now() + timedelta(hours=2)
        at_once(lambda later=later: publishing.publish_due(later), take_back)
        edition.refresh_from_db()
        is_public = Listing.objects.filter(pk=edition.condition_id).exists()
        assert (edition.status, is_public) in {("approved", True), ("returned", False)}
