"""How a comparison is shown: plain text, signs beside colours, and nothing of a content as markup."""

from html.parser import HTMLParser

import pytest
from django.template.loader import render_to_string

from conditions.compare.comparing import compare
from conditions.compare.tests.test_comparing import PICTURE, make_content, make_faq, make_section, make_source
from conditions.richtext.tests.test_richtext import EVASIONS


def rendered(old, new, form="inline"):
    context = {"comparison": compare(old, new), "form": form, "old_name": "Edition 3 (live)", "new_name": "Edition 4"}
    return render_to_string("conditions/comparison/_comparison.html", context)


class Elements(HTMLParser):
    """Collects the names of elements and of their attributes."""

    def __init__(self, html):
        super().__init__()
        self.names = set()
        self.attributes = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("form", ["inline", "side"])
@pytest.mark.parametrize("text", EVASIONS)
def test_nothing_of_a_content_becomes_markup(text, form):
    def evil(text):
        return make_content(
            name=text,
            slug=text,
            aliases=[text],
            summary=text,
            key_facts=[text],
            picture=PICTURE | {"alt": text, "file": f"conditions/{len(text)}.svg"},
            sections=[make_section("causes", text, text), make_section(text, f"<p>{text}</p>")],
            faqs=[{"question": text, "html": text, "anchor": text}],
            sources=[make_source(text, url=text)],
            tags={"symptom": [{"name": text, "slug": text}], text: [{"name": text, "slug": text}]},
        )

    for old in (None, make_content(), evil(f"{text} x")):
        found = Elements(rendered(old, evil(text), form))
        assert found.names.isdisjoint(
            {"script", "svg", "iframe", "object", "form", "a", "base", "meta", "style", "math"}
        )
        assert not {name for name in found.attributes if name.startswith("on") or name in {"style", "srcdoc", "href"}}


@pytest.mark.parametrize("form", ["inline", "side"])
def test_a_changed_line_is_marked_once_for_screen_readers(form):
    html = rendered(make_content(), make_content(summary="Crystals in the big joint."), form)
    assert "<del>a</del>" in html
    assert "<ins>the big</ins>" in html
    assert html.count("Changed:") == (form == "inline")
    assert html.count("Before:") == html.count("After:") == (form == "side")


def test_side_by_side_names_both_editions():
    html = rendered(make_content(), make_content(name="Podagra"), "side")
    assert '<th scope="col" role="columnheader">Edition 3 (live)</th>' in html
    assert '<th scope="col" role="columnheader">Edition 4</th>' in html


def test_both_pictures_are_shown_with_their_descriptions():
    html = rendered(make_content(picture=PICTURE), make_content(picture=PICTURE | {"file": "conditions/b.svg"}))
    assert html.count("described as “A vessel”") == 2
    assert 'src="/media/conditions/a.svg"' in html
    assert 'src="/media/conditions/b.svg"' in html


def test_a_long_unchanged_stretch_is_folded():
    html = "".join(f"<p>Paragraph {number}.</p>" for number in range(12))
    old, new = (make_content(sections=[make_section("causes", html + end)]) for end in ("", "<p>The end.</p>"))
    assert "<summary>13 lines are the same</summary>" in rendered(old, new)


def test_the_parts_that_are_the_same_are_folded():
    assert "<summary>1 part is the same</summary>" in rendered({"name": "A", "slug": "a"}, {"name": "B", "slug": "a"})
    assert "<summary>13 parts are the same</summary>" in rendered(make_content(), make_content(name="Podagra"))


def test_equal_contents_say_so():
    assert "There is no difference" in rendered(make_content(), make_content())


def test_formatting_that_no_line_shows_is_said_in_words():
    old, new = (make_content(faqs=[make_faq("Why?", html)]) for html in ("<p>a</p>", "<p>a </p>"))
    assert "The formatting changed" in rendered(old, new)
