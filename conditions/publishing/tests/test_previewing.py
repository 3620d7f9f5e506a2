"""A preview equals the page, and is visible to its audience only, for its time only."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from calcsite.errors import UserFacingError
from calcsite.models import StaffProfile
from calcsite.tests import people
from conditions.choices import SectionKind
from conditions.models import Condition, PageEvent, PreviewLink
from conditions.publishing import previewing, publishing
from conditions.tests.factories import make_condition, make_live

pytestmark = pytest.mark.django_db

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
LINES = st.lists(WORDS, max_size=3).map("\n".join)
HTML = st.lists(
    st.one_of(
        WORDS.map(lambda words: f"<p>{words}</p>"),
        WORDS.map(lambda words: f'<h3>{words}</h3><ul><li>{words}</li></ul><p><a href="/faqs/">{words}</a></p>'),
        st.sampled_from(["<script>alert(1)</script>", "<p onclick=x>a<b>c", "<table><tr><td>1<td>2</table>", "&lt;"]),
    ),
    min_size=1,
    max_size=3,
).map("".join)
CONDITIONS = st.fixed_dictionaries(
    {
        "summary": WORDS,
        "key_facts": LINES,
        "emergency_signs": LINES,
        "aliases": st.lists(WORDS, max_size=2, unique=True),
        "sections": st.dictionaries(st.sampled_from(SectionKind.values), HTML, max_size=3),
        "faqs": st.dictionaries(WORDS, HTML, max_size=2),
        "tags": st.lists(
            st.tuples(st.sampled_from(["symptom", "specialty"]), st.sampled_from(["Pain", "Bone"])), max_size=2
        ),
        "sources": st.lists(WORDS, min_size=1, max_size=2),
    }
)


def body_without_bar(page: bytes) -> bytes:
    """The content of <body>: the link that skips to the page, and all below the bar of a preview."""
    found = re.search(rb'(<a class="skip-link".*?</a>).*(<header class="site-header">.*</body>)', page, re.DOTALL)
    return found[1] + found[2]


@pytest.fixture
def reviewer():
    reviewer = people.make_person("Clinical reviewer", first_name="Ada", last_name="Example")
    StaffProfile.objects.update_or_create(user=reviewer, defaults={"credentials": "MD"})
    return reviewer


@pytest.fixture
def reviewer_client(reviewer) -> Client:
    client = Client()
    people.sign_in(client, reviewer)
    return client


@given(fields=CONDITIONS)
def test_the_preview_of_a_reviewer_is_the_page_after_their_approval_byte_for_byte(fields, reviewer, reviewer_client):
    condition = make_condition(**fields)
    address = f"/admin/conditions/condition/{condition.pk}/preview/"
    preview = reviewer_client.get(address).content
    edition = publishing.submit(condition=condition, by=None)
    on_the_review = reviewer_client.get(f"{address}?edition=1").content
    publishing.approve(edition=edition, by=reviewer)
    page = Client().get(f"/conditions/{condition.slug}/").content
    assert body_without_bar(preview) == body_without_bar(page)
    assert body_without_bar(on_the_review) == body_without_bar(page)


@given(fields=CONDITIONS)
def test_a_shared_preview_is_the_page_published_without_review_byte_for_byte(fields, admin_user):
    condition = make_condition(**fields)
    _, token = previewing.share(condition=condition, by=admin_user, days=1)
    preview = Client().get(f"/preview/{token}/").content
    publishing.publish_working_copy(condition=condition, by=None, reason="A test.")
    page = Client().get(f"/conditions/{condition.slug}/").content
    assert body_without_bar(preview) == body_without_bar(page)


def test_a_preview_says_that_it_is_one_and_is_kept_and_listed_nowhere(admin_client, admin_user, client):
    condition = make_condition()
    _, token = previewing.share(condition=condition, by=admin_user, days=1)
    for answer in [
        admin_client.get(f"/admin/conditions/condition/{condition.pk}/preview/"),
        client.get(f"/preview/{token}/"),
    ]:
        assert b"This is a preview." in answer.content
        assert "no-store" in answer["Cache-Control"]
        assert "noindex" in answer["X-Robots-Tag"]
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "/search/" in re.search(r"form-action ([^;]*)", answer["Content-Security-Policy"])[1]


def test_a_link_to_an_edition_shows_that_edition_after_later_changes(client, admin_user):
    condition = make_condition(summary="What was submitted.")
    edition = publishing.submit(condition=condition, by=None)
    _, pinned = previewing.share(condition=condition, by=admin_user, days=1, edition=edition)
    _, following = previewing.share(condition=condition, by=admin_user, days=1)
    Condition.objects.update(summary="What was written later.")
    assert b"What was submitted." in client.get(f"/preview/{pinned}/").content
    assert b"What was written later." in client.get(f"/preview/{following}/").content


def test_a_link_ends_after_its_days_and_says_so(client, admin_user):
    _, token = previewing.share(condition=make_condition(), by=admin_user, days=2)
    with time_machine.travel(timezone.now() + timedelta(days=2, seconds=1)):
        answer = client.get(f"/preview/{token}/")
    assert answer.status_code == 404
    assert b"This preview has ended" in answer.content


def test_a_link_can_be_ended_before(client, admin_user):
    link, token = previewing.share(condition=make_condition(), by=admin_user, days=2)
    previewing.unshare(link=link, by=admin_user)
    previewing.unshare(link=link, by=admin_user)
    assert client.get(f"/preview/{token}/").status_code == 404
    assert [step.kind for step in PageEvent.objects.order_by("pk")] == ["shared", "unshared"]


def test_the_database_does_not_hold_the_secret_of_a_link(admin_user):
    link, token = previewing.share(condition=make_condition(), by=admin_user, days=1)
    stored = PreviewLink.objects.values_list().get()
    assert len(token) >= 32
    assert token not in repr(stored)
    assert link.digest in repr(stored)


@pytest.mark.parametrize("days", [0, -1, 31])
def test_a_link_lasts_some_days_only(admin_user, days):
    with pytest.raises(UserFacingError, match="from 1 to 30 days"):
        previewing.share(condition=make_condition(), by=admin_user, days=days)


def test_a_link_is_not_pinned_to_an_edition_of_another_page(admin_user):
    other = make_live().live_edition
    with pytest.raises(UserFacingError, match="another page"):
        previewing.share(condition=make_condition(), by=admin_user, days=1, edition=other)


def test_looking_at_a_preview_stores_nothing(admin_client):
    condition = make_condition()
    admin_client.get(f"/admin/conditions/condition/{condition.pk}/preview/")
    assert not condition.editions.exists()
    assert not PageEvent.objects.exists()


def test_a_waiting_edition_previewed_by_its_number_is_that_edition(admin_client):
    condition = make_condition(summary="What was submitted.")
    publishing.submit(condition=condition, by=None)
    Condition.objects.update(summary="What was written later.")
    page = admin_client.get(f"/admin/conditions/condition/{condition.pk}/preview/?edition=1").content
    assert b"What was submitted." in page
    assert admin_client.get(f"/admin/conditions/condition/{condition.pk}/preview/?edition=7").status_code == 404
    assert admin_client.get(f"/admin/conditions/condition/{condition.pk}/preview/?edition=x").status_code == 404
