"""Nothing of a working copy, or of an edition that waits, is in anything that the public can ask for."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from conditions.models import Condition, Tag
from conditions.publishing import previewing, publishing
from conditions.tests.factories import make_condition, make_live, make_reviewer

pytestmark = pytest.mark.django_db

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 320"><path d="M0 0h480v%dz"/></svg>'
ADDRESSES = [
    "/",
    "/conditions/",
    "/conditions/?letter=G",
    "/conditions/?letter=S",
    "/conditions/?q=gout",
    "/conditions/?q=secret",
    "/conditions/?symptom=pain",
    "/conditions/?symptom=secret-sign",
    "/conditions/gout/",
    "/conditions/gout/history/",
    "/conditions/gout/editions/1/",
    "/conditions/gout/editions/2/",
    "/conditions/gout/helpful/thanks/",
    "/conditions/secret-address/",
    "/conditions/secret-newcomer/",
    "/conditions/neighbour/",
    "/search/?q=gout",
    "/search/?q=secret",
    "/search/?q=secrett",
    "/search/suggestions/?q=gou",
    "/search/suggestions/?q=sec",
    "/faqs/",
    "/second-opinion/?condition=gout",
    "/second-opinion/?condition=secret-address",
    "/sitemap.xml",
    "/robots.txt",
]


def what_the_public_reads(client, *more: str) -> dict[str, tuple[int, bytes]]:
    answers = {address: client.get(address) for address in [*ADDRESSES, *more]}
    return {address: (answer.status_code, body_of(answer)) for address, answer in answers.items()}


def body_of(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.fixture
def gout() -> Condition:
    condition = make_live(
        name="Gout",
        slug="gout",
        tags=[("symptom", "Pain")],
        faqs={"Does it hurt?": "<p>Yes, at first.</p>"},
        picture=ContentFile(DRAWING % 1, name="drawing.svg"),
        picture_alt="A joint with crystals",
    )
    make_live(name="Neighbour", slug="neighbour", related=[condition])
    return condition


def change_everything(condition: Condition) -> None:
    """Everything that an editor can write about a page says something else now."""
    condition.name, condition.slug = "Secret name", "secret-address"
    condition.summary = condition.key_facts = condition.emergency_signs = "A secret sentence."
    condition.picture_alt, condition.featured, condition.review_months = "A secret drawing", True, 1
    condition.picture = ContentFile(DRAWING % 2, name="secret.svg")
    condition.save()
    condition.sections.update(heading="Secret heading", body='<p>Secret <a href="/secret/">words</a>.</p>')
    condition.sections.create(kind="causes", heading="Secret causes", body="<p>Secret cause.</p>")
    condition.faqs.update(question="A secret question?", answer="<p>A secret answer.</p>")
    condition.sources.update(title="A secret source")
    condition.aliases.create(name="Secret alias")
    condition.tags.set([Tag.objects.create(kind="symptom", slug="secret-sign", name="Secret sign")])
    Tag.objects.filter(slug="pain").update(name="Secret pain")
    condition.related.add(make_condition(name="Secret newcomer", slug="secret-newcomer"))


def test_an_edition_that_waits_and_a_changed_working_copy_change_no_public_answer(gout, client, django_user_model):
    author, reviewer = django_user_model.objects.create_user("author"), make_reviewer()
    picture = f"/media/{gout.picture.name}"
    before = what_the_public_reads(client, picture)
    change_everything(gout)
    secret_picture = f"/media/{gout.picture.name}"
    assert secret_picture != picture

    waiting = publishing.submit(condition=gout, by=author, note="A secret note.")
    assert what_the_public_reads(client, picture) == before
    assert client.get(secret_picture).status_code == 404

    in_an_hour = timezone.now() + timedelta(hours=1)
    publishing.approve(edition=waiting, by=reviewer, goes_live_at=in_an_hour)
    assert what_the_public_reads(client, picture) == before
    publishing.return_(edition=waiting, by=reviewer, reason="A secret reason.")
    assert what_the_public_reads(client, picture) == before
    assert client.get(secret_picture).status_code == 404


def test_the_same_look_would_see_it_once_published(gout, client):
    """The control."""
    before = what_the_public_reads(client)
    change_everything(gout)
    publishing.publish_working_copy(condition=gout, by=None, reason="A test.")
    after = what_the_public_reads(client)
    same = {address for address in ADDRESSES if after[address] == before[address]}
    assert same <= {"/robots.txt", "/conditions/gout/editions/1/", "/conditions/secret-newcomer/"}
    assert client.get(f"/media/{gout.picture.name}").status_code == 200


def test_a_picture_that_is_not_public_is_for_staff_and_for_those_with_a_link(gout, client, admin_client, admin_user):
    change_everything(gout)
    address = f"/media/{gout.picture.name}"
    assert client.get(address).status_code == 404
    seen = admin_client.get(address)
    assert (seen.status_code, seen["Cache-Control"]) == (200, "private, no-store")
    link, _ = previewing.share(condition=gout, by=admin_user, days=1)
    assert client.get(address).status_code == 200
    previewing.unshare(link=link, by=admin_user)
    assert client.get(address).status_code == 404


def test_the_picture_of_a_page_that_was_taken_off_the_site_is_gone_with_it(gout, client):
    address = f"/media/{gout.picture.name}"
    assert client.get(address).status_code == 200
    publishing.withdraw(condition=gout, by=None, reason="For a test.")
    assert client.get(address).status_code == 404
