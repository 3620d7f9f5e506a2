"""Any text is a query: it finds something or nothing, and costs about the same."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from conditions import search
from conditions.tests.factories import make_live

pytestmark = pytest.mark.django_db

BAD = [
    "",
    " ",
    "\x00",
    "gout\x00gout",
    "\x02gout\x03",
    "\ud800",
    "gout \udfff",
    "🧠",
    "👨‍👩‍👧‍👦 gout",
    "'",
    '"',
    '"gout',
    'gout"; DROP TABLE conditions_listing; --',
    "'; SELECT pg_sleep(9); --",
    "(((",
    ")",
    "*",
    "gout*",
    "^gout",
    "-gout",
    "+gout",
    "!gout",
    "gout:*",
    "name:gout",
    "name : gout",
    "{name aliases}: gout",
    "gout AND",
    "OR",
    "NOT gout",
    "NEAR(gout gout, 3)",
    "gout & | ! <-> gout",
    "\\",
    "gout\\",
    "%",
    "_",
    "%s %(x)s {0}",
    "${7*7}",
    "<script>alert(1)</script>",
    "…!?",
    "١٢٣ ½ ² Ⅷ",
    "גאוט 痛风 통풍 подагра",
    "İIıi ß ſ",
    "a" * 50_000,
    "gout " * 10_000,
    "(" * 50_000,
    "é\u0301" * 25_000,
    " ".join(f"w{number}" for number in range(10_000)),
]


@pytest.mark.parametrize("query", BAD, ids=lambda query: ascii(query[:30]))
def test_no_query_fails(query):
    make_live(name="Gout", faqs={"Is gout bad?": "<p>No.</p>"})
    assert search.find(query).total in {0, 2}
    assert len(search.suggest(query)) <= 2


@given(query=st.text(max_size=80), page=st.integers())
def test_no_text_that_can_be_made_up_fails(query, page):
    found = search.find(query, page=page)
    assert found.total == 0
    assert search.suggest(query) == []


def test_operators_are_words_like_any_other():
    make_live(name="Gout")
    make_live(name="Not near a name", sections={})
    assert [hit.title for hit in search.find("NEAR(name, gout)").hits] == ["Gout", "Not near a name"]
    assert [hit.title for hit in search.find("name NOT near").hits] == ["Not near a name"]
    assert [hit.title for hit in search.find("name:gout").hits] == ["Gout", "Not near a name"]


def count_queries(query: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        search.find(query)
        search.suggest(query)
    return len(queries)


def test_a_search_takes_the_same_number_of_queries_however_much_there_is():
    taken = []
    for pages in (10, 30):
        for number in range(pages):
            make_live(name=f"Gout {pages} {number}", faqs={"Is gout bad?": "<p>No.</p>"})
        searches = ["gout", "gout zebra", "guot", "gout guot", "nothing of the kind"]
        taken.append({query: count_queries(query) for query in searches})
    assert taken[0] == taken[1]
    assert max(taken[1].values()) < 20
