"""The rules for prose in the code (scripts/lint_prose.py), and that their check finds an offence."""

import pytest

from lint_prose import MOST_ALLOWED_LINES, Finding, allowed_lines, check, findings, offences
from tests.running import ROOT


def test_docstrings_comments_and_test_names_keep_the_rules_for_prose():
    assert findings() == []


def test_each_exception_is_still_needed():
    entries = allowed_lines()
    assert len(entries) <= MOST_ALLOWED_LINES
    unused = [
        (path, phrase)
        for path, phrase in entries
        if not any(phrase in found.text for found in check(path, (ROOT / path).read_text()))
    ]
    assert unused == []


@pytest.mark.parametrize(
    "text",
    [
        "Who comes late is told so.",
        "What is held is deleted.",
        "Nobody reads it.",
        "A hold is kept, and somebody else waits.",
        "Says what was changed.",
        "Those who book.",
        "The list of\nwho books.",
        "Whose it is says the row.",
        "Rows of those whose time has come.",
    ],
)
def test_a_clause_with_a_riddling_subject_is_found(text):
    assert list(offences(text)) != []


@pytest.mark.parametrize(
    "text",
    [
        "Patients who rebook keep their list.",
        "A clinician\nwho is away has no slots.",
        "Slots whose hold expired are offered again.",
        "A page, whose sections are frozen.",
        "The field `what` holds the description.",
        'The answer to "Who referred you?" is free text.',
    ],
)
def test_a_relative_clause_after_its_noun_and_a_quotation_are_free(text):
    assert list(offences(text)) == []


def test_docstrings_comments_and_names_of_tests_are_prose():
    source = '"""Nobody."""\n\n# Whoever\nX = 1\n\n\ndef test_what_is():\n    """Somebody."""\n    assert "who" == X\n'
    found = [(line, text) for _, line, text in check("a.py", source)]
    assert sorted(found) == [(1, "Nobody."), (3, "Whoever"), (7, "what is"), (8, "Somebody.")]


def test_the_name_of_a_test_has_under_80_characters():
    name = "test_" + "a" * 75
    assert list(check("a.py", f"def {name}(): ...")) == [Finding("a.py", 1, f"{name} has 80 characters")]
    assert list(check("a.py", f"def {name[:-1]}(): ...")) == []
