import pytest

from conditions.tests.checked import findings, told

SIMPLE = "The cat sat on the mat. " * 2
HARDER = "<p>Specialists usually recommend additional investigations before considering surgery. "
WORDS_21 = "one two three four five six seven eight nine ten " * 2 + "more."


def test_a_page_that_is_in_order_has_no_findings():
    assert told() == []


def test_a_text_of_fewer_than_thirty_words_is_not_measured():
    assert told(body=HARDER) == []


def test_a_text_above_grade_seven_is_worth_a_look_and_above_nine_a_must():
    look = (
        "<p>A specialist may suggest another examination. You can often go on as usual with your daily life.</p>" * 3
    )
    must = f"{HARDER * 2}</p><p>{HARDER * 2}</p>"
    assert told(body=look) == [("overview", "look", "You can often go on as usual with your daily life.")]
    assert told(answer=must)[0][:2] == ("faq-is-it-dangerous", "must")
    assert findings(body=look)[0].message == "This reads at the level of a 14-year-old."


def test_names_of_diseases_are_not_held_against_a_text():
    assert told(body="<p>It can be a sign of toxoplasmosis or hypoparathyroidism. Ask a doctor.</p>" * 5) == []


def test_a_sentence_of_more_than_twenty_words_is_shown():
    assert told(body=f"<p>{WORDS_21}</p>") == [("overview", "look", WORDS_21)]
    assert told(body=f"<p>{WORDS_21[4:]}</p>") == []
    assert told(care_signs=[WORDS_21[:-1]]) == [("care-card", "look", WORDS_21[:-1])]


def test_a_paragraph_of_more_than_three_sentences_is_shown_and_a_list_item_is_not():
    assert told(body=f"<p>{SIMPLE * 2}</p>") == [("overview", "look", (SIMPLE * 2).strip())]
    assert told(body=f"<ul><li><p>{SIMPLE * 2}</p></li></ul>") == []
    assert told(body=f"<p>{SIMPLE}</p><p>{SIMPLE}</p>") == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h4>Low</h4><p>Text.</p>", ["Low"]),
        ("<h3>High</h3><p>Text.</p><h4>Low</h4><p>Text.</p><h3>High again</h3><p>Text.</p>", []),
    ],
)
def test_a_heading_without_the_one_above_it_is_shown(body, expected):
    assert told(body=body) == [("overview", "look", heading) for heading in expected]


def test_in_an_answer_a_heading_like_a_question_is_shown():
    faq = "faq-is-it-dangerous"
    assert told(answer="<p>Yes.</p><h3>And now?</h3><p>Rest.</p>") == [(faq, "look", "And now?")]
    assert told(answer="<p>Yes.</p><h4>And now?</h4><p>Rest.</p>") == []


def test_a_heading_without_text_under_it_is_shown():
    assert told(body="<p>Text.</p><h3>Last</h3>") == [("overview", "look", "Last")]
    assert told(body="<h3>First</h3><h4>Second</h4><p>Text.</p>") == [("overview", "look", "First")]


def test_a_section_that_says_its_heading_twice_is_shown():
    assert told(body="<h3>What is it</h3><p>Text.</p>") == [("overview", "look", "What is it")]
    assert told(body="<p>Text.</p><h3>What is it?</h3><p>Text.</p>") == []


def test_a_heading_in_capitals_is_shown_and_an_abbreviation_is_not():
    assert told(body="<h3>CAUSES</h3><p>Text.</p><h3>MRI</h3><p>Text.</p>") == [("overview", "look", "CAUSES")]
    sections = [{"kind": "causes", "heading": "WHAT CAUSES IT?", "html": "<p>Text.</p>"}]
    assert told(sections=sections) == [("causes", "look", "WHAT CAUSES IT?")]


@pytest.mark.parametrize(
    "words", ["click here", "Here", "Read more…", "this link", "link", "More information", "www.nhs.uk", "nhs.uk/x"]
)
def test_a_link_that_does_not_say_where_it_leads_is_shown(words):
    body = f'<p>See <a href="https://e.example/{len(words)}">{words}</a>.</p>'
    assert told(body=body) == [("overview", "look", words)]


@pytest.mark.parametrize(
    "words", ["who can see here", "emergency number", "help@clinic.example", "Preparing for a visit"]
)
def test_a_link_that_says_where_it_leads_is_left_alone(words):
    assert told(body=f'<p>See <a href="/preparing/">{words}</a>.</p>') == []


def test_a_link_without_words_or_address_must_be_put_right():
    assert told(body='<p>See<a href="/x/"></a>.</p>') == [("overview", "must", "/x/")]
    assert told(body="<p>See <a>the leaflet</a>.</p>") == [("overview", "must", "the leaflet")]


def test_an_address_that_a_browser_would_misread_must_be_put_right():
    body = '<p>See <a href="www.nhs.uk">the NHS</a>.</p>'
    assert told(body=body) == [("overview", "must", "www.nhs.uk")]
    good = '<p><a href="https://e.example/">One</a> <a href="tel:+4">Two</a> <a href="mailto:a@b.example">Six</a></p>'
    assert told(body=good) == []


def test_an_address_without_encryption_is_shown():
    body = '<p>See <a href="HTTP://e.example/b">a leaflet</a>.</p>'
    assert told(body=body) == [("overview", "look", "HTTP://e.example/b")]


@pytest.mark.parametrize(
    "sentence",
    [
        "This always cures it.",
        "The scan is 100 % safe.",
        "Relief is guaranteed.",
        "It has no side effects.",
        "You will definitely get well.",
    ],
)
def test_a_promise_that_cannot_be_kept_is_shown(sentence):
    assert told(body=f"<p>{sentence}</p>") == [("overview", "look", sentence)]


@pytest.mark.parametrize(
    "sentence",
    ["Nobody can guarantee this.", "It isn’t completely safe.", "Is it completely safe?", "It saw 100% of the spots."],
)
def test_words_that_promise_nothing_are_left_alone(sentence):
    assert told(body=f"<p>{sentence}</p>") == []


@pytest.mark.parametrize(
    "sentence", ["Some suffer from pain.", "If you refuse treatment, ask.", "Sufferers may meet."]
)
def test_words_that_blame_or_pity_are_shown(sentence):
    assert told(body=f"<p>{sentence}</p>") == [("overview", "look", sentence)]
