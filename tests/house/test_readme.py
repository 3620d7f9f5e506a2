"""The README's pictures, and the version that CHANGELOG.md, pyproject.toml and the package name."""

import re
import tomllib

import calcsite
from picture_scenes import SCENES
from take_pictures import LARGEST_BYTES
from tests.running import ROOT

PACKAGES = ["calcsite", "conditions", "appointments"]
IMAGES = ROOT / "docs" / "img"
README = (ROOT / "README.md").read_text()
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()


def test_readme_shows_every_picture_that_make_pictures_takes():
    shown = re.findall(r"!\[([^\]]+)\]\(docs/img/(\w+)\.png\)", README)
    assert sorted(name for _, name in shown) == sorted(SCENES)
    assert README.count("docs/img/") == len(SCENES)


def test_the_folder_of_pictures_holds_no_others_and_none_is_large():
    pictures = {path.stem: path.stat().st_size for path in IMAGES.glob("*.png")}
    assert pictures.keys() == SCENES.keys()
    assert {name: size for name, size in pictures.items() if size > LARGEST_BYTES} == {}


def test_the_newest_version_has_a_date_and_is_that_of_the_package():
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", CHANGELOG, re.MULTILINE)
    headings = re.findall(r"^## .+$", CHANGELOG, re.MULTILINE)
    assert headings[0] == "## [Unreleased]"
    assert len(headings) == 1 + len(released)
    assert released[0] == calcsite.__version__
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == calcsite.__version__


def test_every_link_of_readme_and_contributing_leads_to_a_file():
    texts = README + (ROOT / "CONTRIBUTING.md").read_text()
    links = set(re.findall(r"\]\(([^)]+)\)", texts))
    assert len(links) > len(SCENES)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_room_on_the_map_is_a_folder():
    rows = dict(re.findall(r"^\| `(\w+)/` \| (.+) \|$", README, re.MULTILINE))
    rooms = [f"{house}/{room}" for house in PACKAGES for room in re.findall(r"`(\w+)`", rows[house])]
    assert len(rooms) > 20
    assert [room for room in [*rows, *rooms] if not (ROOT / room).is_dir()] == []
