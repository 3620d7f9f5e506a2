"""The public pages: their content and their number of queries."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import content
from conditions import search
from conditions.models import Condition, Feedback, GeneralPage, RenderedPage
from conditions.publishing import pages, publishing
from conditions.tests.factories import make_condition, make_faq, make_live, make_reviewer, publish

pytestmark = pytest.mark.django_db


def fill(total: int) -> None:
    """Have `total` live pages, listed and searchable."""
    numbers = range(Condition.objects.count(), total)
    content.publish(content.store_working_copies(numbers, content.make_tags()))
    search.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as PostgreSQL does by itself some time after so many changes


def queries(client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_a_condition_page_is_one_query(client, django_assert_num_queries):
    make_live(slug="gout", faqs={"Why?": "<p>So.</p>"}, tags=[("symptom", "Pain")])
    with django_assert_num_queries(1):
        assert client.get("/conditions/gout/").status_code == 200


LISTS = [
    "/",
    "/conditions/",
    "/conditions/?q=calcification&letter=C&symptom=symptom-1&body_area=body-area-1",
    "/conditions/?symptom=unknown",
    "/search/?q=calcification",
    "/search/?q=calcificatoin",
    "/search/suggestions/?q=cal",
    "/faqs/",
    "/second-opinion/",
]


def test_a_page_asks_the_database_as_often_for_sixty_conditions_as_for_ten(client):
    fill(10)
    few = {address: queries(client, address) for address in LISTS}
    fill(60)
    assert {address: queries(client, address) for address in LISTS} == few


def test_a_page_rendered_with_another_layout_is_made_anew(client):
    make_live(slug="gout")
    RenderedPage.objects.update(layout="old", brotli=b"old", gzip=b"old")
    assert b"Calcsite" in client.get("/conditions/gout/").content
    assert pages.render_missing() == 1
    assert RenderedPage.objects.get().layout == pages.layout()
    assert pages.render_missing() == 0


def test_a_kept_page_is_not_served_after_its_date(client, django_user_model):
    condition = make_condition(slug="gout")
    edition = publishing.submit(condition=condition, by=None)
    reviewer = make_reviewer()
    today = timezone.localdate()
    publishing.approve(edition=edition, by=reviewer, due=today + timedelta(1))
    assert RenderedPage.objects.get().expires_at is not None
    assert "Its next review is late" not in client.get("/conditions/gout/").content.decode()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        late = client.get("/conditions/gout/").content.decode()
    assert "Its next review is late" in late
    assert "reviewedBy" not in late


def test_the_history_lists_the_published_editions(client):
    condition = make_live(slug="gout", summary="First words.")
    condition.summary = "Second words."
    condition.save()
    publish(condition)
    publishing.submit(condition=condition, by=None)
    history = client.get("/conditions/gout/history/").content.decode()
    assert "Edition 1" in history
    assert "Edition 2" in history
    assert "Edition 3" not in history
    assert "First words." in client.get("/conditions/gout/editions/1/").content.decode()
    assert client.get("/conditions/gout/editions/3/").status_code == 404


def test_an_edition_that_was_returned_is_not_shown(client, django_user_model):
    condition = make_live(slug="gout")
    edition = publishing.submit(condition=condition, by=None)
    reviewer = make_reviewer()
    publishing.return_(edition=edition, by=reviewer, reason="No.")
    assert client.get("/conditions/gout/editions/2/").status_code == 404


def test_an_edition_far_beyond_any_number_is_not_found(client):
    make_live(slug="gout")
    assert client.get("/conditions/gout/editions/99999999999999999999999/").status_code == 404


def test_an_answer_is_stored_without_a_cookie_and_with_the_edition(client):
    condition = make_live(slug="gout")
    response = client.post("/conditions/gout/helpful/", {"answer": "no"})
    feedback = Feedback.objects.get()
    assert (feedback.helpful, feedback.edition) == (False, condition.live_edition)
    assert not response.cookies
    comment = client.post(response.url, {"comment": "Which scan do you mean?"})
    assert comment.url == "/conditions/gout/helpful/thanks/"
    assert client.get(comment.url).status_code == 200
    feedback.refresh_from_db()
    assert feedback.comment == "Which scan do you mean?"


def test_one_answer_takes_one_comment(client):
    make_live(slug="gout")
    address = client.post("/conditions/gout/helpful/", {"answer": "yes"}).url
    client.post(address, {"comment": "First."})
    second = client.post(address, {"comment": "Second."})
    assert "This one was not saved." in second.content.decode()
    assert "Second." in second.content.decode()
    assert Feedback.objects.get().comment == "First."


def test_a_comment_that_is_too_long_is_given_back(client):
    make_live(slug="gout")
    address = client.post("/conditions/gout/helpful/", {"answer": "yes"}).url
    response = client.post(address, {"comment": "x" * 1001})
    assert response.status_code == 200
    assert "x" * 1001 in response.content.decode()
    assert "Your comment has 1001 characters. Shorten it to 1000." in response.content.decode()
    assert Feedback.objects.get().comment == ""


@pytest.mark.parametrize("data", [{}, {"answer": "maybe"}, {"answer": ""}])
def test_an_answer_that_is_none_leads_back_to_the_page(client, data):
    make_live(slug="gout")
    assert client.post("/conditions/gout/helpful/", data).url == "/conditions/gout/"
    assert not Feedback.objects.exists()


def test_looking_at_the_address_of_the_answer_changes_nothing(client):
    make_live(slug="gout")
    assert client.get("/conditions/gout/helpful/?answer=yes").url == "/conditions/gout/"
    assert not Feedback.objects.exists()


def test_an_answer_sent_from_another_site_is_refused(client):
    make_live(slug="gout")
    response = client.post("/conditions/gout/helpful/", {"answer": "no"}, headers={"sec-fetch-site": "cross-site"})
    assert response.status_code == 403
    assert not Feedback.objects.exists()


@pytest.mark.parametrize("token", ["1", "MQ:bad", "x" * 300])
def test_a_comment_on_another_visitors_answer_is_not_possible(client, token):
    make_live(slug="gout")
    client.post("/conditions/gout/helpful/", {"answer": "yes"})
    assert client.post(f"/conditions/gout/helpful/{token}/", {"comment": "Mine"}).status_code == 404


def test_general_pages_are_public_when_they_are_saved(client):
    GeneralPage.objects.create(
        slug="about", title="About us", summary="Who we are.", body="<h3>Us</h3><p>We <b>are</b>.</p>"
    )
    page = client.get("/about/").content.decode()
    assert "About us" in page
    assert "<h2>Us</h2><p>We are.</p>" in page


def test_questions_about_the_service_and_of_each_condition_are_listed(client):
    make_faq(question="Do I need an account?", answer="<p>No.</p>")
    make_live(name="Gout", slug="gout", faqs={"Does it hurt?": "<p>Yes.</p>"})
    make_live(name="Lupus", faqs={})
    page = client.get("/faqs/").content.decode()
    assert "Do I need an account?" in page
    assert 'href="/conditions/gout/#faq-does-it-hurt"' in page
    assert "Lupus" not in page


def test_the_sitemap_lists_live_pages_only(client):
    make_live(slug="gout")
    make_condition(slug="hidden")
    sitemap = client.get("/sitemap.xml").content.decode()
    assert "/conditions/gout/</loc>" in sitemap
    assert "hidden" not in sitemap


def test_the_second_opinion_page_names_the_condition_it_was_reached_from(client):
    make_live(name="Gout", slug="gout")
    assert b"Gout" in client.get("/second-opinion/?condition=gout").content
    assert client.get("/second-opinion/?condition=nobody-knows").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/conditions/x", "/conditions//", "/CONDITIONS/", "/nothing/", "/conditions/UPPER/", "/conditions/a/b/"],
)
def test_an_address_that_leads_nowhere_helps(client, address):
    response = client.get(address, follow=True)
    assert response.status_code == 404
    assert b'href="/conditions/"' in response.content


@pytest.mark.parametrize("address", ["/conditions/", "/search/", "/faqs/", "/", "/conditions/gout/"])
def test_public_pages_can_only_be_read(client, address):
    make_live(slug="gout")
    assert client.post(address).status_code == 405
