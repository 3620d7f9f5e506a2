"""The rooms of the house (`[tool.calcsite.rooms]` in pyproject.toml) and the rules between them."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from draw_house import PICTURE, draw_house
from house import ROOT, TOP, Arrow, arrows_of, imported_rooms, modules_of, read_rooms

ROOMS = read_rooms()
PACKAGES = sorted(ROOMS)
FOLDERS = [*PACKAGES, "tests", "scripts", "benchmarks"]
MODULES_IN_A_FOLDER = 15
# Modules that answer a request, by the ends of their names
ANSWERS = ("views", "screens")
SUBJECTS = set(ROOMS["appointments"]) - {"choices", "models", "forms", TOP}
# Inside a room a module imports from its own level and from those before it
LEVELS = [("forms",), ("steps", "lists"), ANSWERS, ("admin", "urls")]


def against_the_order(arrows: list[Arrow], rooms: list[str]) -> list[Arrow]:
    return [arrow for arrow in arrows if rooms.index(arrow.imported) > rooms.index(arrow.room)]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_import_runs_against_the_order_of_the_rooms(package: str):
    assert against_the_order(list(arrows_of(package, ROOMS[package])), ROOMS[package]) == []


def test_an_import_against_the_order_would_be_found():
    wrong = Arrow("appointments", "models", "desk", "appointments/models/hours.py")
    assert against_the_order([wrong], ROOMS["appointments"]) == [wrong]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_is_there_and_every_folder_is_a_room(package: str):
    folders = {path.name for path in (ROOT / package).iterdir() if (path / "__init__.py").exists()}
    modules = {path.stem for path in (ROOT / package).glob("*.py")}
    assert set(ROOMS[package]) - {TOP} <= folders | modules
    assert folders - {"migrations", "management", "templatetags", "tests"} <= set(ROOMS[package])


@pytest.mark.parametrize("package", PACKAGES)
def test_the_picture_shows_the_imports_between_the_rooms(package: str):
    shown = re.findall(rf"<title>{package}\.(\w+) imports {package}\.(\w+)</title>", PICTURE.read_text())
    imported = imported_rooms(package, ROOMS[package])
    assert sorted(shown) == sorted((room, there) for room, rooms in imported.items() for there in rooms)


def test_the_picture_is_drawn_from_the_code_of_today():
    assert PICTURE.read_text() == draw_house(), "run make house"


def test_a_folder_holds_at_most_fifteen_modules():
    counts = Counter(path.parent for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    crowded = {str(folder.relative_to(ROOT)): count for folder, count in counts.items() if count > MODULES_IN_A_FOLDER}
    assert crowded == {}


def imports_of(path: Path) -> list[str]:
    """The modules of appointments that a module imports, each as “room.module”."""
    found = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("appointments."):
            name = node.module.split(".")
            found += [".".join(name[1:3])] if len(name) > 2 else [f"{name[1]}.{alias.name}" for alias in node.names]
    return found


def test_views_of_one_subject_import_no_views_of_another():
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules_of("appointments")
        if path.stem.endswith(ANSWERS)
        for name in imports_of(path)
        if name.endswith(ANSWERS) and name.split(".")[0] not in {path.parent.name, "access", "governance"}
    ]
    assert found == []


def level_of(name: str) -> int:
    return next((number for number, ends in enumerate(LEVELS, 1) if name.endswith(ends)), 0)


def test_inside_a_subject_verbs_import_no_forms_and_forms_no_views():
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules_of("appointments")
        if path.parent.name in SUBJECTS
        for name in imports_of(path)
        if name.split(".")[0] == path.parent.name and level_of(name) > level_of(path.stem)
    ]
    assert found == []
