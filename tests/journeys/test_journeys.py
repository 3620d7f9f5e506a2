"""The public tasks of a patient, on a narrow phone, with JavaScript and without."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

PHONE = {"width": 320, "height": 640}


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def phone(request, open_tab: Callable[..., Page]) -> Page:
    return open_tab(viewport=PHONE, java_script_enabled=request.param)


def search_for(page: Page, words: str, *, on: str = "/") -> None:
    """Search by the large box of a page. With JavaScript it is a combobox, without it a plain search box."""
    page.goto(on)
    main, name = page.get_by_role("main"), "Search for a condition or a question"
    main.get_by_role("searchbox", name=name).or_(main.get_by_role("combobox", name=name)).fill(words)
    main.get_by_role("button", name="Search").click()


def results(page: Page) -> Locator:
    """The titles of the search results, in order."""
    return page.get_by_role("main").get_by_role("list").get_by_role("heading", level=3)


def listed(page: Page) -> Locator:
    """The names of the conditions in the list, in order."""
    found = page.get_by_role("region", name=re.compile(r"^\d+ pages?"))
    return found.get_by_role("heading", level=3)


def checkbox(page: Page, tag: str) -> Locator:
    """The filter for a tag, whether or not it is folded away."""
    return page.get_by_role("checkbox", name=re.compile(rf"^\s*{tag}\s+\d"), include_hidden=True)


def choose(page: Page, *tags: str) -> None:
    """Tick filters of the list, opening their folds, and submit."""
    for tag in tags:
        for fold in page.locator("details").filter(has=checkbox(page, tag)).all():
            summary = fold.locator("summary").first
            if fold.get_attribute("open") is None and summary.is_visible():
                summary.click()
        checkbox(page, tag).check()
    page.get_by_role("button", name="Show pages").click()


def test_from_the_first_page_by_search_to_a_page_its_contents_and_a_second_opinion(phone):
    search_for(phone, "brain calcification")
    phone.get_by_role("main").get_by_role("link", name="Brain calcification").first.click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Brain calcification")
    contents = phone.get_by_role("navigation", name="On this page")
    fold = contents.locator("summary")
    if fold.is_visible():
        fold.click()
    contents.get_by_role("link", name="treat").first.click()
    expect(phone).to_have_url(re.compile("#treatment$"))
    expect(phone.locator("#treatment")).to_be_in_viewport()
    phone.get_by_role("link", name="Get a second opinion").first.click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Get a second opinion about Brain calcification")
    telephone = phone.get_by_role("main").get_by_role("link", name=re.compile(r"\d{3} \d{3}")).first
    expect(telephone).to_have_attribute("href", re.compile(r"^tel:\d+$"))


def test_a_misspelling_leads_on(phone):
    search_for(phone, "calcinosys")
    expect(phone.get_by_text("Did you mean")).to_contain_text("calcinosis")
    phone.get_by_role("main").get_by_role("link", name="calcinosis", exact=True).click()
    expect(results(phone).first).to_have_text("Calcinosis universalis")


def test_another_name_finds_the_page_first(phone):
    search_for(phone, "intracranial calcification")
    expect(results(phone).first).to_have_text("Brain calcification")


def test_another_form_of_a_word_finds_the_page(phone):
    search_for(phone, "seizures")
    expect(phone).to_have_title(re.compile("seizures"))
    with_many = set(results(phone).all_inner_texts())
    search_for(phone, "seizure")
    expect(phone).to_have_title(re.compile("seizure "))
    assert with_many
    assert set(results(phone).all_inner_texts()) == with_many


def test_a_search_without_results_offers_a_next_step(phone):
    search_for(phone, "zzzzqqqq")
    expect(phone.get_by_role("heading", name="Nothing found for “zzzzqqqq”")).to_be_visible()
    phone.get_by_role("main").get_by_role("link", name=re.compile("all conditions")).click()
    expect(listed(phone)).to_have_count(4)


def test_suggestions_lead_to_a_page_without_a_page_of_results(open_tab):
    page = open_tab(viewport=PHONE)
    page.goto("/")
    page.get_by_role("combobox", name="Search for a condition or a question").press_sequentially("calcinosis u")
    page.get_by_role("option", name=re.compile("Calcinosis universalis")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Calcinosis universalis")


def test_letters_lead_from_the_first_page_to_the_names_that_begin_with_them(phone):
    phone.goto("/")
    phone.get_by_role("link", name=re.compile(r"begin with\s+S$")).click()
    expect(listed(phone)).to_have_text(["Symmetrical thalamic calcifications"])


def test_filters_combine_and_can_be_shared_as_an_address(phone, open_tab):
    phone.goto("/conditions/")
    expect(listed(phone)).to_have_count(4)
    choose(phone, "Seizures")
    expect(listed(phone)).to_have_text(["Brain calcification", "Symmetrical thalamic calcifications"])
    phone.get_by_role("link", name=re.compile(r"begin with\s+B$")).click()
    expect(listed(phone)).to_have_text(["Brain calcification"])
    shared = open_tab()
    shared.goto(phone.url)
    expect(listed(shared)).to_have_text(["Brain calcification"])
    shared.get_by_role("link", name=re.compile(r"^Remove filter:\s+B")).click()
    expect(listed(shared)).to_have_text(["Brain calcification", "Symmetrical thalamic calcifications"])
    shared.get_by_role("link", name="Clear all").click()
    expect(listed(shared)).to_have_count(4)


def test_two_tags_leave_the_pages_that_have_both(phone):
    phone.goto("/conditions/")
    choose(phone, "Skin", "Pain")
    expect(listed(phone)).to_have_text(["Calcinosis universalis"])
    expect(checkbox(phone, "Skin")).to_be_checked()


def test_a_filter_says_how_many_pages_it_leaves(phone):
    phone.goto("/conditions/")
    label = phone.locator("label", has_text="Seizures")
    count = int(re.search(r"\d+", label.first.text_content())[0])
    choose(phone, "Seizures")
    expect(listed(phone)).to_have_count(count)


def test_a_question_leads_to_its_answer(phone):
    phone.goto("/faqs/")
    link = phone.get_by_role("region", name="Brain calcification").get_by_role("link").first
    question = link.inner_text()
    link.click()
    expect(phone.get_by_role("heading", name=question, exact=True)).to_be_in_viewport()


def test_an_address_with_a_slip_in_it_leads_back_by_search(phone):
    phone.goto("/conditions/brain-calcificaton/")
    expect(phone.get_by_role("heading", level=1)).to_have_text("This page is not here")
    search_for(phone, "brain", on="/conditions/brain-calcificaton/")
    expect(results(phone).filter(has_text="Brain calcification").first).to_be_visible()


def test_an_answer_and_a_comment_reach_the_staff(phone, site, open_tab):
    comment = f"Please draw where it is. ({uuid4()})"
    phone.goto("/conditions/calcinosis-universalis/")
    phone.get_by_role("region", name="Was this page helpful?").get_by_role("button", name=re.compile("^Yes")).click()
    phone.get_by_label("What could be better?").fill(comment)
    phone.get_by_role("main").get_by_role("button").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you")
    admin = open_tab()
    admin.context.add_cookies([site.session_cookie])
    admin.goto("/admin/conditions/feedback/")
    row = admin.get_by_role("row").filter(has_text=comment)
    expect(row).to_contain_text("Calcinosis universalis")
    expect(row.get_by_role("img", name="True")).to_be_visible()


def test_a_comment_that_is_too_long_is_kept_and_the_error_is_linked_to_the_field(open_tab):
    page = open_tab(viewport=PHONE)
    page.goto("/conditions/calcified-lesions/")
    page.get_by_role("button", name=re.compile("^No")).click()
    field = page.get_by_label("What could be better?")
    field.evaluate("field => { field.removeAttribute('maxlength'); field.value = 'word '.repeat(300) }")
    page.get_by_role("main").get_by_role("button").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    summary.get_by_role("link").click()
    expect(field).to_be_focused()
    assert field.input_value().split() == ["word"] * 300
    field.fill("A drawing would help.")
    page.get_by_role("main").get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
