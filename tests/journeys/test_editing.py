"""The journey of a page with a new editor and a clinical reviewer, from signing in to the public page.

The clicks are counted; docs/editing.md has their number. Elements are found by visible labels and roles.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from calcsite.tests.people import PASSWORD, code_of
from tests.faults.test_headers import complaints
from tests.looks.test_accessibility import violations_in_every_look
from tests.plainhttp import fetch
from tests.running import ROOT, Site

PUBLIC_PAGE = "/conditions/calcified-lesions/"
SENTENCE = "Zebra crossings have nothing to do with calcium."
MAKE_PEOPLE = """
import django
django.setup()
from calcsite.models import StaffProfile
from calcsite.tests.people import give_app, make_person
for name, group in [("edda", "Editor"), ("rahel", "Clinical reviewer")]:
    person = make_person(group, username=name, first_name=name.capitalize(), last_name="Demonstration")
    StaffProfile.objects.update_or_create(user=person, defaults={"credentials": "MD (demonstration)"})
    print("Secret:", name, give_app(person))
"""


class Person:
    """A member of staff at a screen, whose clicks and filled-in fields are counted."""

    def __init__(self, page: Page, name: str, secret: str) -> None:
        self.page, self.name, self.secret = page, name, secret
        self.clicks = self.fields = 0

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.first.click()

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def follow(self, name: str | re.Pattern) -> None:
        self.click(self.page.get_by_role("link", name=name, exact=isinstance(name, str)))

    def fill(self, label: str, words: str) -> None:
        self.fields += 1
        self.page.get_by_label(label).fill(words)

    def sign_in(self) -> None:
        self.page.goto("/admin/")
        self.fill("User name", self.name)
        self.fill("Password", PASSWORD)
        self.press("Sign in")
        self.fill("Code", code_of(self.secret))
        self.press("Sign in")


@pytest.fixture(scope="module")
def secrets(changing_site: Site) -> dict[str, str]:
    return dict(re.findall(r"Secret: (\w+) (\w+)", changing_site.run("-c", MAKE_PEOPLE)))


@pytest.fixture
def person(changing_site: Site, secrets: dict[str, str], open_tab: Callable[..., Page]) -> Callable[[str], Person]:
    return lambda name: Person(open_tab(base_url=changing_site.url), name, secrets[name])


def editor_of(page: Page, row: str) -> Locator:
    return page.locator(f"#{row} [contenteditable=true]")


def test_an_editor_fixes_a_sentence_and_a_reviewer_approves_it(person, changing_site):
    editor, reviewer = person("edda"), person("rahel")
    before = fetch(changing_site, PUBLIC_PAGE).text

    editor.sign_in()
    heard = complaints(editor.page)
    editor.follow("Conditions")
    editor.follow("Calcified lesions")
    editor.click(editor_of(editor.page, "sections-0"))
    editor.page.keyboard.press("Control+End")
    editor.page.keyboard.press("Enter")
    editor.page.keyboard.type(SENTENCE)
    editor.press("Save and send for review")
    expect(editor.page.get_by_role("heading", level=1)).to_have_text("Send “Calcified lesions” for review")
    expect(editor.page.get_by_text(SENTENCE).first).to_be_visible()
    editor.fill("Note to the reviewer", "About zebras.")
    editor.press("Send for review")
    expect(editor.page.get_by_text("waits for review").first).to_be_visible()
    assert fetch(changing_site, PUBLIC_PAGE).text == before

    reviewer.sign_in()
    reviewer.follow(re.compile("^Review"))
    expect(reviewer.page.locator("ins").first).to_be_visible()
    expect(reviewer.page.get_by_text(SENTENCE).first).to_be_visible()
    expect(reviewer.page.get_by_text("About zebras.")).to_be_visible()
    reviewer.press("Approve")
    expect(reviewer.page.get_by_text("is public now")).to_be_visible()

    after = fetch(changing_site, PUBLIC_PAGE).text
    assert SENTENCE in after
    assert "Reviewed by Rahel Demonstration, MD (demonstration)." in after
    assert heard == []
    told = (ROOT / "docs" / "editing.md").read_text()
    assert f"| editor | {editor.clicks} | {editor.fields} |" in told
    assert f"| reviewer | {reviewer.clicks} | {reviewer.fields} |" in told


@pytest.fixture
def desk(changing_site: Site, open_tab: Callable[..., Page]) -> Page:
    """A signed-in member of staff with all permissions."""
    page = open_tab(base_url=changing_site.url)
    page.context.add_cookies([changing_site.session_cookie])
    return page


def number_of(page: Page, name: str) -> str:
    page.goto("/admin/conditions/condition/")
    return page.get_by_role("link", name=name, exact=True).get_attribute("href").split("/")[-3]


SCREENS = [
    "change",
    "submit",
    "compare",
    "compare?form=side",
    "history",
    "links",
    "publish",
    "withdraw",
    "revert/1",
    "preview",
]


@pytest.mark.looks
@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_on_the_screens_of_a_condition(desk, screen):
    name, _, query = screen.partition("?")
    desk.goto(f"/admin/conditions/condition/{number_of(desk, 'Brain calcification')}/{name}/?{query}")
    found = violations_in_every_look(desk)
    assert not found, "\n".join(found)


@pytest.mark.looks
@pytest.mark.parametrize(
    "path",
    [
        "",
        "conditions/condition/",
        "conditions/condition/import/",
        "conditions/condition/reports/",
        "conditions/edition/",
    ],
)
def test_axe_finds_nothing_on_the_lists_and_the_first_page(desk, path):
    desk.goto(f"/admin/{path}")
    found = violations_in_every_look(desk)
    assert not found, "\n".join(found)


@pytest.mark.looks
def test_axe_finds_nothing_on_a_review_in_both_forms(desk):
    pk = number_of(desk, "Brain calcification")
    desk.goto(f"/admin/conditions/condition/{pk}/submit/")
    desk.get_by_role("button", name="Send for review", exact=True).click()
    desk.goto(f"/admin/conditions/condition/{pk}/history/")
    desk.get_by_role("link", name="Edition 2", exact=True).click()
    for other in ("side by side", "one text"):
        expect(
            desk.get_by_role("link", name=f"Show the difference {'as ' * (other == 'one text')}{other}")
        ).to_be_visible()
        found = violations_in_every_look(desk)
        assert not found, "\n".join(found)
        desk.get_by_role("link", name=re.compile(f"{other}$")).click()


@pytest.mark.looks
def test_no_screen_of_ours_scrolls_sideways_on_a_telephone(desk):
    pk = number_of(desk, "Brain calcification")
    desk.set_viewport_size({"width": 320, "height": 640})
    for name in ["submit", "compare", "history", "links", "publish", "withdraw", "revert/1", "preview"]:
        desk.goto(f"/admin/conditions/condition/{pk}/{name}/")
        assert desk.evaluate("document.documentElement.scrollWidth") <= 320, name


def test_a_page_is_submitted_and_sections_are_put_in_order_by_keyboard_alone(desk, changing_site):
    pk = number_of(desk, "Calcinosis universalis")
    desk.goto(f"/admin/conditions/condition/{pk}/change/")
    first, second = (desk.locator(f"#id_sections-{row}-position") for row in (0, 1))
    second.focus()
    desk.keyboard.press("Control+A")
    desk.keyboard.type("1")
    for _ in range(400):
        desk.keyboard.press("Tab")
        if desk.evaluate("document.activeElement.name === '_submit'"):
            break
    desk.keyboard.press("Enter")
    desk.get_by_label("Note to the reviewer").focus()
    for _ in range(5):
        desk.keyboard.press("Tab")
        if desk.evaluate("document.activeElement.value === 'Send for review'"):
            break
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("waits for review").first).to_be_visible()
    assert first.input_value() == "1"


def test_two_people_with_the_same_page_open(desk, changing_site, open_tab):
    pk = number_of(desk, "Brain calcification")
    address = f"/admin/conditions/condition/{pk}/change/"
    other = open_tab(base_url=changing_site.url)
    other.context.add_cookies([changing_site.session_cookie])
    desk.goto(address)
    other.goto(address)
    other.get_by_label("Summary").fill("What the other one wrote.")
    other.get_by_role("button", name="Save and continue editing").first.click()
    desk.get_by_label("Summary").fill("What this one wrote.")
    desk.get_by_role("button", name="Save and continue editing").first.click()
    alert = desk.get_by_role("alert")
    expect(alert).to_contain_text("somebody else saved this page first")
    expect(alert).to_be_focused()
    expect(desk.get_by_role("heading", name="What differs")).to_be_visible()
    assert desk.get_by_label("Summary").input_value() == "What this one wrote."
    found = violations_in_every_look(desk)
    assert not found, "\n".join(found)
    desk.get_by_role("button", name="Save and continue editing").first.click()
    expect(desk.get_by_text("was changed successfully")).to_be_visible()


def test_rich_text_and_rows_have_names_and_a_mistake_leads_to_its_editor(desk):
    desk.goto(f"/admin/conditions/condition/{number_of(desk, 'Brain calcification')}/change/")
    body = desk.get_by_role("textbox", name="Body: What causes it?")
    toolbar = desk.get_by_role("toolbar", name="Body: What causes it?: formatting")
    expect(toolbar.get_by_role("button", name="Numbered list")).to_have_attribute("aria-pressed", "false")
    body.fill("")
    toolbar.get_by_role("button", name="Numbered list").click()
    expect(toolbar.get_by_role("button", name="Numbered list")).to_have_attribute("aria-pressed", "true")
    for _ in range(2):
        desk.get_by_role("button", name="Add a section").click()
    desk.get_by_role("button", name=re.compile(r"Remove: Section \d+ \(new\)")).first.click()
    row = desk.get_by_role("group", name=re.compile(r"^Section \d+ \(new\)$"))
    expect(row).to_have_count(1)
    expect(row.get_by_role("textbox", name=re.compile(r"^Body: Section \d+ \(new\)$"))).to_be_visible()
    desk.get_by_role("button", name="Save and continue editing").first.click()
    expect(desk.get_by_role("alert")).to_be_focused()
    desk.get_by_role("alert").get_by_role("link", name="Section “What causes it?”: Body").click()
    expect(body).to_be_focused()
    expect(body).to_have_attribute("aria-invalid", "true")


def test_a_condition_travels_as_a_file(desk, changing_site, tmp_path):
    pk = number_of(desk, "Calcinosis universalis")
    desk.goto(f"/admin/conditions/condition/{pk}/change/")
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Save as a file").click()
    text = download.value.path().read_text()
    file = tmp_path / "moved.yaml"
    file.write_text(
        text.replace("slug: calcinosis-universalis", "slug: moved", 1).replace(
            "name: Calcinosis universalis", "name: Moved", 1
        )
    )
    desk.goto("/admin/conditions/condition/import/")
    desk.get_by_label("The file").set_input_files(file)
    desk.get_by_role("button", name="Read the file").click()
    expect(desk.get_by_text("says what the file says")).to_be_visible()
    assert fetch(changing_site, "/conditions/moved/").status == 404
