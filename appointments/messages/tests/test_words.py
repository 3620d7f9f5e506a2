"""The words of each mail, in both of its parts, compared with those that were approved (`words/`)."""

import re
from pathlib import Path

import pytest

from appointments.message_kinds import KINDS
from appointments.messages import words
from appointments.messages.tests.mails import VARIANTS, context
from appointments.models import Message

WORDS = Path(__file__).parent / "words"
SCRIPT = "<p>Hello</p><a class='action' href='https://evil.example'>Click</a><script>alert(1)</script>"


def approved(kind: str, part: str) -> list[str]:
    """The words of one part of a mail: text or HTML, in one variant."""
    sections = re.split(r"^=== (.+)\n", (WORDS / f"{kind}.txt").read_text(), flags=re.MULTILINE)
    return dict(zip(sections[1::2], sections[2::2], strict=True))[part].split()


def test_every_kind_of_message_is_registered_with_approved_words():
    assert sorted(KINDS) == sorted(Message.Kind.values) == sorted(path.stem for path in WORDS.iterdir())


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kind", Message.Kind.values)
def test_a_mail_says_the_approved_words(kind, variant):
    found = words.render(KINDS[kind].template, context(kind, variant))
    assert [*found.subject.split(), *found.text.split()] == approved(kind, f"text, {variant}")
    body = re.sub(r"<[^>]*>", "", found.html.partition("<body>")[2])
    visible = body.replace("&lt;", "<").replace("&gt;", ">").replace("&#x27;", "'").replace("&amp;", "&")
    assert visible.split() == approved(kind, f"HTML, {variant}")


def test_the_text_part_keeps_the_layout_of_the_details():
    found = words.render(KINDS["confirmation"].template, context("confirmation", "in person"))
    assert (
        """\
Your appointment is booked.

When:      Monday 1 June 2099, 10:00am to 10:45am, London time
With:      Dr O'Neill & Kim
How:       In person, at Main & building, 1 Example Street, Somewhere.
           Ring
           the bell <twice>
Reference: ABCD 2345

See, move or cancel your appointment:
https://clinic.example/appointment/token/

The link is only for you. Do not pass it on.
"""
        in found.text
    )


@pytest.mark.parametrize("field", ["name", "clinician"])
def test_markup_in_a_value_stays_words_in_both_parts(field):
    found = words.render(KINDS["confirmation"].template, context("confirmation", "in person") | {field: SCRIPT})
    assert SCRIPT in found.text
    assert "evil.example" not in re.sub(r"&lt;.*&gt;", "", found.html)
    assert "<script" not in found.html
