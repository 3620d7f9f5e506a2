"""No violation that axe can find on any public page in any of its states, in light and dark, on a phone and a desktop.

The rules are those of WCAG 2.2, levels A and AA, and axe's best practices. axe finds about half of all violations:
keyboard, reflow and reading level have tests of their own.
"""

from collections.abc import Sequence

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browsing import STATES, states

pytestmark = pytest.mark.looks

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": TAGS}}
SCHEMES = ["light", "dark"]
WIDTHS = [320, 1280]
AXE = Axe()
# Only the violations are returned: transferring axe's full report takes as long as the run.
RUN = """options => axe.run(options).then(found => found.violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 160)}`)
))"""


def violations(page: Page) -> list[str]:
    """axe's findings on the page in its current state, as "rule: element". axe stays loaded, which takes as long as a
    run.
    """
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    return page.evaluate(RUN, OPTIONS)


def violations_on_a_journey(page: Page) -> list[str]:
    """axe's findings in light on a phone and in dark on a desktop.

    For pages that take long to reach: colours do not depend on the width, nor the layout on the colours.
    """
    found = []
    for scheme, width in zip(SCHEMES, WIDTHS, strict=True):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"{scheme}, {width} px: {violation}" for violation in violations(page)]
    return found


def violations_in_every_look(page: Page, widths: Sequence[int] = WIDTHS) -> list[str]:
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # a colour transition has to end first
        for width in widths:
            page.set_viewport_size({"width": width, "height": 800})
            found += [f"{scheme}, {width} px: {violation}" for violation in violations(page)]
    return found


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(tab, site, old_edition, state):
    states(site, old_edition)[state](tab)
    found = violations_in_every_look(tab)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_when_suggestions_are_open(tab):
    tab.set_viewport_size({"width": 1280, "height": 800})
    tab.goto("/")
    box = tab.get_by_role("combobox", name="Search for a condition or a question")
    box.press_sequentially("calc")
    tab.get_by_role("option").first.wait_for()
    found = violations_in_every_look(tab)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_with_every_fold_open(tab):
    for path in ["/conditions/", "/conditions/brain-calcification/"]:
        tab.goto(path)
        tab.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
        found = violations_in_every_look(tab, widths=[320])
        assert not found, "\n".join(found)


def test_axe_finds_nothing_on_the_page_for_a_fault_of_ours(tab, broken_site):
    """In light only: the page has the browser's own colours, and axe takes the browser's dark background to be
    white.
    """
    answer = tab.goto(f"{broken_site.url}/")
    assert answer.status == 500
    tab.emulate_media(color_scheme="light")
    assert violations(tab) == []


def test_axe_would_find_a_fault(tab):
    tab.goto("/")
    tab.evaluate("document.querySelector('main').innerHTML += '<img src=x><input><a href=/></a>'")
    assert {violation.partition(":")[0] for violation in violations(tab)} >= {"image-alt", "label", "link-name"}


def test_axe_knows_the_rule_that_wcag_2_2_added(tab):
    tab.goto("/")
    rules = tab.evaluate(
        f"(() => {{ {AXE.axe_script}; return axe.getRules(['wcag22aa']).map(rule => rule.ruleId) }})()"
    )
    assert rules == ["target-size"]
