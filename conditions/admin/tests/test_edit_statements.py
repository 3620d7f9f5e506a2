"""The statements of an edit: the working copy is read once, composed once, and compressed in no transaction."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from calcsite.checksums import checksum
from calcsite.web import compression
from conditions import composing
from conditions.composing import compose
from conditions.models import Condition
from conditions.publishing import publishing
from conditions.starter import loading
from conditions.tests.factories import make_condition, make_live, make_reviewer
from conditions.tests.forms import filled_in


@pytest.fixture
def starter_page(db) -> Condition:
    """A page of usual size: 5 sections, 7 questions, 4 sources, 7 tags and a picture."""
    loading.load()
    return Condition.objects.get(slug="brain-calcification")


def address_of(condition: Condition, step: str) -> str:
    return reverse(f"admin:conditions_condition_{step}", args=[condition.pk])


def statements_of(client, address: str, form: dict) -> list[str]:
    """The statements of a POST that is accepted. An earlier request has filled the caches of the process."""
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.post(address, form).status_code == 302
    return [query["sql"] for query in queries]


def repeated(statements: list[str]) -> list[str]:
    reads = [statement for statement in statements if statement.startswith("SELECT")]
    return [statement for statement in set(reads) if reads.count(statement) > 1]


def test_a_save_takes_28_statements_and_reads_nothing_twice(admin_client, starter_page):
    address = address_of(starter_page, "change")
    statements = statements_of(admin_client, address, filled_in(admin_client, address) | {"summary": "Mine."})
    assert len(statements) <= 28
    assert repeated(statements) == []
    for table in ("section", "faq", "source", "alias", "condition_tags", "condition_related"):
        assert (
            len(
                [
                    sql
                    for sql in statements
                    if f'FROM "conditions_{table}"' in sql or f'JOIN "conditions_{table}"' in sql
                ]
            )
            == 1
        )


def test_a_submission_takes_20_statements_and_reads_nothing_twice(admin_client, starter_page):
    address = address_of(starter_page, "submit")
    statements = statements_of(admin_client, address, filled_in(admin_client, address))
    assert len(statements) <= 20
    assert repeated(statements) == []


def test_an_approval_takes_40_statements_and_reads_nothing_twice(admin_client, admin_user, starter_page):
    admin_user.first_name = "Demo"
    admin_user.save()
    Condition.objects.update(summary="Mine.")
    edition = publishing.submit(condition=starter_page, by=None)
    address = reverse("admin:conditions_edition_review", args=[edition.pk])
    form = filled_in(admin_client, address) | {"action": "approve"}
    statements = statements_of(admin_client, address, form)
    assert len(statements) <= 40
    assert repeated(statements) == []
    edition.refresh_from_db()
    assert edition.published_at


@contextmanager
def calls_of(*functions: object) -> Iterator[list[tuple[str, bool]]]:
    """The calls of these functions: the name of each, and whether a transaction was open."""
    codes = {function.__code__ for function in functions}
    calls: list[tuple[str, bool]] = []

    def profile(frame, event, _) -> None:
        if event == "call" and frame.f_code in codes:
            calls.append((frame.f_code.co_name, connection.in_atomic_block))

    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def test_a_submission_composes_once(admin_client, starter_page):
    address = address_of(starter_page, "submit")
    form = filled_in(admin_client, address)
    with calls_of(composing.compose) as calls:
        assert admin_client.post(address, form).status_code == 302
    assert len(calls) == 1


@pytest.mark.parametrize("step", ["approve", "publish", "publish_due", "load"])
def test_compression_runs_in_no_transaction(committed, step):
    condition, reviewer = make_live(slug="gout"), make_reviewer()
    edition = publishing.submit(condition=condition, by=None)
    soon = timezone.now() + timedelta(hours=1)
    if step == "publish_due":
        publishing.approve(edition=edition, by=reviewer, goes_live_at=soon)
    steps = {
        "approve": lambda: publishing.approve(edition=edition, by=reviewer),
        "publish": lambda: publishing.publish_working_copy(condition=condition, by=None, reason="A test."),
        "publish_due": lambda: publishing.publish_due(soon + timedelta(seconds=1)),
        "load": loading.load,
    }
    with calls_of(compression.Compressed.thoroughly.__func__) as calls:
        steps[step]()
    assert set(calls) == {("thoroughly", False)}


ROW = {"position": "5", "heading": "New", "kind": "history", "body": "<p>New words.</p>"}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " Gout  again ", "summary": "a\r\nb", "key_facts": "One.\r\n\r\nTwo."},
        {"sections-0-position": "90", "sections-0-heading": "  Moved "},
        {"sections-0-DELETE": "on", "aliases-0-DELETE": "on"},
        {"sections-TOTAL_FORMS": "3"} | {f"sections-2-{name}": value for name, value in ROW.items()},
        {"faqs-0-answer": "<p>So\r\nit is<script>x</script></p>"},
        {"sources-0-title": "A  title", "sources-0-url": "e.example/a"},
        {"aliases-1-name": "Podagra"},
        {"tags": []},
        {"related": []},
        {"picture_decorative": "on", "featured": "on"},
    ],
)
def test_a_save_stores_the_checksum_of_the_working_copy(admin_client, changes):
    condition = make_condition(
        name="Gout",
        aliases=["Urate"],
        sections={"overview": "<p>One.</p>", "causes": "<p>Two.</p>"},
        faqs={"Why me?": "<p>So.</p>"},
        tags=[("symptom", "Pain"), ("body_area", "Brain")],
        related=[make_condition(name="Lupus"), make_condition(name="Anaemia")],
    )
    address = address_of(condition, "change")
    assert admin_client.post(address, filled_in(admin_client, address) | changes).status_code == 302
    stored = Condition.objects.get(pk=condition.pk)
    assert stored.working_checksum == checksum(compose(stored))


def test_a_new_page_stores_the_checksum_of_its_working_copy(admin_client):
    tag, lupus = make_condition(tags=[("symptom", "Pain")]).tags.get(), make_condition(name="Lupus")
    address = reverse("admin:conditions_condition_add")
    sections = {"sections-TOTAL_FORMS": "1"} | {f"sections-0-{name}": value for name, value in ROW.items()}
    changes = {"name": "Gout", "slug": "gout", "summary": "It hurts.", "tags": [tag.pk], "related": [lupus.pk]}
    assert admin_client.post(address, filled_in(admin_client, address) | changes | sections).status_code == 302
    stored = Condition.objects.get(slug="gout")
    assert stored.working_checksum == checksum(compose(stored))
    assert (stored.tags.get(), stored.related.get()) == (tag, lupus)
