"""Everything works from the keyboard: in the order of the page, with the focus always visible, and never trapped."""

import pytest
from playwright.sync_api import Page

from tests.browsing import let_it_draw

pytestmark = pytest.mark.looks

PAGES = {
    "home": "/",
    "list": "/conditions/",
    "condition": "/conditions/brain-calcification/",
    "questions": "/faqs/",
    "second opinion": "/second-opinion/",
}
WIDTHS = [320, 1280]
MOST_STOPS = 300
# The focused element, and whether its focus is visible.
STOP = """() => {
    const element = document.activeElement;
    if (!element || element === document.body || element === document.documentElement) return null;
    const box = element.getBoundingClientRect();
    const inside = (x, y) => {
        const top = document.elementFromPoint(x, y);
        return top !== null && (element.contains(top) || top.contains(element) && top.matches("a, label, button"));
    };
    // A link may run over two lines: its own boxes tell where it is, the box around them may be empty in the middle.
    const parts = [...element.getClientRects()];
    const seen = parts.some(part => inside(part.left + part.width / 2, part.top + part.height / 2));
    const style = getComputedStyle(element);
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const before = window.lastStop;
    window.lastStop = element;
    const follows = !before || before.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
    const name = (element.innerText || element.value || element.name || element.id).trim().slice(0, 60);
    return {
        name: `${element.localName} “${name}”`,
        ring: ring || style.boxShadow !== "none",
        seen: seen && box.bottom > 0 && box.top < innerHeight,
        follows: Boolean(follows),
    };
}"""


def walk(page: Page) -> list[dict]:
    """Every stop of the Tab key, from the top of the page until the focus has left it."""
    stops = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        let_it_draw(page)
        stop = page.evaluate(STOP)
        if stop is None or (stops and not stop["follows"]):
            return stops
        stops.append(stop)
    raise AssertionError(f"after {MOST_STOPS} stops the focus is still on the page")


def reachable(page: Page) -> int:
    """The number of focusable elements of the page: those that are shown and take input or are links.

    Radio buttons of one question are one stop: the arrow keys move between them.
    """
    elements = page.locator("a[href], button, input:not([type=hidden], [tabindex='-1']), textarea, select, summary")
    return elements.evaluate_all(
        """all => new Set(all.filter(element =>
            element.checkVisibility({visibilityProperty: true}) && !element.closest('[hidden]')
        ).map(element => element.type === "radio" ? element.name : element)).size"""
    )


@pytest.fixture
def still(tab: Page) -> Page:
    """The tab of a visitor who asked for less motion: smooth scrolling to the focus takes time."""
    tab.emulate_media(reduced_motion="reduce")
    return tab


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_a_walk_with_the_tab_key_passes_everything_once_in_order_and_in_sight(still, path, width):
    still.set_viewport_size({"width": width, "height": 700})
    still.goto(path)
    stops = walk(still)
    assert [stop["name"] for stop in stops if not stop["ring"]] == [], "no ring around the focus"
    assert [stop["name"] for stop in stops if not stop["seen"]] == [], "the focus is out of sight"
    assert len(stops) == reachable(still)


def test_the_walk_back_passes_the_same_stops(still):
    still.set_viewport_size({"width": 1280, "height": 700})
    still.goto("/")
    there = len(walk(still))
    still.goto("/")
    still.locator("a").last.focus()
    back = 1
    not_there = "document.activeElement !== document.querySelector('a, button, input')"
    while still.evaluate(not_there) and back < MOST_STOPS:
        still.keyboard.press("Shift+Tab")
        back += 1
    assert back == there


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_the_first_stop_skips_to_the_content(still, path):
    still.goto(path)
    still.keyboard.press("Tab")
    link = still.get_by_role("link", name="Skip to main content")
    assert link.evaluate("link => link === document.activeElement")
    assert link.bounding_box()["y"] >= 0
    still.keyboard.press("Enter")
    assert still.evaluate("document.activeElement.localName") == "main"
    still.keyboard.press("Tab")
    assert still.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_fold_opens_and_its_links_are_reached(still):
    still.set_viewport_size({"width": 320, "height": 700})
    still.goto("/conditions/brain-calcification/")
    fold = still.get_by_role("navigation", name="On this page").locator("summary")
    fold.focus()
    still.keyboard.press("Enter")
    still.keyboard.press("Tab")
    assert still.evaluate("document.activeElement.getAttribute('href')") == "#overview"
    still.keyboard.press("Enter")
    assert still.evaluate("location.hash") == "#overview"
    assert -1 <= still.locator("#overview").bounding_box()["y"] < 350


def open_suggestions(page: Page, text: str):
    """Type into the search box of the home page and wait for the suggestions."""
    page.set_viewport_size({"width": 1280, "height": 700})
    page.goto("/")
    box = page.get_by_role("combobox", name="Search for a condition or a question")
    box.focus()
    page.keyboard.type(text)
    page.get_by_role("option").first.wait_for()
    return box


def test_suggestions_are_chosen_with_the_arrow_keys(still):
    box = open_suggestions(still, "brain")
    assert box.get_attribute("aria-expanded") == "true"
    assert box.get_attribute("aria-activedescendant") is None
    still.keyboard.press("ArrowDown")
    active = still.locator(f"#{box.get_attribute('aria-activedescendant')}")
    assert active.get_attribute("aria-selected") == "true"
    assert "Brain calcification" in active.inner_text()
    assert box.evaluate("box => box === document.activeElement")
    still.keyboard.press("Enter")
    still.wait_for_url("**/conditions/brain-calcification/**")


def test_arrow_keys_go_round_the_suggestions(still):
    box = open_suggestions(still, "calc")
    options = still.get_by_role("option")
    assert options.count() >= 2
    still.keyboard.press("ArrowUp")
    assert options.last.get_attribute("aria-selected") == "true"
    still.keyboard.press("ArrowDown")
    assert options.first.get_attribute("aria-selected") == "true"
    assert still.locator("[role=option][aria-selected=true]").count() == 1
    assert box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")


def test_escape_closes_the_suggestions_and_keeps_the_text(still):
    box = open_suggestions(still, "calc")
    still.keyboard.press("Escape")
    assert still.get_by_role("option").count() == 0
    assert box.get_attribute("aria-expanded") == "false"
    assert box.input_value() == "calc"


def test_enter_without_a_chosen_suggestion_searches(still):
    open_suggestions(still, "calc")
    still.keyboard.press("Enter")
    still.wait_for_url("**/search/?q=calc")


def test_leaving_the_search_box_closes_the_suggestions(still):
    open_suggestions(still, "calc")
    still.keyboard.press("Tab")
    assert still.get_by_role("option").count() == 0
    assert still.evaluate("document.activeElement.textContent.trim()") == "Search"
