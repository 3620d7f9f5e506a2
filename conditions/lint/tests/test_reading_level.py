import pytest

from conditions.lint.reading import Link, Passage, grade, long_sentences, read, sentences, with_plain_names


def test_a_harder_text_gets_a_higher_grade():
    plain = "<p>Calcium can build up in the brain. It is often harmless.</p>"
    hard = "<p>Mineralisation predominantly represents an incidental neuroradiological observation.</p>"
    assert grade(plain) < 7 < 15 < grade(hard)


def test_the_name_of_a_disease_does_not_make_a_text_harder():
    assert with_plain_names("Toxoplasmosis, a parasite") == "body, a parasite"
    assert grade("<p>You may have toxoplasmosis.</p>") == grade("<p>You may have body.</p>")


def test_a_list_is_not_read_as_one_sentence():
    items = "".join("<li>a word or two</li>" for _ in range(10))
    assert long_sentences(f"<ul>{items}</ul>") == []
    assert long_sentences(f"<p>{'word ' * 21}</p>") == [("word " * 21).strip()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Ask Dr. Smith, e.g. Today. Then go.", ["Ask Dr. Smith, e.g. Today.", "Then go."]),
        ("“Is it?” Ask so.", ["“Is it?”", "Ask so."]),
        ("It is 1.5 mm wide. 2 are more.", ["It is 1.5 mm wide.", "2 are more."]),
        ("They ask “why?” and wait.", ["They ask “why?” and wait."]),
        ("", []),
    ],
)
def test_a_sentence_ends_where_a_reader_would_end_it(text, expected):
    assert sentences(text) == expected


def test_passages_have_the_tag_of_their_holder():
    html = "<p>One<br>two</p><ul><li><p>Three</p><ul><li>Four</li></ul></li></ul><h3>Five</h3>six"
    blocks = [("p", "One two"), ("li", "Three"), ("li", "Four"), ("h3", "Five"), ("p", "six")]
    assert read(html).blocks == [Passage(*block) for block in blocks]


def test_a_paragraph_after_a_list_is_a_paragraph():
    assert read("<ul><li>One</li></ul><p>Two</p>").blocks == [Passage("li", "One"), Passage("p", "Two")]


def test_links_keep_their_address_and_words():
    html = '<p>See <a href=" /a/?x=1&amp;y=2 ">the <br> page</a> or <a>none</a><a href="#x"></a></p>'
    assert read(html).links == [Link("/a/?x=1&y=2", "the page"), Link("", "none"), Link("#x", "")]
    assert read(html).blocks == [Passage("p", "See the page or none")]
