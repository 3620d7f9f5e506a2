"""No sentence of the source documents of the content is anywhere in the project."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browsing import PUBLIC
from tests.content.wording import known, shared_runs, shingles, words
from tests.plainhttp import fetch
from tests.running import ROOT

pytestmark = pytest.mark.looks

TEXTS = {".md", ".txt", ".html", ".yaml", ".yml", ".json", ".py", ".toml", ".js", ".css", ".svg"}
NOT_OURS = {"var", "vendor", "node_modules", "__pycache__"}


def project_texts() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") or part in NOT_OURS for part in parts)
        if path.suffix in TEXTS and path.is_file() and not hidden:
            yield path


def test_no_file_shares_nine_words_in_a_row_with_the_documents():
    shared = {str(path): runs for path in project_texts() if (runs := shared_runs(path.read_text(errors="replace")))}
    assert shared == {}


@pytest.mark.parametrize("path", PUBLIC.values(), ids=PUBLIC.keys())
def test_no_page_shares_nine_words_in_a_row_with_the_documents(site, path):
    answer = fetch(site, path)
    assert (answer.status, shared_runs(answer.text)) == (200, [])


def test_the_search_for_shared_words_covers_the_content_and_the_documents():
    files = {path.relative_to(ROOT).parts[0] for path in project_texts()}
    assert {"conditions", "appointments", "templates", "docs", "calcsite"} <= files
    assert len(known()) > 4000


def test_markup_apostrophes_and_capitals_do_not_hide_a_shared_run():
    plain = "the doctors word is not the last one you hear"
    dressed = "<p>The <em>doctor’s</em> word,\nis NOT the last one; you hear!</p>"
    assert list(shingles(words(dressed))) == list(shingles(words(plain)))
