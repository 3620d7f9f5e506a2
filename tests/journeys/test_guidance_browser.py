"""The public checklist and guidance in a real browser: ticks stay in it, and each page prints on one sheet."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

PREPARING, RECOVERY = "/second-opinion/preparing/", "/second-opinion/recovery/"
# At their longest: every part names its reviewer.
REVIEWED = """document.querySelectorAll(".check > div, .recovery-item").forEach((part) => {
    const line = document.createElement("p");
    line.className = "item-review";
    line.textContent = "Reviewed by Dr Demonstration, MD FRCP on 30 November 2026.";
    part.append(line);
})"""


def pages_on_paper(page: Page) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4")))


@pytest.mark.parametrize("path", [PREPARING, RECOVERY])
def test_it_prints_on_one_page_with_a_script_and_without(tab, plain_tab, path):
    for page in (tab, plain_tab):
        page.goto(f"{path}?condition=calcified-lesions")
        assert pages_on_paper(page) == 1
    tab.evaluate(REVIEWED)
    assert pages_on_paper(tab) == 1
    tab.goto("/conditions/calcified-lesions/")
    assert pages_on_paper(tab) > 1


def test_without_a_script_the_checklist_has_boxes_for_a_pen(plain_tab):
    plain_tab.goto(PREPARING)
    plain_tab.emulate_media(media="print")
    boxes = plain_tab.locator(".check-box")
    assert boxes.count() == 9
    assert all(box.bounding_box()["width"] > 10 for box in boxes.all())
    plain_tab.emulate_media(media="null")
    expect(plain_tab.get_by_text("tick the boxes with a pen")).to_be_visible()
    expect(plain_tab.get_by_text("Your ticks stay in this browser")).to_be_hidden()


def test_ticks_stay_in_the_browser_and_are_sent_nowhere(open_tab):
    page, sent = open_tab(), []
    page.goto(PREPARING)
    expect(page.get_by_text("Your ticks stay in this browser: we do not see them.")).to_be_visible()
    expect(page.get_by_text("tick the boxes with a pen")).to_be_hidden()
    page.on("request", lambda request: sent.append(request))
    box = page.get_by_role("checkbox", name="List all that you take")
    box.press("Space")
    page.get_by_text("Collect your records and images").click()
    page.goto(f"{PREPARING}?condition=brain-calcification")
    expect(box).to_be_checked()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    assert [request.url for request in sent if has_tick(request)] == []
    assert page.context.cookies() == []


@pytest.mark.parametrize("how", ["button", "forgotten device"])
def test_ticks_are_deleted_by_clearing_them_or_forgetting_the_device(open_tab, how):
    page = open_tab()
    page.goto(PREPARING)
    page.get_by_role("checkbox", name="List all that you take").check()
    if how == "button":
        page.get_by_role("button", name="Clear all ticks").click()
    else:
        page.goto("/second-opinion/book/forgotten/")
    page.goto(PREPARING)
    expect(page.get_by_role("checkbox")).to_have_count(9)
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)


def has_tick(request: Request) -> bool:
    return request.method != "GET" or "tick=" in request.url
