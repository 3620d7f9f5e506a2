import shutil
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from conditions.exchange.files import ExchangeError
from conditions.models import FAQ, Condition, Edition, GeneralPage, Listing, Tag
from conditions.starter import loading

pytestmark = pytest.mark.django_db

GOOD = {
    "slug": "gout",
    "name": "Gout",
    "summary": "Crystals in a joint.",
    "sections": [{"kind": "overview", "heading": "What is it?", "body": "<p>Crystals.</p>"}],
    "sources": [{"title": "A textbook", "publisher": "A publisher"}],
    "symptoms": ["Pain"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of starter files without conditions."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pages").mkdir()
    write(tmp_path / "tags.yaml", {"symptoms": ["Pain"], "body_areas": [], "specialties": []})
    write(tmp_path / "faqs.yaml", [])
    return tmp_path


def write(path: Path, data: object) -> None:
    path.write_text(yaml.safe_dump(data, allow_unicode=True))


def everything() -> list:
    models = [Condition, Edition, FAQ, GeneralPage, Listing, Tag]
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_the_starter_content_loads_complete_and_a_second_time_changes_nothing():
    report = loading.load()
    assert sorted(report.conditions) == [
        "Brain calcification",
        "Calcified lesions",
        "Calcinosis universalis",
        "Symmetrical thalamic calcifications",
    ]
    assert Listing.objects.filter(stored_picture__isnull=False).count() == 4
    assert set(GeneralPage.objects.values_list("slug", flat=True)) == {
        "about",
        "accessibility",
        "editorial-policy",
        "emergency-help",
        "privacy",
    }
    before = everything()
    assert loading.load() == loading.Report()
    assert everything() == before


def test_changes_by_staff_are_not_overwritten(folder):
    write(folder / "gout.yaml", GOOD)
    loading.load(folder)
    Condition.objects.update(summary="Changed by staff.")
    loading.load(folder)
    assert Condition.objects.get().summary == "Changed by staff."


def test_the_starter_pages_claim_no_review():
    loading.load()
    assert set(Edition.objects.values_list("status", "reviewer_name")) == {("unreviewed", "")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, "gout.yaml: name: must be text"),
        ({"name": ""}, "gout.yaml: name: This field cannot be blank."),
        ({"slug": "Gout!"}, "gout.yaml: slug: Use small letters, digits and single hyphens only."),
        ({"summary": "x" * 301}, "gout.yaml: summary: "),
        ({"summry": "x"}, "gout.yaml: summry: is not a field of this file"),
        ({"sections": "text"}, "gout.yaml: sections: must be a list"),
        ({"sections": ["text"]}, "gout.yaml: sections[1].: must hold names and values"),
        ({"sections": [{"kind": "overview", "heading": "A"}]}, "gout.yaml: sections[1].body: is missing"),
        (
            {"sections": [{"kind": "miracles", "heading": "A", "body": "<p>b</p>"}]},
            "gout.yaml: sections[1].kind: “miracles” is not one of overview",
        ),
        ({"sections": [*GOOD["sections"], dict(GOOD["sections"][0])]}, "gout.yaml: sections[2]: Section with this"),
        ({"symptoms": ["Paine"]}, "gout.yaml: symptoms: “Paine” is not in tags.yaml"),
        ({"symptoms": "Pain"}, "gout.yaml: symptoms: must be a list of texts"),
        ({"related": ["lupus"]}, "gout.yaml: related: there is no condition “lupus”"),
        ({"sources": [{"title": "A"}]}, "gout.yaml: sources[1].publisher: is missing"),
        ({"sources": [{"title": "A", "publisher": "B", "url": "javascript:x"}]}, "gout.yaml: sources[1].url: "),
        ({"picture": {"file": "none.svg", "alt": "A"}}, "gout.yaml: picture.file: pictures/none.svg cannot be read"),
        ({"name": "a\x00b"}, "gout.yaml: name: holds the character U+0000"),
        ({"key_facts": ["a\x07b"]}, "gout.yaml: key_facts[1]: holds the character U+0007"),
        ({"slug": "lesions"}, "gout.yaml: slug: “lesions” is the slug of good.yaml too"),
        (
            {"sections": [GOOD["sections"][0] | {"body": "<script>x</script>"}]},
            "gout.yaml: sections[1].body: Write some",
        ),
        ({"sections": [GOOD["sections"][0] | {"body": "<p>&nbsp;</p>"}]}, "gout.yaml: sections[1].body: Write some"),
        ({"also_known_as": ["Other", "Other"]}, "gout.yaml: also_known_as[2]: "),
        ({"featured": "no"}, "gout.yaml: featured: must be true or false"),
        ({"picture": {"file": "a.svg", "decorative": "yes"}}, "gout.yaml: picture.decorative: must be true or false"),
        ({"picture": {"file": "a.svg"}}, "gout.yaml: Say what the picture shows"),
        ({"picture": {"file": "bad.svg", "alt": "A"}}, "gout.yaml: picture: The SVG holds something other"),
        ({"faqs": [{"question": "Why?"}]}, "gout.yaml: faqs[1].answer: is missing"),
    ],
)
def test_a_mistake_names_the_file_and_the_field_and_loads_nothing(folder, change, message):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3">{}</svg>'
    (folder / "pictures" / "a.svg").write_text(svg.format(""))
    (folder / "pictures" / "bad.svg").write_text(svg.format("<script/>"))
    picture = {"picture": {"file": "a.svg", "alt": "A vessel"}}
    write(folder / "good.yaml", GOOD | picture | {"slug": "lesions", "name": "Lesions"})
    write(folder / "gout.yaml", GOOD | change)
    with pytest.raises(ExchangeError) as caught:
        loading.load(folder)
    assert str(caught.value).startswith(message)
    assert everything() == [[], [], [], [], [], []]
    assert loading.stored_pictures() == set()


def test_a_name_that_stands_twice_is_refused(folder):
    (folder / "gout.yaml").write_text("name: One\nname: Two\n")
    with pytest.raises(ExchangeError, match="gout.yaml: cannot be read: “name” stands there twice"):
        loading.load(folder)


@pytest.mark.parametrize("slug", ["conditions", "admin", "search", "second-opinion", "faqs"])
def test_a_general_page_does_not_take_an_address_of_the_site(folder, slug):
    page = {"slug": slug, "title": "Title", "summary": "Summary.", "body": "<p>Body</p>"}
    write(folder / "pages" / "page.yaml", page)
    with pytest.raises(ExchangeError, match="page.yaml: slug: The site uses this address"):
        loading.load(folder)


@pytest.mark.parametrize("text", ["a: [", "\tkey: value", "- a\n- b", "text", "", "\xff\xfe"])
def test_a_file_that_is_no_starter_file_is_named(folder, text):
    (folder / "gout.yaml").write_bytes(text.encode("latin-1"))
    with pytest.raises(CommandError, match=r"Nothing was loaded. gout.yaml: "):
        call_command("load_starter", folder=folder)
    assert not Tag.objects.exists()


def test_a_missing_file_is_named(folder):
    (folder / "tags.yaml").unlink()
    with pytest.raises(CommandError, match=r"tags.yaml: cannot be read"):
        call_command("load_starter", folder=folder)


def test_a_picture_with_the_same_content_is_stored_once(folder, settings):
    shutil.copy(loading.FOLDER / "pictures" / "calcified-lesions.svg", folder / "pictures" / "a.svg")
    for slug in ("gout", "lupus"):
        picture = {"file": "a.svg", "alt": "A vessel"}
        write(folder / f"{slug}.yaml", GOOD | {"slug": slug, "name": slug.title(), "picture": picture})
    loading.load(folder)
    assert len(list((Path(settings.MEDIA_ROOT) / "conditions").iterdir())) == 1
    assert Condition.objects.values("picture").distinct().count() == 1
