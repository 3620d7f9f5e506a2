"""The house: the rooms of each package, in their order, and the imports between them as the code has them."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TOP = "top"  # stands for every module outside a room: urls, apps, triggers, commands, template tags
NOT_CODE = {"tests", "migrations", "conftest.py"}


class Arrow(NamedTuple):
    """One import from one room of a package to another, with the module that has it."""

    package: str
    room: str
    imported: str
    module: str


def read_rooms() -> dict[str, list[str]]:
    """The rooms of each package, from the ground floor up (`[tool.calcsite.rooms]` in pyproject.toml)."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["calcsite"]["rooms"]


def modules_of(package: str) -> list[Path]:
    """The modules of a package, tests and migrations apart."""
    paths = sorted((ROOT / package).rglob("*.py"))
    return [path for path in paths if not NOT_CODE & set(path.relative_to(ROOT).parts)]


def room_of(path: Path, rooms: list[str]) -> str:
    name = path.relative_to(ROOT).with_suffix("").parts[1]
    return name if name in rooms else TOP


def arrows_of(package: str, rooms: list[str]) -> Iterator[Arrow]:
    """Each import between two rooms of a package. An import from another package is no arrow."""
    for path in modules_of(package):
        here = room_of(path, rooms)
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[0] != package:
                continue
            for alias in node.names:
                name = f"{node.module}.{alias.name}".split(".")[1]
                there = name if name in rooms else TOP
                if there != here:
                    yield Arrow(package, here, there, str(path.relative_to(ROOT)))


def imported_rooms(package: str, rooms: list[str]) -> dict[str, list[str]]:
    """For each room the rooms that it imports, in the order of the house."""
    found: dict[str, set[str]] = {room: set() for room in rooms}
    for arrow in arrows_of(package, rooms):
        found[arrow.room].add(arrow.imported)
    return {room: sorted(found[room], key=rooms.index) for room in rooms}
