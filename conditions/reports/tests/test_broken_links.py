"""Links of public pages to this site: those that lead nowhere are found, those that lead somewhere are not."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conditions import search
from conditions.models import Condition, GeneralPage, InternalLink
from conditions.publishing import publishing
from conditions.reports.links import broken_links
from conditions.tests.factories import make_condition, make_faq, make_live, publish

pytestmark = pytest.mark.django_db


def link_to(*paths: str, name: str = "Source", **fields) -> Condition:
    """A live page whose overview links to some addresses."""
    items = "".join(f'<li><a href="{path}">a page</a></li>' for path in paths)
    return make_live(name=name, sections={"overview": f"<ul>{items}</ul>"}, **fields)


def paths() -> list[str]:
    return [link.path for link in broken_links()]


RIGHT = [
    "/",
    "/conditions/",
    "/conditions/gout/",
    "/conditions/gout",
    "/conditions/gout/?from=here",
    "/conditions/gout/#causes",
    "/conditions/gout/#faq-does-it-hurt",
    "/conditions/gout/#sources",
    "/conditions/gout/history/",
    "/conditions/?letter=G",
    "/faqs/",
    "/faqs/#faq-where-are-you",
    "/about/",
    "/about",
    "/robots.txt",
    "/second-opinion/",
    "/search/?q=gout",
]
WRONG = [
    "/conditions/draft/",
    "/conditions/gout/#faq-does-it-itch",
    "/conditions/gout/#nothing",
    "/conditions/gout/#treatment",
    "/conditions/gout/nowhere/",
    "/conditions/nowhere/",
    "/faqs/#faq-who-are-you",
    "/nowhere/",
    "/nowhere/at/all/",
]


@pytest.fixture
def target(db) -> Condition:
    make_condition(slug="draft")
    GeneralPage.objects.create(slug="about", title="About", summary="Us.", body="<p>We are here.</p>")
    make_faq(question="Where are you?")
    search.index_service_faqs()
    parts = {"overview": "<p>One.</p>", "causes": "<p>Two.</p>"}
    return make_live(name="Gout", sections=parts, faqs={"Does it hurt?": "<p>Yes.</p>"})


def test_links_to_existing_places_are_right(target):
    link_to(*RIGHT)
    assert paths() == []
    assert InternalLink.objects.count() == len(RIGHT)


def test_links_to_missing_places_are_found(target):
    link_to(*WRONG)
    assert paths() == sorted(WRONG)


@pytest.mark.parametrize("path", ["/a%00b/", "//[", "/%ff/", "/conditions/%0a/", "/" + "x" * 490])
def test_addresses_that_make_no_sense_are_wrong_and_break_nothing(target, path):
    source = link_to()
    InternalLink.objects.create(listing=source.listing, place="overview", path=path)
    assert paths() == [path]


def test_a_broken_link_names_its_page(target):
    source = link_to("/nowhere/")
    [link] = broken_links()
    assert (link.kind, link.row, link.name, link.place) == ("condition", source.pk, "Source", "overview")


def test_each_place_that_holds_the_same_wrong_link_is_named_by_the_name_of_its_page():
    link_to("/nowhere/", name="B")
    link_to("/nowhere/", "/nowhere/", name="A")
    assert [link.name for link in broken_links()] == ["A", "B"]


def test_a_link_to_an_old_address_has_moved_and_comes_last(target):
    link_to("/conditions/gout/", "/nowhere/")
    Condition.objects.filter(pk=target.pk).update(slug="podagra")
    publish(target)
    found = [(link.path, link.moved_to) for link in broken_links()]
    assert found == [("/nowhere/", ""), ("/conditions/gout/", "/conditions/podagra/")]
    publishing.withdraw(condition=target, by=None, reason="A test.")
    assert [link.moved_to for link in broken_links()] == ["", ""]


def test_a_link_breaks_when_its_page_is_taken_off_the_site(target):
    link_to("/conditions/gout/#causes")
    publishing.withdraw(condition=target, by=None, reason="A test.")
    assert paths() == ["/conditions/gout/#causes"]


def test_only_the_live_page_counts(target):
    source = link_to("/nowhere/")
    source.sections.update(body='<p><a href="/nowhere/too/">a page</a></p>')
    assert paths() == ["/nowhere/"]
    publishing.withdraw(condition=source, by=None, reason="A test.")
    assert paths() == []


def test_links_of_service_questions_and_general_pages_are_looked_at_too(target):
    page = GeneralPage.objects.get()
    body = '<p><a href="/nowhere/">a page</a> <a href="/conditions/gout/#faq-no">a page</a> <a href="https://x.example/">x</a></p>'
    GeneralPage.objects.update(body=body)
    faq = make_faq(question="Why?", answer='<p><a href="/nowhere/">a page</a> <a href="/faqs/">a page</a></p>')
    found = [(link.kind, link.row, link.path) for link in broken_links()]
    assert found == [
        ("generalpage", page.pk, "/conditions/gout/#faq-no"),
        ("generalpage", page.pk, "/nowhere/"),
        ("faq", faq.pk, "/nowhere/"),
    ]


def test_many_links_take_as_many_queries_as_few(target):
    counts = []
    for pages in (1, 30):
        for number in range(pages):
            link_to(*WRONG, *RIGHT, f"/nowhere/{pages}/{number}/", name=f"Page {pages} {number}")
        with CaptureQueriesContext(connection) as captured:
            assert broken_links()
        counts.append(len(captured))
    assert counts[0] == counts[1]
