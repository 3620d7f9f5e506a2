"""Cached public pages: the first request after a change gets the new page, and no visitor gets another's."""

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client, RequestFactory

from calcsite.models import ClinicDetails, PublicVersion
from calcsite.web.public_pages import KeptPage, Memory, is_from_this_site, version_watch
from conditions.models import GeneralPage
from conditions.publishing import publishing
from conditions.tests.factories import make_faq, make_live, make_reviewer, publish


@pytest.fixture
def remembering(settings, committed, tmp_path):
    """Keep pages in memory. On SQLite the database must be a file: the watch opens it a second time."""
    settings.PUBLIC_PAGES_MEGABYTES = 1
    yield
    version_watch().close()


def kept(body: bytes = b"page", number: int = 1) -> KeptPage:
    return KeptPage(number, float("inf"), body, {"ETag": '"1"'}, {})


def test_a_page_is_answered_from_memory_the_second_time(remembering, django_assert_num_queries):
    make_live(slug="gout")
    client = Client()
    first = client.get("/conditions/gout/")
    with django_assert_num_queries(0):
        second = client.get("/conditions/gout/")
    assert second.content == first.content
    assert dict(second.items()) == dict(first.items())


def test_the_first_request_after_a_publication_gets_the_new_page(remembering):
    condition = make_live(slug="gout", summary="The old summary.")
    client = Client()
    assert b"The old summary." in client.get("/conditions/gout/").content
    condition.summary = "The new summary."
    condition.save()
    publish(condition)
    assert b"The new summary." in client.get("/conditions/gout/").content


def test_the_first_request_after_a_withdrawal_finds_nothing(remembering):
    condition = make_live(slug="gout")
    client = Client()
    assert client.get("/conditions/gout/").status_code == 200
    publishing.withdraw(condition=condition, by=None, reason="For a test.")
    assert client.get("/conditions/gout/").status_code == 404


def test_a_change_that_is_not_committed_is_not_seen(remembering):
    condition = make_live(slug="gout", summary="The old summary.")
    watch = version_watch()
    before = watch()
    with transaction.atomic():
        condition.summary = "The new summary."
        condition.save()
        publish(condition)
        assert watch() == before
    assert watch() != before


def test_a_browser_that_has_the_page_gets_304(remembering):
    make_live(slug="gout")
    client = Client()
    tag = client.get("/conditions/gout/").headers["ETag"]
    for _ in range(2):
        answer = client.get("/conditions/gout/", headers={"if-none-match": tag})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize("header", ["W/{}", '"x", {}', '"x" , W/{}', "*"])
def test_a_tag_is_known_in_every_form_that_http_allows(remembering, header):
    make_live(slug="gout")
    client = Client()
    tag = client.get("/conditions/gout/").headers["ETag"]
    assert client.get("/conditions/gout/", headers={"if-none-match": header.format(tag)}).status_code == 304


def test_each_encoding_is_cached_separately(remembering):
    make_live(slug="gout")
    client = Client()
    for _ in range(2):
        for encoding in ("br", "gzip"):
            answer = client.get("/conditions/gout/", headers={"accept-encoding": encoding})
            assert answer.headers["Content-Encoding"] == encoding
        assert "Content-Encoding" not in client.get("/conditions/gout/").headers


def test_an_unknown_host_is_refused_although_the_page_is_kept(remembering, settings):
    settings.ALLOWED_HOSTS = ["clinic.example"]
    make_live(slug="gout")
    client = Client()
    assert client.get("/conditions/gout/", headers={"host": "clinic.example"}).status_code == 200
    assert client.get("/conditions/gout/", headers={"host": "evil.example"}).status_code == 400


def test_a_page_is_not_answered_from_memory_after_its_date(remembering, django_user_model):
    condition = make_live(slug="gout")
    edition = publishing.submit(condition=condition, by=None)
    reviewer = make_reviewer()
    with time_machine.travel("2026-03-01T12:00Z"):
        publishing.approve(edition=edition, by=reviewer)
        client = Client()
        assert b"Its next review is late" not in client.get("/conditions/gout/").content
    with time_machine.travel("2029-03-01T00:00:01Z"):
        assert b"Its next review is late" in client.get("/conditions/gout/").content


def test_an_edition_is_not_answered_from_memory_after_its_date_either(remembering, django_user_model):
    edition = publishing.submit(condition=make_live(slug="gout"), by=None)
    reviewer = make_reviewer()
    with time_machine.travel("2026-03-01T12:00Z"):
        publishing.approve(edition=edition, by=reviewer)
        client = Client()
        assert b"next review is late" not in client.get("/conditions/gout/editions/2/").content
    with time_machine.travel("2029-03-01T00:00:01Z"):
        assert b"next review is late" in client.get("/conditions/gout/editions/2/").content


def test_the_clinics_new_telephone_number_is_on_every_page_at_once(remembering):
    ClinicDetails.current().save()
    make_live(slug="gout")
    client = Client()
    client.get("/conditions/gout/")
    ClinicDetails.objects.update(telephone="01632 960 999")
    assert b"01632 960 999" in client.get("/conditions/gout/").content


def test_an_address_with_a_query_is_not_kept(remembering, django_assert_max_num_queries):
    make_live(slug="gout")
    client = Client()
    client.get("/conditions/?page=1")
    with pytest.raises(pytest.fail.Exception), django_assert_max_num_queries(0):
        client.get("/conditions/?page=1")


PUBLIC_ROWS = {
    "calcsite_clinicdetails": "name",
    "conditions_generalpage": "title",
    "conditions_listing": "name",
    "conditions_listing_related": "condition_id",
    "conditions_listingtag": "name",
    "conditions_faq": "question",
}


def fill_public_tables() -> None:
    ClinicDetails.current().save()
    GeneralPage.objects.create(slug="about", title="About", summary="S", body="<p>B</p>")
    make_live(tags=[("symptom", "Pain")], related=[make_live()])
    make_faq()


@pytest.mark.parametrize(("table", "column"), PUBLIC_ROWS.items())
@pytest.mark.parametrize("change", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
@pytest.mark.django_db
def test_plain_sql_on_public_content_changes_the_version(table, column, change):
    fill_public_tables()
    before = PublicVersion.current()
    with connection.cursor() as cursor:
        if table == "conditions_listing" and change.startswith("DELETE"):
            cursor.execute("DELETE FROM conditions_renderedpage")
            cursor.execute("DELETE FROM conditions_listingtag")
            cursor.execute("DELETE FROM conditions_listing_related")
            before = PublicVersion.current()
        cursor.execute(change.format(table=table, column=column))
    assert PublicVersion.current() != before


@pytest.mark.django_db
def test_emptying_a_public_table_changes_the_version():
    fill_public_tables()
    before = PublicVersion.current()
    empty = {"sqlite": "DELETE FROM {}", "postgresql": "TRUNCATE {}"}[connection.vendor]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(empty.format("conditions_listingtag"))
    assert PublicVersion.current() != before


@pytest.mark.django_db
def test_new_public_rows_change_the_version():
    seen = [PublicVersion.current()]
    for add in (lambda: ClinicDetails.current().save(), make_live, make_faq):
        add()
        seen.append(PublicVersion.current())
    assert len(set(seen)) == len(seen)


@pytest.mark.django_db
def test_a_change_to_the_working_copy_does_not_change_the_version():
    condition = make_live(faqs={"Why?": "<p>So.</p>"})
    before = PublicVersion.current()
    condition.summary = "Something else."
    condition.save()
    condition.sections.update(body="<p>Something else.</p>")
    condition.faqs.update(answer="<p>Something else.</p>")
    make_faq(condition=condition)
    publishing.submit(condition=condition, by=None)
    assert PublicVersion.current() == before


def test_the_least_recently_used_page_makes_way():
    memory = Memory(1)
    large = b"x" * 400_000
    for key in "abc":
        memory.put((key,), kept(large))
        memory.get(("a",))
    assert [memory.get((key,)) is not None for key in "abc"] == [True, False, True]


def test_a_page_larger_than_the_memory_is_not_kept():
    memory = Memory(1)
    memory.put(("a",), kept(b"x" * 2_000_000))
    assert memory.get(("a",)) is None
    memory.put(("b",), kept())
    assert memory.get(("b",)) is not None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "http://testserver"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({}, True),
    ],
)
def test_a_form_sent_from_another_site_is_known(headers, expected):
    assert is_from_this_site(RequestFactory().post("/", headers=headers)) is expected
