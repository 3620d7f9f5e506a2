"""The public pages in all their states, and how a browser gets to each."""

import re
from collections.abc import Callable
from functools import partial

from playwright.sync_api import Page

from tests.running import PATIENCE, Site

CONDITIONS = {
    "brain calcification": "/conditions/brain-calcification/",
    "calcified lesions": "/conditions/calcified-lesions/",
    "calcinosis universalis": "/conditions/calcinosis-universalis/",
    "thalamic calcifications": "/conditions/symmetrical-thalamic-calcifications/",
}
# The address of every kind of public page.
PUBLIC = {
    "home": "/",
    "list": "/conditions/",
    "list filtered": "/conditions/?letter=C&symptom=pain&specialty=rheumatology",
    "list without results": "/conditions/?letter=B&symptom=weight-loss",
    "list with an unknown filter": "/conditions/?symptom=purple-ears&letter=%C3%86",
    **CONDITIONS,
    "history": "/conditions/calcified-lesions/history/",
    "edition of today": "/conditions/brain-calcification/editions/1/",
    "search empty": "/search/",
    "search without results": "/search/?q=zzzzqqqq",
    "search with results": "/search/?q=calcification",
    "search with a suggestion": "/search/?q=calcinosys",
    "questions": "/faqs/",
    "second opinion": "/second-opinion/",
    "second opinion on a condition": "/second-opinion/?condition=brain-calcification",
    "preparing": "/second-opinion/preparing/?condition=calcified-lesions",
    "recovery": "/second-opinion/recovery/",
    "about": "/about/",
    "privacy": "/privacy/",
    "accessibility": "/accessibility/",
    "editorial policy": "/editorial-policy/",
    "emergency help": "/emergency-help/",
    "thanks": "/conditions/brain-calcification/helpful/thanks/",
}
ERRORS = {"not found": "/conditions/nothing-of-the-kind/", "bad address": "/search/?q=%00"}
HELPFUL = "/conditions/brain-calcification/"


def open_comment_form(page: Page) -> None:
    page.goto(HELPFUL)
    page.get_by_role("button", name=re.compile("^No\\b")).click()
    page.get_by_label("What could be better?").wait_for()


def open_comment_form_with_an_error(page: Page) -> None:
    """A comment longer than the field lets visitors type."""
    open_comment_form(page)
    field = page.get_by_label("What could be better?")
    field.evaluate("field => { field.removeAttribute('maxlength'); field.value = 'word '.repeat(300) }")
    page.locator("main").get_by_role("button").click()
    page.get_by_text("There is a problem").wait_for()


def open_refusal(page: Page, site: Site) -> None:
    """The page for an answer that seems to come from another site."""
    page.goto("about:blank")
    page.set_content(f'<form method="post" action="{site.url}{HELPFUL}helpful/"><button>Send</button></form>')
    page.get_by_role("button").click()
    page.get_by_role("heading", level=1).wait_for()


def states(site: Site, old_edition: str) -> dict[str, Callable[[Page], object]]:
    """The steps that bring a tab to each public page in each of its states."""
    pages = PUBLIC | ERRORS | {"old edition": old_edition}
    opening = {name: partial(_go, path=path) for name, path in pages.items()}
    return opening | {
        "comment form": open_comment_form,
        "comment form with an error": open_comment_form_with_an_error,
        "answer refused": partial(open_refusal, site=site),
    }


STATES = [*PUBLIC, *ERRORS, "old edition", "comment form", "comment form with an error", "answer refused"]


def _go(page: Page, *, path: str) -> None:
    page.goto(path)


def let_it_draw(page: Page) -> None:
    """Wait until the browser has drawn the change: a second at most, because an invisible change draws nothing."""
    page.evaluate(
        """new Promise(drawn => {
            requestAnimationFrame(() => requestAnimationFrame(drawn));
            setTimeout(drawn, 1000);
        })"""
    )


def comes_true(page: Page, condition: str) -> bool:
    """Whether a JavaScript expression becomes true while a test has patience.

    Playwright's wait_for_function retries by eval, which the site's policy forbids.
    """
    return page.evaluate(
        f"""new Promise(done => {{
            const until = Date.now() + {PATIENCE * 1000};
            const look = () => {{
                const found = Boolean({condition});
                found || Date.now() > until ? done(found) : setTimeout(look, 20);
            }};
            look();
        }})"""
    )
