import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conditions import richtext
from conditions.choices import SectionKind, TagKind
from conditions.compare.comparing import compare
from conditions.compare.differing import State, compare_blocks
from conditions.composing import FORMAT, compose
from conditions.lint import parts_of
from conditions.richtext.blocks import Block, blocks_of
from conditions.tests.factories import make_condition

PICTURE = {"file": "conditions/a.svg", "alt": "A vessel", "decorative": False, "width": 480, "height": 360}
WORDS = st.lists(st.sampled_from(["pain", "the", "arm", "5 mg", "(link:", "→", "李", "<b>", "", "  "]), max_size=6)
TEXTS = WORDS.map(" ".join)
HTML = st.lists(
    st.tuples(st.sampled_from(["p", "h3", "h4", "li", "td", "div"]), TEXTS, st.sampled_from(["", "/a/", "/b/"])),
    max_size=4,
).map(
    lambda blocks: richtext.sanitise("".join(f'<{tag}>{text}<a href="{to}">x</a></{tag}>' for tag, text, to in blocks))
)
TAGS = st.lists(st.fixed_dictionaries({"slug": st.sampled_from(["pain", "x"]), "name": TEXTS}), max_size=2)
CONTENTS = st.fixed_dictionaries(
    {
        "format": st.sampled_from([FORMAT, FORMAT + 1]),
        "slug": st.sampled_from(["gout", "stones"]),
        "name": TEXTS,
        "aliases": st.lists(TEXTS, max_size=2),
        "summary": TEXTS,
        "key_facts": st.lists(TEXTS, max_size=3),
        "care_signs": st.lists(TEXTS, max_size=2),
        "picture": st.sampled_from([None, PICTURE, PICTURE | {"decorative": True, "alt": ""}, PICTURE | {"width": 1}]),
        "featured": st.booleans(),
        "tags": st.fixed_dictionaries({kind.value: TAGS for kind in TagKind}),
        "sections": st.lists(
            st.fixed_dictionaries({"kind": st.sampled_from(SectionKind.values[:3]), "heading": TEXTS, "html": HTML}),
            max_size=3,
        ),
        "faqs": st.lists(st.fixed_dictionaries({"question": TEXTS, "html": HTML, "anchor": TEXTS}), max_size=3),
        "sources": st.lists(
            st.fixed_dictionaries({"title": TEXTS, "publisher": TEXTS, "url": TEXTS, "seen": TEXTS}), max_size=3
        ),
        "related": st.lists(st.integers(1, 3), max_size=2),
    }
)


def make_content(**changes):
    """The content of a small page."""
    content = {
        "format": FORMAT,
        "slug": "gout",
        "name": "Gout",
        "aliases": ["Podagra"],
        "summary": "Crystals in a joint.",
        "key_facts": ["It hurts."],
        "care_signs": ["You have a fever."],
        "picture": None,
        "featured": False,
        "tags": {kind.value: [] for kind in TagKind},
        "sections": [make_section("overview"), make_section("symptoms"), make_section("causes")],
        "faqs": [make_faq("Will it pass?"), make_faq("Can I run?")],
        "sources": [make_source("One"), make_source("Two")],
        "related": [],
    }
    return content | changes


def make_section(kind, html="<p>This is what it is.</p>", heading="What it is"):
    return {"kind": kind, "heading": heading, "html": html}


def make_faq(question, html=None):
    return {"question": question, "html": html or f"<p>An answer to: {question}</p>", "anchor": f"faq-{len(question)}"}


def make_source(title, **fields):
    return {"title": title, "publisher": "A publisher", "url": "", "seen": ""} | fields


def changed(old, new, **options):
    """Label and state of the parts that differ."""
    return [(part.label, part.state) for part in compare(old, new, **options).changed]


def section_lines(old, new):
    """The lines of a section, its heading aside, whose rich text changes."""
    [part] = compare(
        make_content(sections=[make_section("causes", old)]), make_content(sections=[make_section("causes", new)])
    ).changed
    return part.lines[1:]


def marked(line):
    """A line in one flow, with [-removed-] and {+added+} words."""
    around = {State.SAME: "{}", State.REMOVED: "[-{}-]", State.ADDED: "{{+{}+}}"}
    return " ".join(around[segment.state].format(segment.text) for segment in line.inline)


@given(CONTENTS, CONTENTS)
def test_nothing_differs_exactly_when_the_contents_are_equal(old, new):
    assert compare(old, old | {}).is_empty
    assert compare(old, new).is_empty == (old == new)


@given(CONTENTS, st.data())
def test_a_change_of_any_one_part_is_shown(content, data):
    key = data.draw(st.sampled_from(sorted(content)))
    new = content | {key: data.draw(CONTENTS)[key]}
    comparison = compare(content, new)
    assert comparison.is_empty == (content == new)
    for part in comparison.changed:
        shown = [line for line in [*part.lines, *part.source] if line.state != State.SAME]
        assert shown or part.places


@given(CONTENTS)
def test_without_an_old_content_everything_is_added(content):
    comparison = compare(None, content)
    assert {part.state for part in comparison.parts} == {State.ADDED}
    assert comparison.words_removed == 0


@given(st.lists(TEXTS), st.lists(TEXTS))
def test_each_side_reads_as_its_own_text(old, new):
    old_blocks, new_blocks = ([Block("", text) for text in texts] for texts in (old, new))
    lines = compare_blocks(old_blocks, new_blocks)
    assert [line.old for line in lines if line.old] == old_blocks
    assert [line.new for line in lines if line.new] == new_blocks
    for line in lines:
        assert not line.old or " ".join(segment.text for segment in line.left) == line.old.text
        assert not line.new or " ".join(segment.text for segment in line.right) == line.new.text


def test_words_are_compared_inside_a_paragraph():
    [line] = section_lines("<p>Take 5 mg every day.</p>", "<p>Take 50 mg twice every day.</p>")
    assert marked(line) == "Take [-5-] {+50+} mg {+twice+} every day."


def test_paragraphs_that_share_little_are_removed_and_added_whole():
    lines = section_lines("<p>Rest for a week.</p>", "<p>Call your doctor today.</p>")
    assert [line.state for line in lines] == [State.REMOVED, State.ADDED]


def test_a_reworded_paragraph_finds_its_old_words_behind_a_new_one():
    lines = section_lines("<p>Drink two litres of water.</p>", "<p>Sleep well.</p><p>Drink three litres of water.</p>")
    assert [marked(line) for line in lines] == ["{+Sleep well.+}", "Drink [-two-] {+three+} litres of water."]


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (
            '<p><a href="/a/">here</a>.</p>',
            '<p><a href="/b/">here</a>.</p>',
            ["here [-(link:\xa0/a/)-] {+(link:\xa0/b/)+} ."],
        ),
        ("<p>One two</p>", "<p>One<br>two</p>", ["One {+↵\xa0+} two"]),
        (
            "<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
            '<table><tbody><tr><td colspan="2">1</td><td>2</td></tr></tbody></table>',
            ["{+(2\xa0columns\xa0wide)+} |\xa0 1 |\xa0 2"],
        ),
    ],
)
def test_links_breaks_and_spans_are_shown(old, new, shown):
    assert [marked(line) for line in section_lines(old, new)] == shown


@pytest.mark.parametrize(
    ("old", "new", "label"),
    [
        ("<p>a</p>", "<h3>a</h3>", "Heading (was: paragraph)"),
        ("<h3>a</h3>", "<h4>a</h4>", "Smaller heading (was: heading)"),
        ("<ul><li>a</li></ul>", "<ol><li>a</li></ol>", "Numbered item (was: list item)"),
        (
            "<ol><li>a</li></ol>",
            '<ol start="4"><li>a</li></ol>',
            "Numbered item, numbered from 4 (was: numbered item)",
        ),
        (
            "<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
            "<table><tbody><tr><th>1</th><td>2</td></tr></tbody></table>",
            "Table row, heading in column 1 (was: table row)",
        ),
    ],
)
def test_another_kind_of_block_is_a_change_of_the_same_words(old, new, label):
    [line] = section_lines(old, new)
    assert (line.state, line.label) == (State.CHANGED, label)
    assert {segment.state for segment in line.inline} == {State.SAME}


def test_blocks_say_where_they_stand():
    html = "<p>a</p><ul><li><p>b</p><p>c</p><ol><li>d</li></ol></li></ul>"
    html += "<table><tbody><tr><td><p>e</p><p>f</p></td></tr></tbody></table>"
    assert [(block.label, block.text) for block in blocks_of(html)] == [
        ("Paragraph", "a"),
        ("List item", "b"),
        ("List item, continued", "c"),
        ("Numbered item, level 2", "d"),
        ("Table row", "|\xa0 e ↵\xa0 f"),
    ]


def test_no_text_can_look_like_a_link():
    written, linked = blocks_of("<p>x (link:&nbsp;/a/)</p>"), blocks_of('<p><a href="/a/">x</a></p>')
    assert written[0].text == "x (link: /a/)"
    assert written != linked


def test_formatting_that_no_line_shows_is_shown_as_it_is_stored():
    old = make_content(sections=[make_section("causes", "<ul><li>a</li><li>b</li></ul>")])
    new = make_content(sections=[make_section("causes", "<ul><li>a</li></ul><ul><li>b</li></ul>")])
    [part] = compare(old, new).changed
    assert [line.new.text for line in part.source if line.state == State.ADDED] == ["</ul>", "<ul>"]
    assert compare(old, new).summary == "1 part"


def test_parts_stand_in_the_order_of_the_page():
    old = make_content()
    new = make_content(
        name="Gout!",
        slug="the-gout",
        aliases=[],
        picture=PICTURE,
        featured=True,
        related=[7, 8],
        tags=old["tags"] | {"symptom": [{"slug": "pain", "name": "Pain"}]},
    )
    assert changed(old, new) == [
        ("Name", "changed"),
        ("Address of the page", "changed"),
        ("Other names", "removed"),
        ("Picture", "added"),
        ("Tags: symptom", "added"),
        ("Related pages", "added"),
        ("On the home page", "changed"),
    ]
    related = compare(old, new, names={7: "Kidney stones"}).changed[-2]
    assert [line.new.text for line in related.lines] == ["Kidney stones", "Page number 8"]


def make_named_sections():
    return [make_section(kind, heading=kind.title()) for kind in ("overview", "symptoms", "causes")]


def test_a_part_is_named_as_the_checks_name_it_and_knows_its_place_on_the_page():
    old = make_content(sections=[make_section("causes", heading="Why me?"), make_section("symptoms", heading="")])
    parts = compare(old, old).parts
    assert [(part.label, part.where) for part in parts if part.label.startswith("Section")] == [
        ("Section “Why me?”", "causes"),
        ("Section “Symptoms”", "symptoms"),
    ]
    anchors = {part.where for part in parts} - {""}
    assert anchors == {part.where for part in parts_of(old)} - {"picture"}


def test_a_section_that_moved_says_from_where_to_where():
    overview, symptoms, causes = make_named_sections()
    old = make_content(sections=[overview, symptoms, causes])
    [part] = compare(old, make_content(sections=[causes, overview, symptoms])).changed
    assert (part.label, part.state, part.places) == ("Section “Causes”", State.MOVED, (3, 1))


def test_a_removed_section_follows_the_section_that_it_followed():
    overview, symptoms, causes = make_named_sections()
    parts = compare(
        make_content(sections=[overview, symptoms, causes]), make_content(sections=[overview, causes])
    ).parts
    sections = [(part.label, part.state) for part in parts if part.label.startswith("Section")]
    assert sections[1] == ("Section “Symptoms”", State.REMOVED)


def test_a_reworded_question_is_one_that_changed():
    new = make_content(faqs=[make_faq("Will it pass?"), make_faq("May I still run?", "<p>Yes.</p>")])
    assert changed(make_content(), new) == [("Question “May I still run?”", "changed")]


def test_a_reworded_question_is_known_by_its_answer_wherever_it_went():
    first, second = make_content()["faqs"]
    new = make_content(faqs=[make_faq("Entirely new?"), first | {"question": "Does it pass?"}, second])
    assert changed(make_content(), new) == [
        ("Question “Entirely new?”", "added"),
        ("Question “Does it pass?”", "changed"),
    ]


def test_a_source_is_known_by_its_title_or_its_link():
    old = make_content(sources=[make_source("One", url="https://a.example/"), make_source("Two")])
    new = make_content(
        sources=[make_source("One, second edition", url="https://a.example/"), make_source("Two", seen="May 2024")]
    )
    assert changed(old, new) == [("Source “One, second edition”", "changed"), ("Source “Two”", "changed")]


def test_the_summary_counts_parts_and_words():
    old = make_content(picture=PICTURE)
    new = make_content(picture=None, name="Gout and you", summary="Crystals in joints.")
    assert compare(old, new).summary == "3 parts, 3 words added, 4 removed"
    assert compare(old, old).summary == "No difference"
    assert compare(make_content(), make_content(aliases=[])).summary == "1 part, 1 word removed"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<p>word other</p>" * 12_000, "<p>word others</p>" * 12_000),
        (f"<p>{'the pain ' * 22_000}</p>", f"<p>{'pain the ' * 22_000}</p>"),
        (
            "".join(f"<p>{n} {'in the arm there is pain ' * 12}</p>" for n in range(600)),
            "".join(f"<p>{n} {'in an arm there was pain ' * 12}</p>" for n in range(600)),
        ),
    ],
)
def test_a_huge_section_is_compared_in_a_bounded_time(old, new):
    assert len(old) > 180_000
    start = time.process_time()
    lines = compare_blocks(blocks_of(old), blocks_of(new))
    assert sum(line.count(State.ADDED) for line in lines) > 0
    assert time.process_time() - start < 4  # about half a second on an idle machine


@pytest.mark.django_db
def test_a_composed_content_is_compared():
    condition = make_condition(faqs={"Why?": "<p>So.</p>"}, tags=[("symptom", "Pain")], sources=["A", "B"])
    before = compose(condition)
    condition.sections.update(body="<p>Something else.</p>")
    condition.refresh_from_db()
    assert changed(before, compose(condition)) == [("Section “Overview”", "changed")]
