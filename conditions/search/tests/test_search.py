"""Search: hits, their order, and misses. The same on both databases."""

import pytest
from django.core.management import call_command
from django.db import connection

from conditions import search
from conditions.models import FAQ, SearchDocument, SearchName, SearchWord
from conditions.publishing import publishing
from conditions.search.words import STOP_WORDS
from conditions.tests.factories import make_condition, make_faq, make_live, publish

pytestmark = pytest.mark.django_db


def titles(query: str, **kwargs) -> list[str]:
    return [hit.title for hit in search.find(query, **kwargs).hits]


def labels(query: str, **kwargs) -> list[str]:
    return [suggestion.label for suggestion in search.suggest(query, **kwargs)]


# Hits


def test_a_page_is_found_by_any_of_its_words():
    make_live(
        name="Gout",
        aliases=["Podagra"],
        summary="Crystals in a joint.",
        key_facts="It comes suddenly.",
        sections={"symptoms": "<p>The toe is <a href='/x/'>swollen</a>.</p>"},
    )
    for query in ["gout", "podagra", "crystals", "suddenly", "toe", "swollen", "SYMPTOMS"]:
        assert titles(query) == ["Gout"], query


def test_a_question_is_found_by_itself_and_names_its_page():
    make_live(name="Gout", faqs={"May I drink beer?": "<p>Better not.</p>"})
    (hit,) = search.find("beer").hits
    assert (hit.title, hit.kind, hit.context) == ("May I drink beer?", "Question", "Gout")
    assert hit.url == "/conditions/gout/#faq-may-i-drink-beer"


def test_a_question_is_found_together_with_the_name_of_its_condition():
    make_live(name="Gout", faqs={"May I drink beer?": "<p>Better not.</p>"})
    make_live(name="Scurvy", faqs={"May I drink beer, too?": "<p>Better not.</p>"})
    assert titles("gout beer") == ["May I drink beer?"]


def test_a_question_about_the_service_is_found():
    make_faq(question="What does it cost?", answer="<p>Nothing.</p>")
    search.index_service_faqs()
    (hit,) = search.find("costs").hits
    assert (hit.title, hit.kind, hit.context, hit.url) == (
        "What does it cost?",
        "Question",
        "",
        "/faqs/#faq-what-does-it-cost",
    )


@pytest.mark.parametrize(
    ("query", "word"),
    [("calcifications", "calcification"), ("treating", "treats"), ("swelling", "swellings"), ("Gout's", "gout")],
)
def test_another_form_of_a_word_is_found(query, word):
    make_live(name="A page", sections={"overview": f"<p>About the {word} here.</p>"})
    assert titles(query) == ["A page"]


def test_accents_and_signs_between_words_make_no_difference():
    make_live(name="Sjögren’s disease", sections={"overview": "<p>Head/neck, 1.5 mm, x-ray, Me\u0301nière.</p>"})
    for query in ["sjogren", "Sjögren's", "SJÖGREN", "head", "neck", "head-neck", "1.5", "x-ray", "ray", "meniere"]:
        assert titles(query) == ["Sjögren’s disease"], query


def test_all_words_must_match():
    make_live(name="Skin calcium")
    make_live(name="Brain calcium")
    found = search.find("calcium brain")
    assert [hit.title for hit in found.hits] == ["Brain calcium"]
    assert not found.some_words_only


def test_any_of_the_words_is_found_when_nothing_has_them_all():
    make_live(name="Skin calcium")
    make_live(name="Brain calcium")
    found = search.find("brain zebra")
    assert [hit.title for hit in found.hits] == ["Brain calcium"]
    assert found.some_words_only


def test_words_that_stand_on_every_page_are_passed_over():
    make_live(name="Gout")
    assert titles("what is the gout that I have") == ["Gout"]
    assert titles("what is the") == []


def test_postgresql_passes_over_no_word_that_sqlite_looks_for():
    looked_for = {"gout", "calcium", "cost", "pain", "near", "old", "take", "need"}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT word FROM unnest(%s::text[]) AS word WHERE numnode(plainto_tsquery('english', word)) = 0",
                [sorted(STOP_WORDS | looked_for)],
            )
            assert {row[0] for row in cursor.fetchall()} == STOP_WORDS
    else:
        make_live(name="A page", sections={"overview": f"<p>{' '.join(looked_for)}</p>"})
        assert all(titles(word) == ["A page"] for word in looked_for)


# In which order


def test_an_alias_typed_in_full_comes_first():
    make_live(name="Intracranial calcification of the skin")
    make_live(name="Brain calcification", aliases=["Intracranial calcification"])
    make_live(name="Other intracranial things", sections={"overview": "<p>Intracranial calcification.</p>" * 9})
    assert titles("intracranial calcification")[0] == "Brain calcification"


def test_the_order_is_exact_name_names_questions_summaries_then_bodies():
    make_live(name="In a body", sections={"overview": "<p>Gout is written of here.</p>"})
    make_live(name="In a summary", summary="Like gout, but not the same.")
    make_live(name="In a question", faqs={"Is it like gout?": "<p>No.</p>"})
    make_live(name="Gout in knees")
    make_live(name="In another name", aliases=["Gout of the elbow and hand"])
    make_live(name="Gout", slug="the-gout")
    assert titles("gout") == [
        "Gout",
        "Gout in knees",
        "In another name",
        "Is it like gout?",
        "In a summary",
        "In a body",
    ]


def test_a_page_that_says_more_of_a_word_comes_before_one_that_mentions_it():
    filler = "<p>Plenty of other things are told in between.</p>" * 5
    make_live(name="Little", sections={"overview": f"{filler}<p>A kidney.</p>{filler}"})
    make_live(name="Much", sections={"overview": f"{filler}<p>A kidney, the kidney, kidneys, kidney.</p>{filler}"})
    assert titles("kidney") == ["Much", "Little"]


def test_conditions_come_before_questions_when_both_were_typed_in_full():
    make_faq(question="Gout")
    search.index_service_faqs()
    make_live(name="Gout")
    assert [hit.kind for hit in search.find("gout").hits] == ["Condition", "Question"]


# Pages of results


def test_results_are_shown_page_by_page_each_once():
    for number in range(7):
        make_live(name=f"Gout number {number}")
    found = [search.find("gout", page=page, per_page=3) for page in (1, 2, 3)]
    assert [len(some.hits) for some in found] == [3, 3, 1]
    assert len({hit.url for some in found for hit in some.hits}) == 7
    assert {some.total for some in found} == {7}
    assert not found[0].total_is_capped


@pytest.mark.parametrize(("asked", "given"), [(-1, 2), (0, 2), (99, 2), (10**30, 2), (1, 1)])
def test_a_page_that_is_not_there_is_taken_to_the_last(asked, given):
    for number in range(3):
        make_live(name=f"Gout number {number}")
    assert search.find("gout", page=asked, per_page=2).page.number == given


def test_counting_stops_at_a_thousand():
    SearchDocument.objects.bulk_create(
        SearchDocument(kind="condition", url=f"/conditions/{number}/", title="Gout", name="Gout")
        for number in range(1001)
    )
    found = search.find("gout", page=100)
    assert (found.total, found.total_is_capped, len(found.hits)) == (1000, True, 10)
    SearchDocument.objects.first().delete()
    found = search.find("gout")
    assert (found.total, found.total_is_capped) == (1000, False)


# Snippets


def test_a_snippet_shows_where_the_words_stand_in_any_form():
    make_live(name="A page", sections={"overview": "<p>" + "Much else. " * 60 + "Sjögren’s calcifications hurt.</p>"})
    (hit,) = search.find("sjogren calcification").hits
    assert "<mark>Sjögren</mark>’s <mark>calcifications</mark> hurt." in hit.snippet
    assert hit.snippet.startswith("… ")


def test_a_snippet_is_the_summary_when_only_the_name_matched():
    make_live(name="Gout", summary="Crystals in a joint.", sections={"overview": "<p>Text.</p>"})
    (hit,) = search.find("gout").hits
    assert hit.snippet == "Crystals in a joint. Overview: Text."


def test_html_in_a_text_stays_text():
    make_live(name="<b>Gout</b>", summary="Not <script>alert(1)</script> gout & more.", sections={})
    (hit,) = search.find("gout").hits
    assert hit.snippet == "Not &lt;script&gt;alert(1)&lt;/script&gt; <mark>gout</mark> &amp; more."
    assert not hasattr(hit.title, "__html__")


# Misses


def test_the_working_copy_is_never_found():
    make_condition(name="Unborn", faqs={"Unborn question?": "<p>Unborn.</p>"})
    live = make_live(name="Gout", summary="Crystals.")
    live.name, live.summary = "Secret", "Secret."
    live.save()
    make_faq(condition=live, question="Secret question?")
    for query in ["unborn", "secret"]:
        assert titles(query) == []
        assert labels(query) == []
    assert titles("crystals") == ["Gout"]


def test_a_new_edition_replaces_the_hits():
    condition = make_live(name="Gout", summary="Crystals.", faqs={"May I drink?": "<p>No.</p>"})
    condition.summary = "Needles."
    condition.save()
    condition.faqs.update(question="May I eat?")
    publish(condition)
    assert titles("crystals") == titles("drink") == labels("may i dri") == []
    assert titles("needles") == ["Gout"]
    assert titles("eat") == labels("may i ea") == ["May I eat?"]


def test_a_withdrawn_page_is_not_found_suggested_or_meant():
    condition = make_live(name="Gout", summary="Strange crystals.", faqs={"May I drink?": "<p>No.</p>"})
    publishing.withdraw(condition=condition, by=None, reason="For a test.")
    assert titles("gout") == titles("crystals") == titles("drink") == labels("go") == []
    assert search.find("crystels").did_you_mean == ""


def test_a_question_about_the_service_that_is_gone_is_not_found():
    make_faq(question="What does it cost?")
    search.index_service_faqs()
    FAQ.objects.all().delete()
    search.index_service_faqs()
    assert titles("cost") == labels("cost") == []


def test_the_index_follows_any_way_of_changing_a_row():
    make_live(name="Gout")
    SearchDocument.objects.update(body="Completely different")
    assert titles("completely") == ["Gout"]
    SearchDocument.objects.all().delete()
    assert titles("completely") == titles("gout") == labels("go") == []


# Rebuilding


def test_a_rebuild_finds_the_same_as_before_and_nothing_else(capsys):
    make_live(name="Gout", aliases=["Podagra"], faqs={"May I drink?": "<p>No.</p>"})
    make_live(name="Scurvy")
    make_condition(name="Unborn")
    publishing.withdraw(condition=make_live(name="Gone"), by=None, reason="For a test.")
    make_faq(question="What does it cost?")
    SearchDocument.objects.filter(name="Gout").delete()
    call_command("rebuild_search")
    assert "2 pages" in capsys.readouterr().out
    assert titles("podagra") == ["Gout"]
    assert titles("scurvy") == ["Scurvy"]
    assert titles("drinking") == ["May I drink?"]
    assert titles("cost") == ["What does it cost?"]
    assert titles("unborn") == titles("gone") == []
    assert not SearchWord.objects.filter(word="gone").exists()
    assert SearchName.objects.count() == 5


# Spelling


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("calcinosys", "calcinosis"),
        ("kalcinosis", "calcinosis"),
        ("Clacinosis!", "calcinosis"),
        ("calcinosys universal", "calcinosis universal"),
        ("treatmnt of calcinosys", "treatment of calcinosis"),
        ("seizre", "seizure"),
    ],
)
def test_a_misspelling_is_understood(typed, meant):
    make_live(
        name="Calcinosis universalis",
        aliases=["Universal calcinosis"],
        sections={"treatment": "<p>Some treatment of a seizure.</p>"},
    )
    assert search.find(typed).did_you_mean == meant
    assert titles(meant)


@pytest.mark.parametrize("typed", ["calcinosis", "swelling", "zzzzqqqq", "xyz", "12345", "the calcinosis"])
def test_nothing_is_suggested_for_a_known_word_its_form_or_an_unlike_word(typed):
    make_live(name="Calcinosis and swellings")
    assert search.find(typed).did_you_mean == ""


def test_a_corrected_query_always_finds_something():
    make_live(name="Calcinosis")
    make_live(name="Seizure")
    assert search.find("calcinosys seizre").did_you_mean == ""


# Suggestions


def test_suggestions_begin_any_word_of_a_name():
    make_live(name="Brain calcification", aliases=["Intracranial calcification"])
    assert labels("bra") == labels("BRAIN CAL") == ["Brain calcification"]
    assert labels("cal bra") == labels("calcif") == ["Brain calcification"]
    assert labels("intra") == ["Intracranial calcification"]
    assert labels("rain") == labels("brain skin") == []
    (suggestion,) = search.suggest("intra")
    assert (suggestion.url, suggestion.kind) == ("/conditions/brain-calcification/", "Condition")


def test_names_are_suggested_before_questions_and_those_that_begin_so_before_others():
    make_live(name="Calm skin", faqs={"Can calcium harm?": "<p>No.</p>", "Calcium: how much?": "<p>Some.</p>"})
    make_live(name="The calcium trouble")
    make_live(name="Calcium of the hand")
    make_live(name="Calcium")
    assert labels("calc") == [
        "Calcium",
        "Calcium of the hand",
        "The calcium trouble",
        "Calcium: how much?",
        "Can calcium harm?",
    ]
    assert labels("calc", limit=2) == ["Calcium", "Calcium of the hand"]


def test_a_page_is_suggested_once():
    make_live(name="Calcinosis universalis", aliases=["Universal calcinosis", "Calcinosis all over"])
    assert labels("calc") == ["Calcinosis universalis"]
    assert labels("univ") == ["Universal calcinosis"]
    assert labels("calc univ") == ["Calcinosis universalis"]


def test_a_question_is_suggested_as_it_is_typed():
    make_live(name="Gout", faqs={"What can I do about it?": "<p>Rest.</p>"})
    (suggestion,) = search.suggest("what can i")
    assert (suggestion.label, suggestion.kind) == ("What can I do about it?", "Question")
