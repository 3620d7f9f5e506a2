"""How a page gets to the public, and that nothing else does."""

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client

from calcsite.errors import UserFacingError
from conditions.composing import compose
from conditions.models import Condition, Edition, Listing, RenderedPage
from conditions.publishing import listings, publishing
from conditions.tests.factories import make_condition, make_live, make_reviewer, publish

pytestmark = pytest.mark.django_db

EMPTY = "DELETE FROM conditions_edition" if connection.vendor == "sqlite" else "TRUNCATE conditions_edition CASCADE"


@pytest.fixture
def author(django_user_model):
    return django_user_model.objects.create_user("author")


@pytest.fixture
def reviewer(django_user_model):
    return make_reviewer()


def approve(edition: Edition, by, **fields) -> None:
    publishing.approve(edition=edition, by=by, **{"on": date(2026, 3, 1)} | fields)


def page(condition: Condition) -> str:
    return Client().get(f"/conditions/{condition.slug}/").content.decode()


def test_a_condition_that_was_never_published_is_not_found(client):
    condition = make_condition()
    assert client.get(f"/conditions/{condition.slug}/").status_code == 404


def test_submitting_shows_the_public_nothing(client, author):
    condition = make_condition()
    edition = publishing.submit(condition=condition, by=author, note="Please look.")
    assert (edition.number, edition.status, edition.note) == (1, "submitted", "Please look.")
    assert client.get(f"/conditions/{condition.slug}/").status_code == 404


def test_an_approved_page_names_its_reviewer_and_the_next_review(author, reviewer):
    condition = make_condition()
    edition = publishing.submit(condition=condition, by=author)
    approve(edition, reviewer)
    assert (edition.reviewed_on, edition.review_due_on) == (date(2026, 3, 1), date(2029, 3, 1))
    text = page(condition)
    assert "Reviewed by Dr Demonstration, MD" in text
    assert "1 March 2029" in text
    assert "No clinician has reviewed this page yet" not in text


def test_a_page_published_without_review_says_so(author):
    condition = make_condition()
    edition = publishing.submit(condition=condition, by=author)
    publishing.publish_unreviewed(edition=edition, by=author, reason="A first page.")
    assert edition.reason == "A first page."
    assert "No clinician has reviewed this page yet" in page(condition)


def test_publishing_without_review_needs_a_reason(author):
    edition = publishing.submit(condition=make_condition(), by=author)
    with pytest.raises(UserFacingError, match="Say why"):
        publishing.publish_unreviewed(edition=edition, by=author, reason="  ")


def test_an_author_cannot_approve_their_own_edition(author):
    edition = publishing.submit(condition=make_condition(), by=author)
    with pytest.raises(UserFacingError, match="Somebody else has to approve it"):
        approve(edition, author)


def test_an_approval_needs_a_source(author, reviewer):
    edition = publishing.submit(condition=make_condition(sources=[]), by=author)
    with pytest.raises(UserFacingError, match="at least one source"):
        approve(edition, reviewer)


def test_an_approval_needs_a_name(author):
    edition = publishing.submit(condition=make_condition(), by=author)
    with pytest.raises(UserFacingError, match="clinician's name"):
        approve(edition, make_reviewer(name=" "))


def test_a_returned_edition_is_decided(author, reviewer):
    edition = publishing.submit(condition=make_condition(), by=author)
    publishing.return_(edition=edition, by=reviewer, reason="Which children?")
    assert (edition.status, edition.reason) == ("returned", "Which children?")
    with pytest.raises(UserFacingError, match="not waiting"):
        approve(edition, reviewer)


def test_a_return_needs_a_reason(author, reviewer):
    edition = publishing.submit(condition=make_condition(), by=author)
    with pytest.raises(UserFacingError, match="what the author should change"):
        publishing.return_(edition=edition, by=reviewer, reason="")


def test_the_public_reads_the_edition_and_not_the_working_copy():
    condition = make_live(name="Gout", sections={"overview": "<p>Approved words.</p>"})
    before = page(condition)
    condition.name = "Changed name"
    condition.save()
    condition.sections.update(body="<p>Draft words.</p>", heading="Draft heading")
    condition.tags.create(kind="symptom", slug="draft", name="Draft tag")
    condition.faqs.create(question="Draft question?", answer="<p>Draft answer.</p>")
    assert page(condition) == before


def test_a_changed_address_in_the_working_copy_does_not_move_the_page(client):
    condition = make_live(slug="gout")
    condition.slug = "podagra"
    condition.save()
    assert client.get("/conditions/gout/").status_code == 200
    assert client.get("/conditions/podagra/").status_code == 404


def test_an_address_that_another_public_page_has_is_refused():
    first = make_live(slug="gout")
    first.slug = "podagra"
    first.save()
    second = make_condition(slug="gout")
    edition = publishing.submit(condition=second, by=None)
    with pytest.raises(UserFacingError, match="already has the address"):
        publishing.publish_unreviewed(edition=edition, by=None, reason="A test.")
    edition.refresh_from_db()
    assert edition.status == "submitted"


def test_a_withdrawn_page_is_nowhere(client):
    condition = make_live(name="Gout", slug="gout")
    other = make_live(name="Lupus", slug="lupus", related=[condition])
    assert "/conditions/gout/" in page(other)
    publishing.withdraw(condition=condition, by=None, reason="For a test.")
    assert client.get("/conditions/gout/").status_code == 404
    for address in ("/", "/conditions/", "/faqs/", "/sitemap.xml", "/conditions/lupus/"):
        assert b"/conditions/gout/" not in client.get(address).content
    assert condition.editions.count() == 1


def test_withdrawing_twice_does_nothing_more():
    condition = make_live()
    publishing.withdraw(condition=condition, by=None, reason="For a test.")
    publishing.withdraw(condition=condition, by=None, reason="For a test.")
    assert condition.live_edition is None


def test_a_page_shows_the_name_that_a_related_page_has_now():
    condition = make_live(name="Gout", slug="gout")
    other = make_live(name="Lupus", related=[condition])
    condition.name = "Gout and its crystals"
    condition.save()
    assert "Gout and its crystals" not in page(other)
    publish(condition)
    assert "Gout and its crystals" in page(other)


def test_related_pages_that_are_not_public_are_not_linked():
    hidden = make_condition(name="Not yet public")
    assert "Not yet public" not in page(make_live(related=[hidden]))


def test_two_submissions_at_once_get_different_numbers():
    condition = make_condition()
    numbers = [publishing.submit(condition=condition, by=None).number for _ in range(3)]
    assert numbers == [1, 2, 3]
    with pytest.raises(IntegrityError), transaction.atomic():
        Edition.objects.create(condition=condition, number=3, content=compose(condition))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE conditions_edition SET content = '{}'",
        "UPDATE conditions_edition SET checksum = ''",
        "UPDATE conditions_edition SET number = 7",
        "UPDATE conditions_edition SET note = 'x'",
        *(["UPDATE conditions_edition SET content = CAST(content AS BLOB)"] if connection.vendor == "sqlite" else []),
        "DELETE FROM conditions_edition",
        EMPTY,
    ],
)
def test_the_database_refuses_to_change_or_delete_an_edition(change):
    publishing.submit(condition=make_condition(), by=None)
    with pytest.raises(DatabaseError, match="edition"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_the_database_refuses_to_put_another_edition_in_the_place_of_one():
    edition = publishing.submit(condition=make_condition(), by=None)
    other = Edition(pk=edition.pk, condition=edition.condition, number=1, content={}, checksum="")
    replace = "INSERT OR REPLACE INTO" if connection.vendor == "sqlite" else "INSERT INTO"
    columns = [field.column for field in Edition._meta.concrete_fields]
    values = ["'{}'" if column == "content" else column for column in columns]
    statement = (
        f"{replace} conditions_edition ({', '.join(columns)}) SELECT {', '.join(values)} FROM conditions_edition"
    )
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    with pytest.raises(DatabaseError), transaction.atomic():
        other.save(force_insert=True)
    assert Edition.objects.get().is_intact


@pytest.mark.parametrize(
    "change",
    [
        {"status": "submitted"},
        {"reason": "Another reason."},
        {
            "status": "approved",
            "reviewer_name": "Dr Nobody",
            "reviewed_on": "2026-01-01",
            "review_due_on": "2029-01-01",
        },
        {"published_at": None},
    ],
)
def test_the_database_refuses_to_change_a_decision(change):
    make_live()
    with pytest.raises(DatabaseError, match="decision"), transaction.atomic():
        Edition.objects.update(**change)


def test_an_edition_that_waits_makes_way_for_a_newer_one():
    condition = make_condition()
    older = publishing.submit(condition=condition, by=None)
    publish(condition)
    older.refresh_from_db()
    assert (older.status, older.reason) == ("returned", "Edition 2 took its place.")
    with pytest.raises(UserFacingError, match="not waiting"):
        publishing.publish_unreviewed(edition=older, by=None, reason="A test.")


def test_the_orm_cannot_change_an_edition_either():
    edition = publishing.submit(condition=make_condition(), by=None)
    edition.content["summary"] = "Tampered."
    with pytest.raises(DatabaseError), transaction.atomic():
        edition.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        Edition.objects.bulk_update([edition], ["content"])
    with pytest.raises(DatabaseError), transaction.atomic():
        edition.delete()
    edition.refresh_from_db()
    assert edition.is_intact


def test_tampering_shows_in_the_checksum():
    edition = publishing.submit(condition=make_condition(), by=None)
    assert edition.is_intact
    edition.content["summary"] = "Tampered."
    assert not edition.is_intact


@pytest.mark.parametrize("status", ["approved"])
def test_the_database_refuses_an_approval_without_a_name(status):
    edition = publishing.submit(condition=make_condition(), by=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(status=status)


def test_publishing_is_all_or_nothing(client):
    make_live(slug="taken")
    condition = make_condition(slug="gout", name="Gout")
    edition = publishing.submit(condition=condition, by=None)
    other = Listing.objects.get()
    other.slug = "gout"
    other.save()
    with pytest.raises(UserFacingError):
        publishing.publish_unreviewed(edition=edition, by=None, reason="A test.")
    assert Listing.objects.get() == other
    assert RenderedPage.objects.get().listing == other
    assert Edition.objects.get(pk=edition.pk).status == "submitted"
    assert Condition.objects.get(pk=condition.pk).live_edition is None


@pytest.mark.parametrize(("name", "letter"), [("brain", "B"), ("Élan", "#"), ("3-M syndrome", "#"), ("", "#")])
def test_the_letter_of_a_page(name, letter):
    assert listings.first_letter(name) == letter
