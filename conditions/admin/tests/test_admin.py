"""The admin of content: allowed and refused actions of staff."""

import pytest
from django.urls import reverse

from calcsite.tests import people
from conditions.editing import drafting
from conditions.models import FAQ, Condition, Edition, Feedback, GeneralPage, PageEvent, Tag
from conditions.publishing import publishing
from conditions.tests.factories import make_condition, make_faq, make_live, publish
from conditions.tests.forms import filled_in

pytestmark = pytest.mark.django_db


def address(name: str, *args: object) -> str:
    return reverse(f"admin:conditions_{name}", args=args)


@pytest.fixture
def editor_client(client):
    people.sign_in(client, people.make_person("Editor"))
    return client


@pytest.mark.parametrize("name", ["condition", "faq", "tag", "generalpage", "edition", "feedback"])
def test_lists_with_search_and_filters_open(admin_client, name):
    condition = make_live(faqs={"Why?": "<p>So.</p>"}, tags=[("symptom", "Pain")])
    Feedback.objects.create(condition=condition, edition=condition.live_edition, helpful=True)
    assert admin_client.get(address(f"{name}_changelist")).status_code == 200
    assert admin_client.get(address(f"{name}_changelist"), {"q": "why"}).status_code == 200


@pytest.mark.parametrize("live", ["unreviewed", "no", "perhaps"])
def test_conditions_are_filtered_by_their_public_state(admin_client, live):
    make_live(name="Live subject")
    make_condition(name="Hidden subject")
    page = admin_client.get(address("condition_changelist"), {"live": live}).content.decode()
    assert ("Live subject" in page, "Hidden subject" in page) == (live != "no", live != "unreviewed")


@pytest.mark.parametrize("name", ["condition", "faq", "tag", "generalpage"])
def test_forms_to_add_open(admin_client, name):
    assert admin_client.get(address(f"{name}_add")).status_code == 200


def test_the_form_of_a_condition_shows_its_parts_and_teaches(admin_client):
    condition = make_live(faqs={"Why me?": "<p>So.</p>"}, aliases=["Other name"])
    page = admin_client.get(address("condition_change", condition.pk)).content.decode()
    for text in ("Why me?", "Other name", "A textbook of calcium", "The answer first.", "Publish without review"):
        assert text in page


def test_a_long_list_takes_as_many_queries_as_a_short_one(admin_client, django_assert_max_num_queries):
    for count in (1, 30):
        for _ in range(count):
            make_live()
        with django_assert_max_num_queries(9):
            admin_client.get(address("condition_changelist"))


def test_the_preview_shows_the_working_copy_to_staff_and_to_no_cache(admin_client, client):
    condition = make_live(slug="gout", summary="The old summary.")
    Condition.objects.update(summary="The new summary.")
    preview = admin_client.get(address("condition_preview", condition.pk))
    assert b"The new summary." in preview.content
    assert "no-store" in preview.headers["Cache-Control"]
    assert b"The old summary." in client.get("/conditions/gout/").content


def test_publishing_asks_for_a_reason_and_keeps_it(admin_client, client):
    condition = make_condition(slug="gout")
    form = filled_in(admin_client, address("condition_publish", condition.pk))
    refused = admin_client.post(address("condition_publish", condition.pk), form | {"reason": " "})
    assert refused.status_code == 200
    assert client.get("/conditions/gout/").status_code == 404
    admin_client.post(address("condition_publish", condition.pk), form | {"reason": "A first page."})
    assert Edition.objects.get().reason == "A first page."
    assert client.get("/conditions/gout/").status_code == 200


def test_a_refused_publication_says_why_and_leaves_nothing_behind(admin_client):
    first = make_live(slug="gout")
    Condition.objects.filter(pk=first.pk).update(slug="podagra")
    second = make_condition(slug="gout")
    form = filled_in(admin_client, address("condition_publish", second.pk))
    page = admin_client.post(address("condition_publish", second.pk), form | {"reason": "A test."})
    assert "already has the address" in page.content.decode()
    assert not second.editions.exists()


def test_taking_a_page_off_the_site_is_asked_first(admin_client, client):
    condition = make_live(slug="gout")
    assert admin_client.get(address("condition_withdraw", condition.pk)).status_code == 200
    assert client.get("/conditions/gout/").status_code == 200
    admin_client.post(address("condition_withdraw", condition.pk), {"reason": " "})
    assert client.get("/conditions/gout/").status_code == 200
    admin_client.post(address("condition_withdraw", condition.pk), {"reason": "Wrong dose."})
    assert client.get("/conditions/gout/").status_code == 404


@pytest.mark.parametrize("step", ["publish", "withdraw"])
def test_an_editor_cannot_change_public_pages(editor_client, step):
    condition = make_live(slug="gout")
    assert editor_client.post(address(f"condition_{step}", condition.pk), {"reason": "Mine."}).status_code == 403
    page = editor_client.get(address("condition_change", condition.pk)).content.decode()
    assert "Publish without review" not in page
    assert editor_client.get(address("condition_preview", condition.pk)).status_code == 200


@pytest.mark.parametrize("step", ["preview", "publish", "withdraw"])
def test_strangers_are_asked_to_sign_in(client, step):
    condition = make_live()
    assert client.get(address(f"condition_{step}", condition.pk)).url.startswith("/admin/login/")


def test_an_edition_is_shown_and_cannot_be_changed(admin_client):
    edition = make_live(name="Gout").live_edition
    page = admin_client.get(address("edition_change", edition.pk), follow=True)
    assert b"Gout, edition 1" in page.content
    assert b'name="_save"' not in page.content
    assert admin_client.post(address("edition_change", edition.pk), {"number": 9}).status_code == 403
    assert admin_client.post(address("edition_delete", edition.pk), {"post": "yes"}).status_code == 403


def test_a_condition_that_was_ever_sent_for_review_is_not_deleted(admin_client):
    condition = make_live(name="Gout")
    assert admin_client.post(address("condition_delete", condition.pk), {"post": "yes"}).status_code == 403
    assert Condition.objects.exists()


def test_deleting_a_row_in_use_names_its_uses(admin_client):
    draft = make_condition(name="Podagra", tags=[("symptom", "Pain")])
    make_live(name="Gout", related=[draft], tags=[("symptom", "Pain")])
    page = admin_client.get(address("condition_delete", draft.pk)).content.decode()
    assert "“Gout” names it as a related page, and loses the link" in page
    page = admin_client.get(address("tag_delete", Tag.objects.get().pk)).content.decode()
    assert "Used by the working copy of “Podagra”, which loses it" in page
    assert "On the public page “Gout”, which keeps it until it is published again" in page
    assert "relationship" not in page


def test_the_list_says_where_the_work_on_each_page_stands(admin_client, admin_user):
    for name in ["Changed", "Done", "New", "Returned", "Waiting"]:
        make_condition(name=name)
    row = {condition.name: condition for condition in Condition.objects.all()}
    for name in ["Changed", "Done"]:
        publish(row[name])
    Condition.objects.filter(name="Changed").update(summary="Another one.")
    drafting.note_change(condition=row["Changed"], by=admin_user)
    publishing.submit(condition=row["Waiting"], by=None)
    publishing.return_(edition=publishing.submit(condition=row["Returned"], by=None), by=admin_user, reason="No.")
    works = {condition.name: condition.work for condition in Condition.objects.with_work()}
    assert works == {
        "Changed": "changed",
        "Done": "done",
        "New": "changed",
        "Returned": "returned",
        "Waiting": "waiting",
    }
    page = admin_client.get(address("condition_changelist"), {"work": "waiting"}).content.decode()
    assert "Waiting for review" in page
    assert "1 condition" in page


def test_line_ends_of_browsers_are_no_change(admin_client):
    condition = make_condition(key_facts="One.\nTwo.", emergency_signs="A.\nB.")
    form = filled_in(admin_client, address("condition_change", condition.pk))
    sent = {name: [value.replace("\n", "\r\n") for value in values] for name, values in form.items()}
    admin_client.post(address("condition_change", condition.pk), sent | {"review_months": "12"})
    assert PageEvent.objects.get().why == "Months between reviews"
    condition.refresh_from_db()
    assert condition.key_facts == "One.\nTwo."


def test_text_whose_picture_file_is_missing_can_still_be_saved():
    condition = make_condition(picture="conditions/missing.svg", picture_alt="A vessel")
    condition.full_clean()


@pytest.mark.parametrize("slug", GeneralPage.LINKED)
def test_a_page_that_every_page_links_to_keeps_its_address_and_is_not_deleted(admin_client, slug):
    page = GeneralPage.objects.create(slug=slug, title="Title", summary="Summary.", body="<p>Body</p>")
    assert admin_client.post(address("generalpage_delete", page.pk), {"post": "yes"}).status_code == 403
    data = {"slug": "other", "title": "Title", "summary": "Summary.", "body": "<p>Body</p>"}
    admin_client.post(address("generalpage_change", page.pk), data)
    page.refresh_from_db()
    assert page.slug == slug


def test_a_form_sent_twice_is_answered_in_words(admin_client):
    condition = make_condition(sections={}, sources=[])
    data = filled_in(admin_client, address("condition_change", condition.pk))
    data |= {"aliases-TOTAL_FORMS": "1", "aliases-0-name": "Other", "aliases-0-condition": condition.pk}
    for _ in range(2):
        answer = admin_client.post(address("condition_change", condition.pk), data, follow=True)
        assert answer.status_code == 200
    assert "somebody else saved this page first" in answer.content.decode()
    assert [alias.name for alias in condition.aliases.all()] == ["Other"]


def test_a_picture_must_be_described_or_decoration():
    condition = make_condition()
    condition.picture = "conditions/a.svg"
    with pytest.raises(Exception, match="Say what the picture shows"):
        condition.validate_constraints()


def test_a_service_question_is_found_once_saved_and_not_once_deleted(admin_client, client):
    data = {"question": "Do you treat horses?", "answer": "<p>No, only people.</p>", "position": 10}
    admin_client.post(address("faq_add"), data)
    assert b"Do you treat horses?" in client.get("/search/?q=horses").content
    admin_client.post(address("faq_delete", FAQ.objects.get().pk), {"post": "yes"})
    assert b"Do you treat horses?" not in client.get("/search/?q=horses").content


def test_scripts_pasted_into_a_service_question_do_not_reach_the_public(admin_client, client):
    make_faq(question="Why <script>alert(1)</script>?", answer="<p>So<img src=x onerror=alert(1)></p>")
    page = client.get("/faqs/").content.decode()
    assert "<script>alert(1)" not in page
    assert "onerror" not in page


def test_readers_feedback_is_shown_to_staff(admin_client):
    condition = make_live(name="Gout")
    Feedback.objects.create(condition=condition, edition=condition.live_edition, helpful=False, comment="Too hard.")
    Feedback.objects.create(condition=condition, edition=condition.live_edition, helpful=True)
    assert b"Too hard." in admin_client.get(address("feedback_changelist")).content
    assert b"1 of 2 readers" in admin_client.get(address("condition_changelist")).content
