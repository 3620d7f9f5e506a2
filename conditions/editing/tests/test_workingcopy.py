"""Writing a page file into a working copy: a page that moves or goes back, and mistakes that store nothing."""

import shutil
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from hypothesis import given
from hypothesis import strategies as st

from conditions.composing import compose
from conditions.editing import workingcopy
from conditions.exchange import page_files
from conditions.exchange.files import ExchangeError
from conditions.exchange.tests.test_page_files import GOOD, upload
from conditions.models import FAQ, Alias, Condition, Edition, Listing, Section, Source, Tag
from conditions.publishing.tests.test_pictures import drawing, photograph
from conditions.starter import loading
from conditions.tests.factories import make_condition, make_live
from conditions.tests.generated import as_anybody_writes, as_the_editor_writes, made, working_copies

pytestmark = pytest.mark.django_db


def write(page_file: page_files.PageFile, condition: Condition | None = None) -> workingcopy.Written:
    return workingcopy.write(page_file, file="gout.yaml", condition=condition)


def everything() -> list:
    """Every row of every working copy, but for the time of its last change."""
    links = [Condition.tags.through, Condition.related.through]
    tables = [model.objects.order_by("pk").values() for model in [Condition, Alias, Section, FAQ, Source, Tag, *links]]
    return [[{name: row[name] for name in row.keys() - {"updated_at"}} for row in rows] for rows in tables]


@given(working_copies(as_anybody_writes), working_copies(as_anybody_writes), st.integers(0, 2))
def test_a_working_copy_goes_back_to_an_edition(then, now, related):
    condition = made(then, related)
    content = compose(condition)
    later = compose(make_condition(name="Later", **now)) | {"slug": "gout-later", "name": "Gout, later"}
    assert compose(write(page_files.from_content(later), condition).condition) == later
    written = write(page_files.from_content(content), condition)
    assert compose(written.condition) == content
    assert (written.condition.pk, written.unknown_pages, written.picture_missing) == (condition.pk, [], False)


@given(working_copies(as_the_editor_writes), st.integers(0, 2))
def test_a_page_moves_to_a_site_that_has_nothing_of_it(settings, fields, related):
    condition = made(fields, related)
    content = compose(condition)
    text = page_files.to_yaml(page_files.from_condition(condition))
    condition.delete()
    Tag.objects.all().delete()
    shutil.rmtree(Path(settings.MEDIA_ROOT))
    written = write(upload(text))
    assert compose(written.condition) == content
    assert written.condition.review_months == fields["review_months"]
    assert set(written.new_tags) == {tag["name"] for tags in content["tags"].values() for tag in tags}


@given(working_copies(as_anybody_writes), working_copies(as_anybody_writes))
def test_a_second_import_of_the_same_file_changes_nothing(fields, before):
    text = page_files.to_yaml(page_files.from_condition(made(fields)))
    condition = made(before)
    write(upload(text), condition)
    first = everything()
    written = write(upload(text), condition)
    assert everything() == first
    assert written.new_tags == []


def test_parts_that_stay_are_the_same_rows_and_the_public_page_stays():
    condition = make_live(
        name="Gout",
        sections={"overview": "<p>Old</p>", "causes": "<p>Old</p>", "history": "<p>Old</p>"},
        faqs={"Why?": "<p>Old</p>", "When?": "<p>Old</p>"},
    )
    source = condition.sources.create(title="A textbook", publisher="Old", url="https://example.org/", seen="2020")
    before = {section.kind: section.pk for section in condition.sections.all()}
    why = condition.faqs.get(question="Why?").pk
    public = [list(model.objects.values()) for model in [Edition, Listing]]
    parts = [{"kind": kind, "heading": "New", "body": "<p>New</p>"} for kind in ["causes", "outlook", "overview"]]
    questions = [{"question": question, "answer": "<p>New</p>"} for question in ["What now?", "Why?"]]
    written = write(upload(GOOD | {"sections": parts, "faqs": questions}), condition).condition
    rows = list(written.sections.values_list("kind", "position", "heading", "body"))
    assert rows == [(kind, n * 10, "New", "<p>New</p>") for n, kind in enumerate(["causes", "outlook", "overview"], 1)]
    after = {section.kind: section.pk for section in written.sections.all()}
    assert {kind: pk for kind, pk in after.items() if kind != "outlook"} == {
        kind: pk for kind, pk in before.items() if kind != "history"
    }
    assert list(written.faqs.values_list("question", "position")) == [("What now?", 10), ("Why?", 20)]
    assert written.faqs.get(question="Why?").pk == why
    assert list(written.sources.values_list("pk", "title", "publisher", "url", "seen")) == [
        (source.pk, "A textbook", "A publisher", "", "")
    ]
    assert [list(model.objects.values()) for model in [Edition, Listing]] == public
    assert written.live_edition_id == condition.live_edition_id


def test_new_and_left_out_parts_are_told():
    make_condition(name="Lupus")
    extra = {
        "symptoms": ["Pain"],
        "related": ["lupus", "elsewhere"],
        "picture": {"file": "gone.svg", "alt": "A joint"},
    }
    written = write(upload(GOOD | extra))
    assert (written.new_tags, written.unknown_pages, written.picture_missing) == (["Pain"], ["elsewhere"], True)
    assert [other.name for other in written.condition.related.all()] == ["Lupus"]
    assert (written.condition.picture, written.condition.review_months) == ("", 36)


def test_a_tag_that_was_renamed_is_found_at_its_address():
    tag = Tag.objects.create(kind="symptom", name="Aches", slug="pain")
    written = write(upload(GOOD | {"symptoms": ["Pain"]}))
    assert (list(written.condition.tags.all()), written.new_tags) == ([tag], [])


def test_a_replaced_picture_stays_for_the_editions_that_show_it():
    picture = {"file": "a.svg", "alt": "A joint", "content": drawing().read()}
    condition = write(upload(GOOD | {"picture": picture})).condition
    old = condition.picture.name
    content = compose(condition)
    new = picture | {"file": "b.png", "content": photograph().read()}
    condition = write(upload(GOOD | {"picture": new}), condition).condition
    assert condition.picture.name != old
    assert default_storage.exists(old)
    assert compose(write(page_files.from_content(content), condition).condition) == content


def test_a_document_that_is_silent_about_the_months_between_reviews_leaves_them():
    condition = make_condition(name="Gout", review_months=6)
    assert write(page_files.from_content(compose(condition)), condition).condition.review_months == 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "x" * 300}, "gout.yaml: name: Ensure this value has at most 120 characters"),
        ({"name": "Lupus"}, "gout.yaml: name: “Lupus” is the name of another condition, at “lupus”"),
        ({"slug": "lupus"}, "gout.yaml: slug: “lupus” is the address of another condition, “Lupus”"),
        ({"summry": "x", "\x00key" * 40: 1}, "gout.yaml: " + "key" * 19 + "ke…: is not a field of this file"),
        ({"also_known_as": ["A", "A"]}, "gout.yaml: also_known_as[2]: Other name with this"),
        ({"sections": [*GOOD["sections"], dict(GOOD["sections"][0])]}, "gout.yaml: sections[2]: Section with this"),
        ({"faqs": [{"question": "Why?", "answer": n} for n in "ab"]}, "gout.yaml: faqs[2]: Question with this"),
        ({"faqs": [{"question": "Why?", "answer": "<script>x</script>"}]}, "gout.yaml: faqs[1].answer: Write some"),
        ({"sources": [{"title": "A", "publisher": "B", "url": "javascript:x"}]}, "gout.yaml: sources[1].url: Enter"),
        ({"symptoms": [True]}, "gout.yaml: symptoms[1]: must be text"),
        ({"symptoms": [["Pain"]]}, "gout.yaml: symptoms[1]: must be text"),
        ({"symptoms": [{"name": "Pain"}]}, "gout.yaml: symptoms[1].slug: is missing"),
        ({"symptoms": ["头痛"]}, "gout.yaml: symptoms “头痛”.slug: This field cannot be blank."),
        ({"review_months": "often"}, "gout.yaml: review_months: must be a whole number of months"),
        ({"review_months": 37}, "gout.yaml: review_months: Ensure this value is less than or equal to 36."),
        ({"picture": {"file": "a.svg", "content": "x"}}, "gout.yaml: picture.content: must be the picture itself"),
        ({"picture": {"file": "a.svg", "content": b"<svg/>"}}, "gout.yaml: picture: The file is not an SVG drawing."),
        ({"picture": {"file": "a.exe", "content": b"MZ"}}, "gout.yaml: picture: Choose a picture of the type"),
        ({"picture": {"file": "a.svg", "content": drawing().read()}}, "gout.yaml: Say what the picture shows"),
        ({"key_facts": ["x"] * 201}, "gout.yaml: key_facts: must hold at most 200"),
    ],
)
def test_a_mistake_is_told_with_its_field_and_nothing_is_stored(change, message):
    make_condition(name="Lupus")
    before = everything()
    picture = {"file": "a.svg", "alt": "A joint", "content": drawing().read()}
    with pytest.raises(ExchangeError) as caught:
        write(upload({"picture": picture} | GOOD | change))
    assert str(caught.value).startswith(message)
    assert everything() == before
    assert loading.stored_pictures() == set()


@pytest.mark.parametrize("file", ["..", "../../secret.svg", "/etc/passwd", "", "a" * 5000, "."])
def test_a_pictures_name_leads_nowhere_else(file):
    condition = write(upload(GOOD | {"picture": {"file": file, "alt": "A joint"}})).condition
    assert condition.picture == ""


def test_scripts_in_a_file_never_reach_the_page():
    body = "<p onclick=x()>Safe</p><script>alert(1)</script><a href='javascript:x'>link</a>"
    written = write(upload(GOOD | {"sections": [GOOD["sections"][0] | {"body": body}]}))
    assert compose(written.condition)["sections"][0]["html"] == "<p>Safe</p><a>link</a>"


def test_a_picture_with_the_same_content_is_stored_once():
    for slug in ["gout", "lupus"]:
        picture = {"file": f"{slug}.svg", "alt": "A joint", "content": drawing().read()}
        write(upload(GOOD | {"slug": slug, "name": slug.title(), "picture": picture}))
    assert len(loading.stored_pictures()) == 1


def test_a_picture_keeps_the_name_that_it_is_stored_under():
    name = default_storage.save("conditions/a_Xy12.svg", drawing())
    condition = make_condition(picture=name, picture_alt="A joint")
    page_file = page_files.from_condition(condition)
    assert write(page_file, condition).condition.picture.name == name
    del page_file["picture"]["content"]
    assert write(page_file, condition).condition.picture.name == name


def test_a_picture_that_cannot_be_stored_leaves_everything_as_it_was(settings):
    Path(settings.MEDIA_ROOT).mkdir()
    (Path(settings.MEDIA_ROOT) / "conditions").write_text("A file where the folder should be.")
    before = everything()
    picture = {"file": "a.svg", "alt": "A joint", "content": drawing().read()}
    with pytest.raises(ExchangeError, match="gout.yaml: picture: could not be stored. Try again later."):
        write(upload(GOOD | {"picture": picture}))
    assert everything() == before
