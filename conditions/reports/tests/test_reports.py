"""The reports: their rows, their permissions, and the links of the rows."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from calcsite.tests import people
from conditions import reports
from conditions.editing import drafting
from conditions.models import Condition, Edition, EmptySearch, Feedback, PageEvent
from conditions.publishing import publishing
from conditions.reports.readers import unhelpful
from conditions.tests.factories import make_condition, make_live, make_reviewer, publish

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 21)
XSS = "<img src=x onerror=alert(1)>"
PAGE = reverse("admin:index") + "conditions/condition/reports/"


def make_reviewed(*, due: date = TODAY, **fields) -> Condition:
    """A live page whose clinician's review is due again on a day."""
    condition = make_condition(**fields)
    edition = publishing.submit(condition=condition, by=None)
    on = due - timedelta(days=100)
    publishing.approve(edition=edition, by=make_reviewer(), on=on, due=due)
    condition.refresh_from_db()
    return condition


def answer(condition: Condition, *answers: bool, comment: str = "", days_ago: int = 1) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    for helpful in answers:
        Feedback.objects.create(
            condition=condition, edition_id=condition.live_edition_id, helpful=helpful, comment=comment, created_at=at
        )


def page_of(person, path: str = PAGE) -> str:
    return people.client_of(person).get(path).content.decode()


def rows(client: Client, key: str) -> list[str]:
    """The names on one report."""
    return re.findall(r'"report-what">\s+<strong>(.+)</strong>', client.get(f"{PAGE}{key}/").content.decode())


def names(conditions) -> list[str]:
    return [condition.name for condition in conditions]


# Reviews


def test_a_review_is_overdue_from_the_day_that_it_is_due_the_longest_overdue_first():
    make_reviewed(name="Yesterday", due=TODAY - timedelta(days=1))
    make_reviewed(name="Today")
    make_reviewed(name="Tomorrow", due=TODAY + timedelta(days=1))
    make_live(name="Never")
    assert names(Condition.objects.overdue(TODAY)) == ["Yesterday", "Today"]


def test_a_review_is_due_soon_for_as_many_days_as_asked_before_it_is_due():
    make_reviewed(name="Today")
    make_reviewed(name="In 90 days", due=TODAY + timedelta(days=90))
    make_reviewed(name="Tomorrow", due=TODAY + timedelta(days=1))
    make_reviewed(name="In 91 days", due=TODAY + timedelta(days=91))
    assert names(Condition.objects.due_soon(TODAY, days=90)) == ["Tomorrow", "In 90 days"]


def test_a_public_page_that_no_clinician_approved_was_never_reviewed():
    make_live(name="Gout")
    make_reviewed(name="Reviewed")
    make_condition(name="Not public")
    publishing.withdraw(condition=make_live(name="Withdrawn"), by=None, reason="A test.")
    assert names(Condition.objects.never_reviewed()) == ["Gout"]


def test_a_page_that_waits_for_review_or_for_its_time_is_not_told_to_be_sent_again(admin_client):
    waiting, later, gout = (make_live(name=name) for name in ("Waiting", "Later", "Gout"))
    publishing.submit(condition=waiting, by=None)
    at = timezone.now() + timedelta(days=1)
    publishing.approve(edition=publishing.submit(condition=later, by=None), by=make_reviewer(), goes_live_at=at)
    assert rows(admin_client, "never-reviewed") == [gout.name]


def test_a_withdrawn_page_is_reported_with_its_reason_until_it_is_public_again(admin_client):
    gout = make_live(name="Gout")
    make_condition(name="Never public")
    publishing.withdraw(condition=gout, by=None, reason="Wrong dose.")
    assert rows(admin_client, "withdrawn") == ["Gout"]
    assert "Wrong dose." in admin_client.get(f"{PAGE}withdrawn/").content.decode()
    publish(gout)
    assert rows(admin_client, "withdrawn") == []


# Working copies


def test_a_working_copy_is_ahead_once_it_says_something_else_than_the_live_page():
    gout, same = make_live(name="Gout"), make_live(name="Same")
    Condition.objects.filter(pk=gout.pk).update(summary="Something else.")
    drafting.note_change(condition=gout, by=None)
    drafting.note_change(condition=same, by=None)
    drafting.note_change(condition=make_condition(name="Not public"), by=None)
    assert names(Condition.objects.ahead_of_live()) == ["Gout"]
    publish(gout)
    assert names(Condition.objects.ahead_of_live()) == []


def test_a_working_copy_without_a_checksum_is_not_ahead_and_gets_one():
    gout = make_live(name="Gout")
    make_live(name="Same")
    Condition.objects.update(working_checksum="")
    Condition.objects.filter(pk=gout.pk).update(summary="Something else.")
    assert names(Condition.objects.ahead_of_live()) == []
    assert reports.learn_working_copies(most=1) + reports.learn_working_copies() == 2
    assert names(Condition.objects.ahead_of_live()) == ["Gout"]
    assert reports.learn_working_copies() == 0


def test_only_the_authors_of_a_change_have_it_on_their_desk():
    gout, editor, other = make_live(name="Gout"), people.make_person("Editor"), people.make_person("Editor")
    Condition.objects.update(summary="Something else.")
    drafting.note_change(condition=gout, by=editor)
    ahead = Condition.objects.ahead_of_live()
    assert names(ahead.worked_on_by(editor)) == ["Gout"]
    assert names(ahead.worked_on_by(other)) == []


# Editions


@pytest.mark.parametrize("submits", ["me", "other", "nobody"])
@pytest.mark.parametrize("writes", ["before", "for an edition that went live", "afterwards", "never", "shares only"])
def test_the_editions_that_wait_for_a_reviewer_are_those_of_other_authors(submits, writes):
    me, other = people.make_person(), people.make_person()
    condition = make_condition()
    kind = PageEvent.Kind.SHARED if writes == "shares only" else PageEvent.Kind.SAVED
    if writes == "for an edition that went live":
        drafting.note_change(condition=condition, by=me)
        publishing.approve(edition=publishing.submit(condition=condition, by=other), by=make_reviewer())
    if writes in {"before", "shares only"}:
        publish(condition)
        PageEvent.record(kind, condition, by=me)
    edition = publishing.submit(condition=condition, by={"me": me, "other": other, "nobody": None}[submits])
    if writes == "afterwards":
        drafting.note_change(condition=condition, by=me)
    waits = Edition.objects.waiting().not_written_by(me).filter(pk=edition.pk).exists()
    assert waits == (not publishing.has_written(me, edition))
    assert waits == (submits != "me" and writes != "before")


def test_the_longest_wait_comes_first_and_a_decided_edition_does_not_wait():
    person = people.make_person()
    first, second = (publishing.submit(condition=make_condition(), by=None) for _ in range(2))
    decided = publishing.submit(condition=make_condition(), by=None)
    publishing.return_(edition=decided, by=None, reason="A test.")
    assert list(Edition.objects.waiting().not_written_by(person)) == [first, second]


def test_a_returned_edition_is_its_authors_until_the_next_submission():
    author, other = people.make_person(), people.make_person()
    condition = make_condition()
    edition = publishing.submit(condition=condition, by=author)
    publishing.return_(edition=edition, by=other, reason="A test.")
    assert list(Edition.objects.sent_back_to(author)) == [edition]
    assert list(Edition.objects.sent_back_to(other)) == []
    publishing.submit(condition=condition, by=author)
    assert list(Edition.objects.sent_back_to(author)) == []


# Readers' answers


def test_a_page_did_not_help_when_fewer_than_60_percent_of_5_readers_say_so():
    worst, bad, good, few = (make_live(name=name) for name in ("Worst", "Bad", "Good", "Few"))
    answer(worst, False, False, False, False, False)
    answer(bad, True, True, False, False, False)
    answer(good, True, True, True, False, False)
    answer(few, False, False, False, False)
    found = [(page.name, page.helped, page.answers) for page in unhelpful(timezone.localdate())]
    assert found == [("Worst", 0, 5), ("Bad", 2, 5)]


def test_old_answers_and_those_about_pages_that_have_gone_do_not_count():
    old, gone = make_live(name="Old"), make_live(name="Gone")
    answer(old, *[False] * 5, days_ago=92)
    answer(gone, *[False] * 5)
    publishing.withdraw(condition=gone, by=None, reason="A test.")
    assert unhelpful(timezone.localdate()) == []


def test_the_three_newest_comments_stand_beside_a_page_that_did_not_help():
    gout, other = make_live(), make_live()
    for days in (1, 2, 3, 4, 5):
        answer(gout, False, comment=f"Comment of {days} days ago", days_ago=days)
        answer(other, True, comment="Praise", days_ago=days)
    [page] = unhelpful(timezone.localdate())
    assert page.comments == [f"Comment of {days} days ago" for days in (1, 2, 3)]


# The screens


@pytest.fixture
def full_desk() -> Condition:
    """One page in most of the reports."""
    condition = make_reviewed(
        name="Gout", due=timezone.localdate(), sections={"overview": '<p><a href="/no/">x</a></p>'}
    )
    Condition.objects.filter(pk=condition.pk).update(summary="Something else.")
    editor = people.make_person("Editor")
    drafting.note_change(condition=condition, by=editor)
    answer(condition, *[False] * 5, comment="I am none the wiser.")
    publishing.submit(condition=make_condition(name="Waiting page"), by=editor)
    EmptySearch.objects.create(query="chalk knee", first_on=TODAY, last_on=TODAY)
    make_live(name="Unreviewed page")
    return condition


FULL = ["overdue", "never-reviewed", "ahead", "links", "unhelpful", "searches"]
EMPTY = {
    "sent-back": "Sent back to you",
    "sent": "Sent for review by you",
    "due-soon": "Review due soon",
    "withdrawn": "Taken off the site",
    "scheduled": "Going live later",
}


@pytest.mark.parametrize(
    ("group", "full", "empty"),
    [
        ("Editor", FULL, list(EMPTY)),
        ("Administrator", FULL, list(EMPTY)),
        ("Clinical reviewer", ["waiting"], ["scheduled"]),
    ],
)
def test_each_role_sees_the_reports_that_it_can_act_on_and_no_others(full_desk, group, full, empty):
    person, keys = people.make_person(group), [*full, *empty]
    page = page_of(person)
    assert re.findall(r'<section class="report"\s+id="([a-z-]+)"', page) == [*full, "weekly-e-mail"]
    assert f"Nothing in: {' · '.join(EMPTY[key] for key in empty)}." in page
    assert ("/review/" in page) == ("waiting" in keys)
    for report in reports.REPORTS:
        status = people.client_of(person).get(f"{PAGE}{report.key}/").status_code
        assert status == (200 if report.key in keys else 403)


@pytest.mark.parametrize("group", ["Booking coordinator", "Clinician"])
def test_a_role_without_permissions_sees_no_reports(full_desk, group):
    assert people.client_of(people.make_person(group)).get(PAGE).status_code == 403


def test_strangers_are_asked_to_sign_in(client):
    for path in (PAGE, f"{PAGE}links/"):
        assert client.get(path).url.startswith("/admin/login/")
    assert client.get(f"{PAGE}weekly-e-mail/").url.startswith("/admin/login/")


def test_every_row_has_one_click_that_opens_where_to_act(admin_client, full_desk):
    page = admin_client.get(PAGE).content.decode()
    links = re.findall(r'class="report-(?:act|more)"\s+href="([^"]+)"', page)
    assert len(links) == 8
    assert {link: admin_client.get(link, follow=True).status_code for link in links} == dict.fromkeys(links, 200)


def test_an_unknown_report_is_not_found(admin_client):
    assert admin_client.get(f"{PAGE}nonsense/").status_code == 404


def test_a_long_report_is_cut_with_the_way_to_the_rest(admin_client):
    for number in range(25):
        make_live(name=f"Page {number:02}")
    assert "and 15 more" in admin_client.get(PAGE).content.decode()
    second = admin_client.get(f"{PAGE}never-reviewed/", {"page": "2"}).content.decode()
    assert second.count("report-act") == 5


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_long_reports_take_as_many_queries_as_short_ones(admin_client):
    paths = [PAGE, *(f"{PAGE}{report.key}/" for report in reports.REPORTS)]
    counts = []
    for rows in (1, 30):
        for _ in range(rows):
            page = make_live(sections={"overview": '<p><a href="/no/">x</a></p>'})
            answer(page, *[False] * 5, comment="No.")
            publishing.submit(condition=make_condition(), by=None)
            make_reviewed(due=timezone.localdate())
            EmptySearch.objects.create(query=f"words {page.pk}", first_on=TODAY, last_on=TODAY)
        Condition.objects.update(working_checksum="something else")
        counts.append([queries_of(admin_client, path) for path in paths])
    assert counts[0] == counts[1]


def test_nothing_that_staff_or_readers_wrote_becomes_markup(admin_client):
    page = make_live(name=XSS, slug="gout", sections={"overview": f'<p><a href="/no/{XSS}">x</a></p>'})
    answer(page, *[False] * 5, comment=XSS)
    edition = publishing.submit(condition=make_condition(name=f"{XSS} 2"), by=people.make_person(first_name=XSS))
    publishing.submit(condition=edition.condition, by=edition.submitted_by)
    EmptySearch.objects.create(query=XSS, first_on=TODAY, last_on=TODAY)
    for path in (PAGE, *(f"{PAGE}{report.key}/" for report in reports.REPORTS)):
        text = admin_client.get(path).content.decode()
        assert "<img src=x" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in admin_client.get(PAGE).content.decode()


# The weekly e-mail


def test_each_user_stops_and_starts_their_own_weekly_e_mail():
    person = people.make_person("Editor", email="ed@clinic.example")
    client = people.client_of(person)
    assert "Stop the weekly e-mail" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}weekly-e-mail/", {"wanted": "no"})
    person.profile.refresh_from_db()
    assert person.profile.wants_digest is False
    assert "Send me the weekly e-mail" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}weekly-e-mail/", {"wanted": "yes"})
    person.profile.refresh_from_db()
    assert person.profile.wants_digest is True
    assert client.get(f"{PAGE}weekly-e-mail/").status_code == 405
