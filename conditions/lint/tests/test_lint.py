import time

import pytest
from django.template.loader import render_to_string

from conditions import lint, richtext
from conditions.composing import compose
from conditions.lint import Finding, InternalLink, Level, by_place
from conditions.models import Condition
from conditions.starter import loading
from conditions.tests.checked import GOOD_SOURCE, findings, make_content, told
from conditions.tests.factories import make_condition


def picture(alt: str, *, decorative: bool = False) -> dict[str, object]:
    return {"file": "a.svg", "alt": alt, "decorative": decorative}


@pytest.mark.parametrize("count", [0, 2, 6])
def test_fewer_than_three_key_facts_or_more_than_five_are_shown(count):
    assert told(key_facts=["It is rare."] * count) == [("in-short", "look", "")]


def test_a_key_fact_of_more_than_twenty_words_is_shown_once():
    two_sentences, one = "Two words. " * 11, "word " * 21
    facts = ["It is rare.", two_sentences.strip(), one.strip()]
    assert told(key_facts=facts) == [("in-short", "look", one.strip()), ("in-short", "look", two_sentences.strip())]


def test_a_summary_of_more_than_three_sentences_is_shown():
    assert told(summary="One is. " * 4) == [("summary", "look", "One is. " * 4)]
    assert told(summary="One is. " * 3) == []


@pytest.mark.parametrize(
    ("alt", "level"),
    [
        ("", "must"),
        ("brain-scan.png", "must"),
        ("IMG_1234", "must"),
        ("Picture of a brain from above", "look"),
        ("An image of a brain from above", "look"),
        ("A page", "look"),
        ("A brain", "look"),
        ("A brain and more " * 13, "look"),
    ],
)
def test_a_picture_without_a_useful_description_is_shown(alt, level):
    assert [(where, level) for where, level, _ in told(picture=picture(alt))] == [("picture", level)]


@pytest.mark.parametrize("none", [None, picture("", decorative=True), picture("A brain cut in half")])
def test_a_picture_that_is_described_or_decoration_is_left_alone(none):
    assert told(picture=none) == []


def test_two_sections_with_the_same_heading_are_told_apart():
    kinds = {"overview": "What is it?", "types": "What is IT?", "causes": ""}
    sections = [{"kind": kind, "heading": heading, "html": "<p>Text.</p>"} for kind, heading in kinds.items()]
    assert told(sections=sections) == [("types", "look", "What is IT?"), ("causes", "must", "")]


def test_a_question_that_is_none_is_shown():
    faqs = [{"question": "About food", "html": "<p>Eat.</p>", "anchor": "faq-about-food"}]
    assert told(faqs=faqs) == [("faq-about-food", "look", "About food")]


def test_a_page_without_a_source_must_be_put_right():
    assert told(sources=[]) == [("sources", "must", "")]


def test_a_source_without_link_or_date_is_shown():
    assert told(sources=[GOOD_SOURCE | {"url": ""}]) == [("sources", "look", "Calcium")]
    assert told(sources=[GOOD_SOURCE | {"seen": "", "publisher": "A journal"}]) == [("sources", "look", "Calcium")]
    assert told(sources=[GOOD_SOURCE | {"seen": ""}]) == []


def test_an_unencrypted_source_is_shown():
    assert told(sources=[GOOD_SOURCE | {"url": "http://e.example/"}]) == [("sources", "look", "http://e.example/")]


def test_the_same_words_leading_to_two_places_are_shown_where_they_come_again():
    one, two = '<p><a href="/a/">The leaflet</a></p>', '<p><a href="/b/">the leaflet</a></p>'
    assert told(body=one, answer=two) == [("faq-is-it-dangerous", "look", "the leaflet")]
    assert told(body=one, answer=one) == []


def test_a_link_to_a_place_that_the_page_lacks_must_be_put_right():
    links = "".join(f'<a href="#{anchor}">To {anchor}</a> ' for anchor in ["care-card", "faqs", "overview", "causes"])
    assert told(body=f"<p>{links}</p>") == [("overview", "must", "To causes (#causes)")]
    assert told(body='<p><a href="#faqs">All</a></p>', faqs=[]) == [("overview", "must", "All (#faqs)")]


def test_links_to_this_site_are_listed_with_their_part():
    html = '<p><a href="/conditions/x/#y">X</a> <a href="#sources">S</a> <a href="https://e.example/">E</a></p>'
    expected = [InternalLink("overview", "/conditions/x/#y", "X"), InternalLink("overview", "#sources", "S")]
    assert lint.internal_links(make_content(body=html)) == expected


def test_findings_come_in_the_order_of_the_page_with_the_gravest_first():
    found = findings(
        sources=[],
        body='<p>See <a href="/x/">here</a>, <a>there</a>.</p>',
        summary="One. " * 4,
        answer="<p>Call 911.</p>",
    )
    places = [(finding.where, finding.level.value) for finding in found]
    expected = [("overview", "must"), ("overview", "look"), ("faq-is-it-dangerous", "must"), ("sources", "must")]
    assert places == [("summary", "look"), *expected]
    assert {where: len(part) for where, part in by_place(found).items()} == dict.fromkeys(
        ["summary", "faq-is-it-dangerous", "sources"], 1
    ) | {"overview": 2}


def test_the_same_finding_is_told_once():
    assert len(told(body='<p><a href="/x/">here</a> and <a href="/x/">here</a></p>')) == 1


def test_a_long_quote_is_cut():
    found = findings(body=f"<p>{'word ' * 100}</p>")
    assert {len(finding.quote) for finding in found} == {160}
    assert found[0].quote.endswith("word…")


@pytest.mark.django_db
def test_the_starter_pages_have_nothing_to_put_right_and_little_to_look_at():
    loading.load()
    conditions = list(Condition.objects.all())
    found = {each.slug: lint.check(compose(each), emergency_number="999") for each in conditions}
    assert len(found) == 4
    assert [finding for each in found.values() for finding in each if finding.level == Level.MUST] == []
    assert max(map(len, found.values())) <= 3


@pytest.mark.django_db
def test_a_bare_page_has_a_finding_for_each_missing_part():
    condition = make_condition(sources=[])
    found = lint.check(compose(condition), emergency_number="999")
    assert [finding.where for finding in found] == ["in-short", "care-card", "sources"]


@pytest.mark.parametrize(
    "text",
    ["1 ", "1-", "a.", "a-", "! ", "Dr. ", "e.g. ", "call ", "call on ", "call 911 ", "no risk ", "“", "&", "<", "<p>"]
    + ["<a href=x>", '<a href="#x">y</a>', "<h3>A</h3>", "<ul><li>", "<!--", "<a ", "suffer from ", "emergency "],
)
def test_a_hostile_text_is_checked_within_a_second(text):
    long = text * (50_000 // len(text))
    line = richtext.plain_line(long)
    faq = {"question": line, "html": richtext.sanitise(long), "anchor": "faq-long"}
    content = make_content(body=richtext.sanitise(long), summary=line, faqs=[faq], care_signs=[line])
    started = time.process_time()
    lint.check(content, emergency_number="999")
    assert time.process_time() - started < 4  # a hang guard, well above the half second it takes: ASVS 5.0, 1.3.12


def test_findings_are_shown_in_words_and_never_as_markup():
    bad = Finding(Level.MUST, "overview", "Section “<b>”", "Wrong.", "Mend it.", "<script>alert(1)</script>")
    html = render_to_string("conditions/checks/_findings.html", {"findings": [bad], "with_places": True})
    assert "Put this right: Section “&lt;b&gt;”" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html


def test_without_findings_that_is_said():
    html = render_to_string("conditions/checks/_findings.html", {"findings": []})
    assert "found nothing to point out" in html
