"""Two editors on one condition: nothing is silently overwritten, and no input is lost."""

import re

import pytest
from django.urls import reverse

from calcsite.tests import people
from conditions.editing import drafting
from conditions.exchange import page_files
from conditions.exchange.files import ExchangeError
from conditions.models import FAQ, Condition, GeneralPage, PageEvent
from conditions.publishing import publishing
from conditions.tests.factories import make_condition, make_faq
from conditions.tests.forms import filled_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def condition() -> Condition:
    return make_condition(name="Gout", faqs={"Why me?": "<p>So.</p>"}, aliases=["Podagra"], tags=[("symptom", "Pain")])


@pytest.fixture
def address(condition) -> str:
    return reverse("admin:conditions_condition_change", args=[condition.pk])


def test_a_form_without_an_earlier_save_is_saved(admin_client, address, condition):
    form = filled_in(admin_client, address) | {"summary": "Mine."}
    assert admin_client.post(address, form).status_code == 302
    condition.refresh_from_db()
    assert condition.summary == "Mine."


@pytest.mark.parametrize(
    "theirs",
    [
        lambda condition: Condition.objects.update(summary="Theirs."),
        lambda condition: condition.sections.update(body="<p>Theirs.</p>"),
        lambda condition: condition.faqs.update(answer="<p>Theirs.</p>"),
        lambda condition: condition.sources.update(title="Theirs."),
        lambda condition: condition.aliases.create(name="Theirs"),
        lambda condition: condition.sections.create(kind="causes", heading="Theirs", body="<p>Theirs.</p>"),
        lambda condition: condition.faqs.all().delete(),
        lambda condition: condition.tags.clear(),
        lambda condition: condition.related.add(make_condition()),
    ],
)
def test_the_second_save_is_refused_for_any_change_of_the_first(admin_client, address, condition, theirs):
    form = filled_in(admin_client, address) | {"key_facts": "Mine."}
    theirs(condition)
    before = drafting.fingerprint(Condition.objects.get(pk=condition.pk))
    answer = admin_client.post(address, form)
    assert answer.status_code == 200
    assert "somebody else saved this page first" in answer.content.decode()
    assert "Mine." in answer.content.decode()
    assert drafting.fingerprint(Condition.objects.get(pk=condition.pk)) == before


def test_a_refused_form_shows_the_difference_in_words(admin_client, address, condition):
    form = filled_in(admin_client, address) | {"summary": "Gout hurts the toe."}
    Condition.objects.update(summary="Gout hurts the heel.")
    page = admin_client.post(address, form).content.decode()
    assert "Saved now" in page
    assert "Yours, not saved" in page
    assert "heel" in page
    assert "toe" in page


def test_a_refused_form_begins_with_the_author_of_the_first_save(admin_client, address, condition):
    edda = people.make_person("Editor", first_name="Edda", last_name="Sand")
    form = filled_in(admin_client, address) | {"summary": "Mine."}
    Condition.objects.update(summary="Theirs.")
    drafting.note_change(condition=condition, by=edda)
    page = admin_client.post(address, form).content.decode()
    assert "It was last saved by Edda Sand on" in " ".join(page.split())
    assert page.index('role="alert"') < page.index("What differs") < page.index("<form ", page.index("<h1"))
    assert "Please correct the error" not in page


def test_unchanged_paragraphs_of_a_refused_form_are_folded(admin_client, address, condition):
    body = "".join(f"<p>Paragraph {number}.</p>" for number in range(9))
    condition.sections.update(body=f"{body}<p>It hurts at night.</p>")
    form = filled_in(admin_client, address)
    condition.sections.update(body=f"{body}<p>It hurts badly at night.</p>")
    page = admin_client.post(address, form).content.decode()
    difference = page.partition('id="differences-heading"')[2].partition("</section>")[0]
    assert difference.index("<details>") < difference.index("Paragraph 0.") < difference.index("</details>")
    assert "<del>badly</del>" in difference


def test_each_mistake_is_named_and_leads_to_its_field(admin_client, address, condition):
    changes = {"summary": "", "faqs-0-question": "", "sections-TOTAL_FORMS": "2", "sections-1-heading": "More"}
    page = " ".join(admin_client.post(address, filled_in(admin_client, address) | changes).content.decode().split())
    for target, words in [
        ("id_summary", "Summary: This field is required."),
        ("id_faqs-0-question", "Question “Why me?”: Question: This field is required."),
        ("id_sections-1-body", "Section 2 (new): Body: This field is required."),
    ]:
        assert f'<a href="#{target}">{words}</a>' in page
        assert f'id="{target}"' in page
    assert "<title>Error:" in page.replace("<title> ", "<title>")


def test_a_row_that_is_to_be_deleted_has_no_mistakes(admin_client, address, condition):
    changes = {"summary": "", "faqs-0-question": "", "faqs-0-DELETE": "on"}
    page = admin_client.post(address, filled_in(admin_client, address) | changes).content.decode()
    assert "Summary: This field is required." in page
    assert "Question “Why me?”" not in page


def test_every_way_to_a_part_of_the_form_leads_to_it(admin_client, address, condition):
    page = admin_client.get(address).content.decode()
    parts = page.partition('aria-label="Parts of this page"')[2].partition("</nav>")[0]
    ways = re.findall(r'href="#([^"]+)">([^<]+)<', parts)
    assert [name for _, name in ways if name in {"Summary", "Questions", "Sources", "Other names"}][0] == "Summary"
    assert str(condition.sections.get()) in dict(ways).values()
    assert [target for target, _ in ways if f'id="{target}"' not in page] == []


def test_rows_are_groups_with_names_and_labelled_buttons(admin_client, address, condition):
    page = " ".join(admin_client.get(address).content.decode().split())
    assert 'id="faqs-0" role="group" aria-labelledby="faqs-0-name"' in page
    assert '<h3 class="row-name" id="faqs-0-name">Why me?</h3>' in page
    assert 'Delete<span class="visually-hidden">: Why me?</span>' in page
    for words in ["Add a section", "Add a question", "Add a source", "Add another name"]:
        assert f'"addText": "{words}"' in page


def test_a_refused_form_can_be_saved_after_the_difference_was_seen(admin_client, address, condition):
    form = filled_in(admin_client, address) | {"summary": "Mine."}
    Condition.objects.update(summary="Theirs.")
    page = admin_client.post(address, form).content.decode()
    form["seen"] = page.partition('name="seen" value="')[2].partition('"')[0]
    assert admin_client.post(address, form).status_code == 302
    condition.refresh_from_db()
    assert condition.summary == "Mine."


def test_a_row_deleted_meanwhile_is_explained(admin_client, address, condition):
    form = filled_in(admin_client, address)
    condition.faqs.all().delete()
    answer = admin_client.post(address, form | {"faqs-0-answer": "<p>What I wrote.</p>"})
    assert answer.status_code == 200
    assert "Somebody else has deleted it." in answer.content.decode()
    assert "What I wrote." in answer.content.decode()


@pytest.mark.parametrize(
    "make", [make_faq, lambda: GeneralPage.objects.create(slug="fees", title="Fees", body="<p>None.</p>")]
)
def test_other_texts_are_guarded_too(admin_client, make):
    row = make()
    address = reverse(f"admin:conditions_{row._meta.model_name}_change", args=[row.pk])
    form = filled_in(admin_client, address)
    field = "answer" if isinstance(row, FAQ) else "body"
    type(row).objects.update(**{field: "<p>Theirs.</p>"})
    answer = admin_client.post(address, form | {field: "<p>Mine.</p>"})
    assert "somebody else saved this page first" in answer.content.decode()
    assert getattr(type(row).objects.get(), field) == "<p>Theirs.</p>"


def test_a_save_is_in_the_log_with_the_changed_fields(admin_client, admin_user, address, condition):
    admin_client.post(address, filled_in(admin_client, address) | {"summary": "Mine."})
    step = PageEvent.objects.get()
    assert (step.kind, step.by, step.why) == ("saved", admin_user, "Summary")


def test_a_save_without_a_change_is_no_step_and_makes_no_author(admin_client, admin_user, address, condition):
    admin_client.post(address, filled_in(admin_client, address) | {"_preview": "1"})
    assert not PageEvent.objects.exists()
    question = reverse("admin:conditions_faq_change", args=[condition.faqs.get().pk])
    assert admin_client.post(question, filled_in(admin_client, question)).status_code == 302
    assert not PageEvent.objects.exists()


@pytest.mark.parametrize("step", ["submit", "publish", "revert"])
def test_a_step_is_not_taken_from_anywhere_but_the_page_with_the_text(admin_client, condition, step):
    publishing.submit(condition=condition, by=None)
    arguments = [condition.pk, 1] if step == "revert" else [condition.pk]
    answer = admin_client.post(reverse(f"admin:conditions_condition_{step}", args=arguments), {"reason": "Mine."})
    assert "was not filled in from the page with the text" in answer.content.decode()
    assert condition.editions.count() == 1


def test_a_choice_that_was_tampered_with_is_refused_in_words(admin_client, address):
    form = filled_in(admin_client, address)
    for name in ["tags", "related"]:
        assert admin_client.post(address, form | {name: ["x"]}).status_code == 400
        assert admin_client.post(address, form | {name: ["999999"]}).status_code == 200


@pytest.mark.parametrize(("button", "step"), [("_preview", "preview"), ("_submit", "submit")])
def test_saving_leads_on_to_the_next_step(admin_client, address, condition, button, step):
    answer = admin_client.post(address, filled_in(admin_client, address) | {button: "1"})
    assert answer.url == reverse(f"admin:conditions_condition_{step}", args=[condition.pk])


def test_an_editor_cannot_make_a_question_public_by_moving_it_to_the_service(client, condition):
    people.sign_in(client, people.make_person("Editor"))
    question = condition.faqs.get()
    address = reverse("admin:conditions_faq_change", args=[question.pk])
    answer = client.post(address, filled_in(client, address) | {"condition": ""})
    assert "This field is required." in answer.content.decode()
    assert FAQ.objects.get().condition == condition


def test_a_file_does_not_overwrite_a_content_without_an_edition(admin_client, admin_user, condition):
    file = page_files.to_yaml(page_files.from_condition(condition)).encode()
    Condition.objects.update(summary="What somebody has written since.")
    with pytest.raises(ExchangeError, match="holds changes that no edition has"):
        drafting.import_file(name="gout.yaml", content=file, by=admin_user, replace=True)
    publishing.submit(condition=condition, by=None)
    drafting.import_file(name="gout.yaml", content=file, by=admin_user, replace=True)
    assert Condition.objects.get().summary != "What somebody has written since."
