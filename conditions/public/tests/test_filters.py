import pytest
from django.http import QueryDict

from conditions.models import Listing, Tag
from conditions.public import filters
from conditions.tests.factories import make_live

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages():
    make_live(
        name="Brain calcification",
        aliases=["Intracranial deposits"],
        tags=[("symptom", "Pain"), ("body_area", "Brain")],
    )
    make_live(name="Bone spurs", tags=[("symptom", "Pain"), ("symptom", "Stiffness")])
    make_live(name="Gout", summary="Crystals in a joint.", tags=[("symptom", "Stiffness")])


def asked(query: str) -> filters.ListingFilter:
    known, _ = filters.known_filters(QueryDict(query))
    return filters.ListingFilter(known, queryset=Listing.objects.all())


def names(query: str) -> list[str]:
    return [listing.name for listing in asked(query).qs]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Bone spurs", "Brain calcification", "Gout"]),
        ("letter=B", ["Bone spurs", "Brain calcification"]),
        ("letter=b", ["Bone spurs", "Brain calcification"]),
        ("symptom=pain", ["Bone spurs", "Brain calcification"]),
        ("symptom=pain&symptom=stiffness", ["Bone spurs"]),
        ("symptom=pain&body_area=brain&letter=B", ["Brain calcification"]),
        ("body_area=brain&symptom=stiffness", []),
        ("q=CRYSTALS", ["Gout"]),
        ("q=deposits+brain", ["Brain calcification"]),
        ("q=100%25", []),
        ("letter=Z", []),
    ],
)
def test_filters_narrow_the_list_in_any_combination(pages, query, found):
    assert names(query) == found


@pytest.mark.parametrize(
    ("query", "left_out"),
    [
        ("symptom=nothing", ["nothing"]),
        ("letter=%C3%84", ["Ä"]),
        ("letter=AB", ["AB"]),
        ("body_area=pain", ["pain"]),
        ("symptom=pain&symptom=pain", []),
        ("symptom=", []),
        ("unknown=1", []),
    ],
)
def test_unknown_filters_are_left_out_and_named(pages, query, left_out):
    assert filters.known_filters(QueryDict(query))[1] == left_out


def test_very_many_tags_are_cut(pages):
    query = "&".join(f"symptom=s{number}" for number in range(500))
    known, left_out = filters.known_filters(QueryDict(query))
    assert not known.getlist("symptom")
    assert len(left_out) == filters.MAX_TAGS


def test_each_tag_says_how_many_pages_it_would_leave(pages):
    symptoms = filters.facets(asked("symptom=pain"))[0]
    assert symptoms["label"] == "Symptom"
    assert [(option["label"], option["count"], option["selected"]) for option in symptoms["options"]] == [
        ("Pain", 2, True),
        ("Stiffness", 1, False),
    ]


def test_a_chosen_tag_stays_to_be_taken_away_where_no_page_is_left(pages):
    areas = filters.facets(asked("body_area=brain&symptom=stiffness"))[1]
    assert [(option["label"], option["count"], option["selected"]) for option in areas["options"]] == [
        ("Brain", 0, True)
    ]


def test_letters_count_under_the_other_filters(pages):
    letters = {item["letter"]: item for item in filters.letters(asked("symptom=stiffness&letter=G"))}
    assert (letters["B"]["count"], letters["G"]["count"], letters["A"]["count"]) == (1, 1, 0)
    assert letters["G"]["selected"]
    assert letters["B"]["url"] == "?symptom=stiffness&letter=B"


def test_each_filter_in_force_can_be_taken_away(pages):
    found = asked("q=b&letter=B&symptom=pain&symptom=stiffness")
    links = {item["label"]: item["url"] for item in filters.applied(found, filters.facets(found))}
    assert links == {
        "“b”": "?letter=B&symptom=pain&symptom=stiffness",
        "B": "?q=b&symptom=pain&symptom=stiffness",
        "Pain": "?q=b&letter=B&symptom=stiffness",
        "Stiffness": "?q=b&letter=B&symptom=pain",
    }


def test_a_tag_keeps_the_name_that_was_published(pages, client):
    before = client.get("/conditions/").content
    Tag.objects.filter(slug="pain").update(name="Ache")
    assert client.get("/conditions/").content == before


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=0",
        "page=99999999999999999999",
        "page=abc",
        "page=%E2%91%A0",
        "q=" + "x" * 50_000,
        "q='%22;--",
        "q=%5C",
        "q=%25_",
        "letter=%F0%9F%92%80",
        "symptom=%ED%A0%80",
        "q=%ED%A0%80",
        "q=%0B%1F",
    ],
)
def test_any_query_gives_a_page(pages, client, query):
    assert client.get("/conditions/?" + query).status_code == 200
