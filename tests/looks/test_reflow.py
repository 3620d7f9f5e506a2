"""Pages fit: on a phone, enlarged four times, with wider text, without motion, in forced colours and on paper."""

import pytest
from playwright.sync_api import Page

from tests.browsing import CONDITIONS, PUBLIC, STATES, states

pytestmark = pytest.mark.looks

# https://www.w3.org/TR/WCAG22/#text-spacing, as a constructed sheet: the policy of the site refuses a style element.
TEXT_SPACING = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* {
        line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important;
    }
    p { margin-bottom: 2em !important; }`);
    document.adoptedStyleSheets = [sheet];
}"""
# Boxes that cut off some of their own text. Visually hidden text is one pixel wide, and a field scrolls its text.
CUT_OFF = """() => [...document.querySelectorAll("body *")].filter(element => {
    const style = getComputedStyle(element);
    const hides = ["hidden", "clip"].includes(style.overflowX) || ["hidden", "clip"].includes(style.overflowY);
    const wider = element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
    return hides && wider && element.clientWidth > 1 && !["img", "svg", "input"].includes(element.localName);
}).map(element => element.outerHTML.slice(0, 120))"""
TOO_WIDE = """() => [...document.querySelectorAll("body *")].filter(element => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.right > document.documentElement.clientWidth + 1 && !element.closest("[tabindex='0']");
}).map(element => element.outerHTML.slice(0, 120))"""

OPTED_OUT = """() => [...document.querySelectorAll("body, body *")].filter(element =>
    getComputedStyle(element).forcedColorAdjust === "none" && element.textContent.trim()
).map(element => element.outerHTML.slice(0, 120))"""
# A checkbox has the browser's own border, and a button styled as a link is underlined.
UNBOUNDED = """() => [...document.querySelectorAll("button, input:not([type=hidden])")].filter(element => {
    const style = getComputedStyle(element);
    const drawn = ["checkbox", "radio"].includes(element.type) || style.textDecorationLine === "underline";
    return element.checkVisibility() && !drawn && parseFloat(style.borderTopWidth) === 0;
}).map(element => element.outerHTML.slice(0, 120))"""


def assert_fits(page: Page) -> None:
    page.wait_for_load_state()
    wide, window = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= window, f"{page.url} is {wide - window} px too wide: {page.evaluate(TOO_WIDE)[:5]}"


def assert_wider_text_fits(page: Page) -> None:
    page.evaluate(TEXT_SPACING)
    assert_fits(page)
    assert page.evaluate(CUT_OFF) == [], page.url
    page.evaluate("document.adoptedStyleSheets = []")


def assert_forced_colours_show_everything(page: Page) -> None:
    """In forced colours no text opts out, and buttons and fields have a border."""
    assert page.evaluate(OPTED_OUT) == [], page.url
    assert page.evaluate(UNBOUNDED) == [], f"{page.url}: only a border shows that this is a button or a field"


@pytest.mark.parametrize("state", STATES)
def test_no_page_scrolls_sideways_at_320_pixels(tab, site, old_edition, state):
    tab.set_viewport_size({"width": 320, "height": 640})
    states(site, old_edition)[state](tab)
    assert_fits(tab)
    tab.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
    assert_fits(tab)


def test_no_page_scrolls_sideways_in_a_desktop_window_enlarged_four_times(open_tab):
    page = open_tab(viewport={"width": 320, "height": 256}, device_scale_factor=4)
    for path in PUBLIC.values():
        page.goto(path)
        assert_fits(page)


def test_wider_text_spacing_cuts_nothing_off(tab):
    for width in [320, 1280]:
        tab.set_viewport_size({"width": width, "height": 640})
        for path in PUBLIC.values():
            tab.goto(path)
            assert_wider_text_fits(tab)


def test_text_of_twice_the_size_cuts_nothing_off(tab):
    """With a larger font size in the browser, not a larger zoom."""
    tab.set_viewport_size({"width": 640, "height": 640})
    for path in PUBLIC.values():
        tab.goto(path)
        tab.evaluate("document.documentElement.style.fontSize = '200%'")
        assert_fits(tab)
        assert tab.evaluate(CUT_OFF) == [], path


def test_nothing_moves_for_a_reader_who_asked_for_less_motion(open_tab):
    page = open_tab(reduced_motion="reduce")
    moving = """() => [...document.querySelectorAll("*")].filter(element => {
        const style = getComputedStyle(element);
        const seconds = `${style.transitionDuration},${style.animationDuration}`.split(",").map(parseFloat);
        return style.scrollBehavior === "smooth" || Math.max(...seconds) > 0.05;
    }).map(element => element.outerHTML.slice(0, 120))"""
    for path in ["/", "/conditions/", *CONDITIONS.values(), "/search/?q=calcium", "/second-opinion/"]:
        page.goto(path)
        assert page.evaluate(moving) == [], path


def test_forced_colours_leave_text_buttons_and_focus_visible(open_tab):
    page = open_tab(forced_colors="active")
    for path in ["/", "/conditions/", "/conditions/brain-calcification/", "/second-opinion/"]:
        page.goto(path)
        assert_forced_colours_show_everything(page)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none", f"{path}: a shadow alone is not drawn in forced colours"


def lengths(page: Page) -> dict[str, int]:
    """The number of readable characters in each section of the open condition page."""
    sections = page.locator("main section[id]:not(#review)").all()
    return {section.get_attribute("id"): len(section.inner_text()) for section in sections}


@pytest.mark.parametrize("path", CONDITIONS.values(), ids=CONDITIONS.keys())
def test_paper_shows_the_whole_page_without_its_interactive_parts(open_tab, path):
    page = open_tab(viewport={"width": 700, "height": 1000})
    page.goto(path)
    screen = lengths(page)
    page.emulate_media(media="print")
    paper = lengths(page)
    assert len(paper) >= 6
    assert min(paper.values()) > 40
    # Print may add to the text, such as the addresses of links.
    assert [name for name in screen if paper[name] < screen[name]] == []
    assert page.locator("#faqs h3").evaluate_all("all => all.every(heading => heading.checkVisibility())")
    assert page.get_by_role("heading", name="Call 999 now if").is_visible()
    for only_on_screen in [page.get_by_role("search"), page.get_by_role("navigation", name="Main")]:
        assert not only_on_screen.first.is_visible()
    assert page.get_by_role("button").filter(visible=True).count() == 0


def test_paper_shows_the_questions_about_the_service(open_tab):
    page = open_tab()
    page.goto("/faqs/")
    page.emulate_media(media="print")
    questions = page.get_by_role("region", name="About our service").get_by_role("heading", level=3)
    assert questions.count() >= 5
    assert questions.evaluate_all("all => all.every(heading => heading.nextElementSibling.checkVisibility())")
