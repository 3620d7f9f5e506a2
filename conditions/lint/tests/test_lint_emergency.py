import pytest

from conditions.tests.checked import findings, told

EMERGENCY = "<p>In an emergency, get help.</p>"


@pytest.mark.parametrize(
    "sentence",
    [
        "Call 911 now.",
        "Dial 112.",
        "Ring 000 for an ambulance.",
        "Phone an ambulance on 112.",
        "In Europe, 112 is the number to call.",
        "Call 999 or 112.",
        "Call 911 24 hours a day.",
        "Call 911 in an emergency.",
        "Call 9-1-1 now.",
        "Call the emergency number, 911.",
        "Ring 15.",
        "Dial 10177 at once.",
    ],
)
def test_another_countrys_emergency_number_must_be_put_right(sentence):
    assert told(body=f"<p>{sentence}</p>")[0][:2] == ("overview", "must")


def test_the_number_is_found_in_every_part_of_a_page():
    words = "call 911"
    found = findings(
        summary="Or call 911.",
        key_facts=["One is rare.", "Two are rare.", words],
        care_signs=[f"you cannot {words}"],
        body=f"<table><tbody><tr><td>{words}</td></tr></tbody></table>",
        answer=f"<ul><li>{words}</li></ul>",
    )
    places = [finding.where for finding in found if finding.level == "must"]
    assert places == ["summary", "in-short", "care-card", "overview", "faq-is-it-dangerous"]
    assert (
        found[0].message == "911 is the emergency number of the United States and Canada. The care cards here say 999."
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "Call 999 now.",
        "Call 999 24 hours a day.",
        "Call 111 for advice.",
        "Call us on 01632 960 112.",
        "Call 116 123 to talk.",
        "Call 15 minutes before your visit.",
        "Call 112 days later.",
        "A study of 911 people looked at this.",
        "It was 112 last year.",
        "Call if it costs £1,112.",
        "Call your GP if your pulse is over 120.",
        "In an emergency, 119 beats a minute can be normal.",
    ],
)
def test_numbers_that_contradict_nothing_are_left_alone(sentence):
    assert told(body=f"<p>{sentence}</p>") == []


def test_the_number_behind_a_link_counts():
    assert told(body='<p><a href="tel:911">Get help</a></p>') == [("overview", "must", "Get help")]
    assert told(body='<p><a href="tel:999">Get help</a>, <a href="tel:01632960112">ask us</a></p>') == []


def test_which_number_contradicts_depends_on_the_clinics_own():
    assert told(body="<p>Call 111.</p>", emergency_number="112")[0][:2] == ("overview", "must")
    assert told(body="<p>Call 911.</p>", emergency_number="911") == []
    assert told(body="<p>Call 999.</p>", emergency_number="911")[0][:2] == ("overview", "must")


def test_an_unknown_short_number_is_worth_a_look():
    assert told(body="<p>Call 555 for help.</p>") == [("overview", "look", "Call 555 for help.")]


@pytest.mark.parametrize("text", [EMERGENCY, "<p>Go straight away.</p>", "<p>Go to A&amp;E.</p>"])
def test_a_page_that_speaks_of_an_emergency_must_have_a_care_card(text):
    assert [told[:2] for told in told(body=text, care_signs=[])] == [("care-card", "must")]


def test_a_page_without_a_care_card_is_worth_a_look():
    assert told(care_signs=[], body="<p>This is not an emergency.</p>") == [("care-card", "look", "")]


def test_a_care_card_of_more_than_eight_signs_is_shown():
    signs = [f"you have sign {letter}" for letter in "abcdefghi"]
    assert told(care_signs=signs) == [("care-card", "look", "")]
    assert told(care_signs=signs[:8]) == []


@pytest.mark.parametrize("sign", ["Call if it hurts", "You have chest pain", "you have chest pain.", "you called 999"])
def test_a_sign_that_does_not_complete_the_cards_heading_is_shown(sign):
    assert told(care_signs=[sign]) == [("care-card", "look", sign)]


def test_a_sign_may_begin_with_an_abbreviation():
    assert told(care_signs=["CPR is needed", "1 seizure follows another"]) == []
