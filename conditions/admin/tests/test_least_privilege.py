"""The reach of each role in the admin: every address is tried, by GET and by POST."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from calcsite.models import StaffMail, StaffProfile
from calcsite.tests import people
from conditions.models import Condition, Edition, EmptySearch, Feedback, GeneralPage, PreviewLink
from conditions.publishing import previewing, publishing
from conditions.tests.factories import make_condition, make_faq, make_live
from conditions.tests.forms import filled_in

pytestmark = pytest.mark.django_db

CANARY = "canary-of-a-patient"


@pytest.fixture
def content() -> Condition:
    """One of everything that the admin of the content shows, and a canary wherever only others may look."""
    condition = make_live(name="Gout", slug="gout", faqs={"Why?": "<p>So.</p>"}, tags=[("symptom", "Pain")])
    publishing.submit(condition=condition, by=None)
    Feedback.objects.create(condition=condition, edition=condition.live_edition, helpful=False, comment="Too hard.")
    EmptySearch.objects.create(query="zebra", first_on="2026-01-01", last_on="2026-01-01")
    GeneralPage.objects.create(slug="fees", title="Fees", summary="None.", body="<p>None.</p>")
    make_faq(question="About the service?")
    patient = get_user_model().objects.create_user(CANARY, email=f"{CANARY}@clinic.example", last_name=CANARY)
    StaffProfile.objects.update_or_create(user=patient, defaults={"credentials": CANARY})
    StaffMail.objects.create(to=f"{CANARY}@home.example", subject=CANARY, text=CANARY)
    kind = ContentType.objects.get_for_model(patient)
    LogEntry.objects.create(
        user=patient, content_type=kind, object_id=patient.pk, object_repr=CANARY, action_flag=CHANGE
    )
    previewing.share(condition=condition, by=people.make_person("Editor"), days=1)
    return condition


def client_of(*groups: str) -> Client:
    client = Client()
    people.sign_in(client, people.make_person(*groups))
    return client


def admin_patterns(resolver: URLResolver, prefix: str = "") -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from admin_patterns(pattern)
        else:
            yield pattern


def every_address() -> set[str]:
    """Every address under /admin/ with the first row of each model in it, unknown rows and filters too."""
    found = {"/admin/", "/admin/jsi18n/", "/admin/autocomplete/"}
    names = {pattern.name for pattern in admin_patterns(get_resolver()) if pattern.name}
    for name in names:
        for arguments in ([], ["1"], ["1", "1"], ["gout"], ["conditions"], ["auth"]):
            for pk in (None, first_row_of(name)):
                given = arguments if pk is None else [str(pk), *arguments[1:]]
                try:
                    found.add(reverse(f"admin:{name}", args=given))
                except NoReverseMatch:
                    continue
    return {address for address in found if "logout" not in address}


def first_row_of(name: str) -> object:
    """A row of the model that an address's name begins with."""
    for model in [*admin.site._registry, Condition, PreviewLink]:
        if name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
            return model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
    return None


def public_side() -> dict[str, bytes]:
    addresses = [
        "/",
        "/conditions/",
        "/conditions/gout/",
        "/conditions/gout/history/",
        "/faqs/",
        "/fees/",
        "/search/?q=gout",
    ]
    return {address: Client().get(address).content for address in addresses}


def test_an_editor_sees_no_patient_and_changes_nothing_public_at_any_address(content):
    client = client_of("Editor")
    before, decided = public_side(), Edition.objects.values_list("status", "published_at")
    decisions = list(decided)
    seen = {address: client.get(address) for address in every_address()}
    assert len(seen) > 60
    assert {address: answer.status_code for address, answer in seen.items() if answer.status_code >= 500} == {}
    assert [address for address, answer in seen.items() if CANARY in body_of(answer)] == []
    publishing_words = {
        "action": "approve",
        "reason": "Mine.",
        "due": "2028-01-01",
        "post": "yes",
        "note": "",
        "seen": "",
    }
    for address in seen:
        if not address.endswith(("/submit/", "/login/")):
            assert client.post(address, publishing_words).status_code < 500, address
    assert public_side() == before
    assert list(decided.all()) == decisions


def body_of(answer) -> str:
    return answer.content.decode() if not answer.streaming else ""


@pytest.mark.parametrize("model", ["condition", "faq", "tag", "edition", "feedback", "pageevent", "generalpage"])
@pytest.mark.parametrize(
    "lookup",
    [
        "submitted_by__password__startswith=a",
        "by__email__contains=canary",
        "decided_by__username=canary",
        "preview_links__digest__startswith=a",
        "events__by__password__startswith=p",
        "made_by__profile__credentials__contains=c",
    ],
)
def test_a_filter_is_no_oracle_for_hidden_fields(content, model, lookup):
    answer = client_of("Editor").get(reverse(f"admin:conditions_{model}_changelist"), dict([lookup.split("=")]))
    assert answer.status_code in {302, 400}
    assert CANARY not in body_of(answer)


@pytest.mark.parametrize("model", ["condition", "tag"])
def test_an_autocomplete_shows_content_only(content, model):
    field = {"condition": "related", "tag": "tags"}[model]
    asked = {"app_label": "conditions", "model_name": "condition", "field_name": field, "term": ""}
    assert CANARY not in body_of(client_of("Editor").get("/admin/autocomplete/", asked))
    other = {"app_label": "admin", "model_name": "logentry", "field_name": "user", "term": "c"}
    assert client_of("Editor").get("/admin/autocomplete/", other).status_code == 403


@pytest.mark.parametrize("group", ["Booking coordinator", "Clinician"])
def test_coordinators_and_clinicians_change_no_page(content, group):
    client = client_of(group)
    before, copies = public_side(), list(Condition.objects.order_by("pk").values())
    for address in every_address():
        assert client.post(address, {"post": "yes", "reason": "Mine.", "action": "approve"}).status_code < 500, address
    assert public_side() == before
    assert list(Condition.objects.order_by("pk").values()) == copies


def test_a_reviewer_decides_and_writes_nothing(content):
    client = client_of("Clinical reviewer")
    assert client.get(reverse("admin:conditions_condition_change", args=[content.pk])).status_code == 200
    assert (
        client.post(reverse("admin:conditions_condition_change", args=[content.pk]), {"name": "X"}).status_code == 403
    )
    assert client.get(reverse("admin:conditions_condition_submit", args=[content.pk])).status_code == 403
    assert client.get(reverse("admin:conditions_condition_publish", args=[content.pk])).status_code == 403
    assert client.get(reverse("admin:conditions_condition_withdraw", args=[content.pk])).status_code == 200


def test_an_editor_may_write_an_unpublished_question_and_no_public_one(content):
    client = client_of("Editor")
    service = reverse("admin:conditions_faq_change", args=[make_faq(question="Another one?").pk])
    assert client.post(service, {"question": "Mine?", "answer": "<p>Mine.</p>", "position": 1}).status_code == 403
    add = reverse("admin:conditions_faq_add")
    fields = {"question": "New?", "answer": "<p>New.</p>", "position": 1}
    assert client.post(add, fields).status_code == 200
    assert client.post(add, fields | {"condition": make_condition().pk}).status_code == 302


def test_positions_in_the_list_of_questions_are_not_a_way_round_it(content):
    client = client_of("Editor")
    question = make_faq(question="One more?", position=10)
    data = {
        "form-TOTAL_FORMS": 1,
        "form-INITIAL_FORMS": 1,
        "form-0-id": question.pk,
        "form-0-position": 99,
        "_save": 1,
    }
    client.post(reverse("admin:conditions_faq_changelist"), data)
    question.refresh_from_db()
    assert question.position == 10


HUGE = [str(2**63), "1" + "0" * 30]


@pytest.mark.parametrize("number", HUGE)
def test_a_number_that_no_row_can_have_is_refused_in_words(content, admin_client, number):
    condition = reverse("admin:conditions_condition_change", args=[content.pk])
    form = filled_in(admin_client, condition)
    for name in ("related", "tags"):
        assert admin_client.post(condition, form | {name: [number]}).status_code in {200, 400}
    question = reverse("admin:conditions_faq_change", args=[content.faqs.get().pk])
    sent = filled_in(admin_client, question) | {"condition": number}
    assert admin_client.post(question, sent).status_code in {200, 400}
    for address in [
        f"/admin/conditions/condition/{number}/change/",
        f"/admin/conditions/condition/{number}/preview/",
        f"/admin/conditions/edition/{number}/review/",
        f"/admin/r/1/{number}/",
        f"/admin/conditions/pageevent/?at__year={number}",
        f"/admin/conditions/edition/?submitted_at__month={number}&submitted_at__year=2026",
        f"/conditions/gout/editions/{number}/",
        f"/search/?q=gout&page={number}",
    ]:
        assert admin_client.get(address).status_code < 500, address
