"""Any address is answered with a page (400 or 404 at worst), never with a server error."""

from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plainhttp import fetch, raw_status

ADDRESSES = ["/", "/conditions/", "/search/", "/search/suggestions/", "/faqs/", "/second-opinion/"]
NAMES = ["q", "letter", "symptom", "body_area", "specialty", "page", "condition"]
AWKWARD = {
    "nul": "q=%00&letter=%00&symptom=%00&condition=%00&page=%00",
    "control characters": "q=%01%08%0b%0c%1b%7f&letter=%0d%0a&condition=%0a",
    "separators": "q=%E2%80%A8%E2%80%A9%C2%85&symptom=%E2%80%A8",
    "long term": "q=" + "calcium+" * 6_250,
    "long word": "q=" + "a" * 50_000,
    "long tag": "symptom=" + "b" * 50_000,
    "long page": "page=" + "9" * 50_000,
    "many parameters": "&".join(f"symptom=tag-{number}" for number in range(900)),
    "more parameters than allowed": "&".join(f"p{number}=1" for number in range(2_000)),
    "quotes": "q=%22%27%60%22%22&letter=%27&symptom=%22",
    "unbalanced quote": "q=%22calcium",
    "sql": "q=%27%3B+DROP+TABLE+conditions_listing%3B--&page=1%27--&letter=A%27+OR+1%3D1",
    "fts words": "q=AND+OR+NOT+NEAR(a+b)",
    "fts signs": "q=calcium*+%5Ename+-scan+%2Bx+(((+%7Ba+b%7D%3A+%22a%22+*",
    "fts column": "q=title%3Acalcium",
    "tsquery signs": "q=%26+%7C+!+%3C-%3E+%3A*+%28+%29+%5C",
    "like signs": "q=%25%5F%5C&letter=%25",
    "only signs": "q=%3F%3F%3F",
    "negative page": "page=-1",
    "zeroth page": "page=0",
    "far page": "page=999999",
    "page in words": "page=abc",
    "page in other digits": "page=%D9%A3&q=%D9%A3",
    "page that is no number": "page=%C2%B2",
    "fractional page": "page=1.5",
    "infinite page": "page=inf",
    "unknown letter": "letter=%C3%86",
    "several letters": "letter=ABC",
    "unknown tags": "symptom=nothing&body_area=nowhere&specialty=nobody",
    "tags with signs": "symptom=../../etc/passwd&body_area=%3Cscript%3E&specialty=a+b",
    "tag of another kind": "symptom=brain&body_area=pain",
    "repeated parameters": "q=a&q=b&letter=A&letter=B&page=1&page=2&symptom=pain&symptom=pain&symptom=stiffness",
    "invalid escapes": "q=%&letter=%zz&symptom=%f&page=%u0041",
    "invalid utf-8": "q=%ff%fe&letter=%c3&symptom=%80&condition=%ed%a0",
    "lone surrogates": "q=%ed%a0%80%ed%bf%bf&letter=%ed%a0%80&condition=%ed%a0%80",
    "astral characters": "q=%f0%9f%a6%b4%f4%8f%bf%bf",
    "combining marks": "q=" + quote("e" + "\u0301" * 500),
    "right to left": "q=" + quote("\u202e\u05e9\u05dc\u05d5\u05dd\u200f"),
    "characters that grow": "q=" + quote("ß\u0130ﬃ" * 60) + "&letter=" + quote("ß") + "&symptom=" + quote("\u0130"),
    "no value": "q&letter&symptom&page",
    "no name": "=&=a&&&",
    "html": "q=%3Cscript%3Ealert(1)%3C/script%3E&condition=%22%3E%3Cimg+src%3Dx%3E",
    "template": "q=%7B%7Bsettings.SECRET_KEY%7D%7D&symptom=%7B0.__class__%7D",
    "brackets": "q[]=a&q[b]=c&page[]=1",
    "semicolons": "q=a;page=2;letter=B",
}


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("query", AWKWARD.values(), ids=AWKWARD.keys())
def test_an_awkward_query_gets_a_page(site, path, query):
    assert raw_status(site, f"{path}?{query}".encode()) < 500


# Bytes and characters, escaped as a browser would.
value = st.one_of(st.binary(max_size=40).map(quote_from_bytes), st.text(max_size=40).map(quote))
# Characters special to URLs, SQL and full-text queries, and words with search results.
tricky = st.lists(
    st.sampled_from([*"%&+=#?;'\"*():^-!|<>\\_.,", "calci", "AND", "NEAR", "1", "%00", "é"]), max_size=12
)
pairs = st.tuples(st.sampled_from(NAMES), st.one_of(value, tricky.map(lambda parts: quote("".join(parts), safe="%"))))
queries = st.lists(pairs, max_size=5).map(lambda found: "&".join(f"{name}={text}" for name, text in found))


@pytest.mark.hypothesis
@pytest.mark.parametrize("path", ADDRESSES)
def test_any_query_gets_a_page(site, path):
    @settings(database=None)
    @given(query=queries)
    def check(query: str) -> None:
        assert fetch(site, f"{path}?{query}").status < 500

    check()


@pytest.mark.parametrize(
    "target",
    [
        b"/conditions/%00/",
        b"/conditions/%ff%fe/",
        b"/conditions/..%2f..%2fetc%2fpasswd/",
        b"/conditions/" + b"a" * 5_000 + b"/",
        b"/conditions/brain-calcification/editions/0/",
        b"/conditions/brain-calcification/editions/99999999999999999999999999/",
        b"/conditions/brain-calcification/helpful/%00/",
        b"/conditions/brain-calcification/helpful/not-a-token/",
        b"/media/%00",
        b"/media/../calcsite.sqlite3",
        b"/media/%2e%2e/calcsite.sqlite3",
        b"/media/conditions/",
        b"/static/../../manage.py",
        b"/static/%00",
        b"/%e0%a4%a/",
        b"//evil.example/",
        b"/about%0d%0aSet-Cookie:a=b/",
    ],
)
def test_an_awkward_address_is_not_found_or_refused(site, target):
    assert raw_status(site, target) in {301, 302, 400, 404}


@pytest.mark.parametrize("form", [{}, {"answer": "maybe"}, {"answer": "\x00"}, {"answer": "y" * 50_000}])
def test_an_awkward_answer_is_passed_over(site, form):
    answer = fetch(site, "/conditions/brain-calcification/helpful/", form=form, headers={"Origin": site.url})
    assert answer.status in {302, 400}


@pytest.mark.parametrize(
    "comment", ["\x00", "a\x00b", "\ud83e\uddb4".encode("utf-16", "surrogatepass").decode("utf-16")]
)
def test_an_awkward_comment_is_no_fault(site, comment):
    headers = {"Origin": site.url}
    answer = fetch(site, "/conditions/brain-calcification/helpful/", form={"answer": "yes"}, headers=headers)
    answer = fetch(site, answer.headers["Location"], form={"comment": comment}, headers=headers)
    assert answer.status < 500


def test_a_search_query_is_shown_as_text_and_never_as_markup(site):
    for path in ["/conditions/?q=", "/search/?q=", "/conditions/?symptom="]:
        page = fetch(site, path + "%3Cscript%3Ealert(1)%3C/script%3E%22%27").text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
