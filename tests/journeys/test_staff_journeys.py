"""The tasks of editors: correct a page, publish it, take it off the site. The public sees each step in its time."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.plainhttp import fetch

SLUG = "calcified-lesions"
PUBLIC_PAGE = f"/conditions/{SLUG}/"
SENTENCE = "Zebra crossings have nothing to do with calcium."


@pytest.fixture
def desk(changing_site, open_tab: Callable[..., Page]) -> Page:
    """A signed-in member of staff with "Calcified lesions" open."""
    page = open_tab(base_url=changing_site.url)
    page.context.add_cookies([changing_site.session_cookie])
    page.goto("/admin/conditions/condition/")
    page.get_by_role("link", name="Calcified lesions", exact=True).click()
    editor(page, "sections-0").wait_for()
    return page


def editor(page: Page, row: str) -> Locator:
    """The rich text editor of one row of the form."""
    return page.locator(f"#{row} [contenteditable=true]")


def add_sentence(page: Page, sentence: str) -> None:
    """Write a sentence at the end of the first section, in the rich text editor, and save."""
    editor(page, "sections-0").click()
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    page.keyboard.type(sentence)
    page.get_by_role("button", name="Save and continue editing").first.click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()


def publish(page: Page, reason: str) -> int:
    """Publish without review. Returns the number of the new edition."""
    page.get_by_role("link", name="Publish without review").click()
    page.get_by_label(re.compile("^Why")).fill(reason)
    page.get_by_role("button", name="Publish now").click()
    message = page.get_by_text(re.compile(r"Edition \d+ of .* is public now"))
    return int(re.search(r"Edition (\d+)", message.inner_text())[1])


def test_a_change_is_in_the_preview_and_public_only_once_it_is_published(desk, changing_site):
    before = fetch(changing_site, PUBLIC_PAGE).text
    add_sentence(desk, SENTENCE)
    editing = desk.url
    desk.get_by_role("link", name="Preview", exact=True).click()
    expect(desk.locator("#overview")).to_contain_text(SENTENCE)
    expect(desk.get_by_text("This is a preview.")).to_be_visible()
    assert fetch(changing_site, PUBLIC_PAGE).text == before

    desk.goto(editing)
    number = publish(desk, "Corrected after a telephone call.")
    after = fetch(changing_site, PUBLIC_PAGE).text
    assert SENTENCE in after
    assert "No clinician has reviewed this page yet." in after
    assert SENTENCE not in fetch(changing_site, f"{PUBLIC_PAGE}editions/{number - 1}/").text
    assert SENTENCE in fetch(changing_site, f"{PUBLIC_PAGE}editions/{number}/").text


def test_a_page_is_not_published_without_a_reason(desk, changing_site):
    before = fetch(changing_site, PUBLIC_PAGE).text
    desk.get_by_role("link", name="Publish without review").click()
    desk.get_by_label(re.compile("^Why")).evaluate("field => { field.required = false; field.value = '   ' }")
    desk.get_by_role("button", name="Publish now").click()
    expect(desk.get_by_role("link", name="Say why the page is published")).to_be_visible()
    assert fetch(changing_site, PUBLIC_PAGE).text == before


def test_markup_that_an_editor_pastes_never_runs(desk, changing_site):
    hostile = "<p>Kept words.</p><img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>"
    field = desk.locator("textarea[name=sections-1-body]")
    field.evaluate("(field, html) => { field.value = html }", hostile)
    desk.get_by_label("Summary").fill("A summary with <script>document.title='ran'</script> in it.")
    desk.get_by_role("button", name="Save and continue editing").first.click()
    expect(desk.get_by_text("was changed successfully")).to_be_visible()
    publish(desk, "To see what becomes of it.")
    desk.goto(PUBLIC_PAGE)
    expect(desk.get_by_role("heading", level=1)).to_have_text("Calcified lesions")
    assert desk.title().startswith("Calcified lesions")
    assert desk.locator("main script, main [onerror], main img[src=x]").count() == 0
    assert "<script>document" not in fetch(changing_site, PUBLIC_PAGE).text
    assert "<script>document" not in fetch(changing_site, "/conditions/").text


def mentions(changing_site) -> list[str]:
    """The public addresses from which the page can be found."""
    places = [
        "/",
        "/conditions/",
        "/conditions/?letter=C",
        "/search/?q=calcified+lesions",
        "/search/suggestions/?q=calcified",
        "/faqs/",
        "/conditions/brain-calcification/",
        "/conditions/calcinosis-universalis/",
        "/sitemap.xml",
    ]
    return [place for place in places if f"/conditions/{SLUG}/" in fetch(changing_site, place).text]


def test_a_page_taken_off_the_site_is_gone_from_everywhere_and_comes_back(desk, changing_site):
    everywhere = mentions(changing_site)
    assert {"/conditions/", "/faqs/", "/sitemap.xml", "/conditions/brain-calcification/"} <= set(everywhere)
    assert {"/search/?q=calcified+lesions", "/search/suggestions/?q=calcified"} <= set(everywhere)

    editing = desk.url
    desk.get_by_role("link", name="Take off the site").click()
    desk.get_by_label(re.compile("^Why")).fill("For a test.")
    desk.get_by_role("button", name="Take it off the site").click()
    expect(desk.get_by_text("is no longer public")).to_be_visible()
    assert mentions(changing_site) == []
    gone = [PUBLIC_PAGE, f"{PUBLIC_PAGE}history/", f"{PUBLIC_PAGE}editions/1/", f"{PUBLIC_PAGE}helpful/thanks/"]
    assert [fetch(changing_site, path).status for path in gone] == [404] * 4

    desk.goto(editing)
    publish(desk, "Back again.")
    assert fetch(changing_site, PUBLIC_PAGE).status == 200
    assert mentions(changing_site) == everywhere


def test_a_new_question_about_the_service_is_public_when_it_is_saved(desk, changing_site):
    desk.goto("/admin/conditions/faq/add/")
    desk.get_by_label("Question").fill("Do you also treat zebras?")
    desk.locator("[contenteditable=true]").click()
    desk.keyboard.type("No, only people.")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.get_by_text("was added successfully")).to_be_visible()
    desk.goto("/faqs/")
    about = desk.get_by_role("region", name="About our service")
    expect(about).to_contain_text("Do you also treat zebras? No, only people.")
    assert "Do you also treat zebras?" in fetch(changing_site, "/search/?q=zebras").text
