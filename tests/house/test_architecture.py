"""Rules about the place and the dependencies of code (docs/architecture.md), checked on the source itself."""

import ast
import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from importlib import import_module
from inspect import isclass, isfunction
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.running import ROOT

PACKAGES = ["calcsite", "conditions", "appointments"]
OURS = [*PACKAGES, "tests", "scripts", "benchmarks"]
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
ALL_PYTHON = [path for package in OURS for path in sorted((ROOT / package).rglob("*.py"))]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SOURCES = {path: path.read_text() for path in [*ALL_PYTHON, *TEMPLATES]}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(SOURCES[path])


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


IN_PROJECT = {module_of(path) for path in MODULES}


def imports(path: Path) -> Iterator[str]:
    """The modules of the project that a module imports when it is loaded."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in IN_PROJECT else str(node.module)


def is_test(path: Path) -> bool:
    return "tests" in path.relative_to(ROOT).parts


def test_content_never_imports_booking():
    found = [
        f"{name_of(path)} imports {name}"
        for path in MODULES
        if path.relative_to(ROOT).parts[0] == "conditions"
        for name in imports(path)
        if name.split(".")[0] == "appointments"
    ]
    assert found == []


def test_the_project_imports_no_app_but_to_put_them_together():
    together = {"calcsite/urls.py", "calcsite/settings.py"}
    found = [
        f"{name_of(path)} imports {name}"
        for path in MODULES
        if path.relative_to(ROOT).parts[0] == "calcsite" and name_of(path) not in together and not is_test(path)
        for name in imports(path)
        if name.split(".")[0] in {"conditions", "appointments"}
    ]
    assert found == []


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """For each module, a chain of imports that leads back to it."""
    found = []
    for start in sorted(graph):
        ways = [[start]]
        seen = set()
        while ways:
            way = ways.pop()
            for following in sorted(graph.get(way[-1], ())):
                if following == start:
                    found.append([*way, start])
                    ways = []
                    break
                if following not in seen:
                    seen.add(following)
                    ways.append([*way, following])
    return found


def test_no_module_imports_itself_by_way_of_others():
    graph = {module_of(path): {name for name in imports(path) if name in IN_PROJECT} for path in MODULES}
    assert len(graph) > 30
    assert cycles(graph) == []


def test_a_cycle_would_be_found():
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})[0] == ["a", "b", "c", "a"]
    assert cycles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_imports_stand_at_the_top_of_a_module():
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    found = [
        f"{name_of(path)}:{inner.lineno}"
        for path in ALL_PYTHON
        for outer in ast.walk(tree_of(path))
        if isinstance(outer, functions)
        for inner in ast.walk(outer)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert found == []


def test_the_only_signal_is_the_one_that_puts_triggers_and_indexes_in_place():
    found = [
        line.strip()
        for path in MODULES
        if not is_test(path)
        for line in SOURCES[path].splitlines()
        if re.search(r"@receiver|\.connect\(|Signal\(|django\.dispatch|signals import", line) and "sqlite3" not in line
    ]
    expected = r"from django.db.models.signals import post_migrate|post_migrate.connect\(install_\w+, sender=self\)"
    others = [line for line in found if not re.fullmatch(expected, line) and "psycopg.connect(" not in line]
    assert others == []


def test_html_is_declared_safe_in_one_module():
    found = {name_of(path) for path in MODULES if "mark_safe" in SOURCES[path] and not is_test(path)}
    assert found == {"conditions/richtext/__init__.py"}


@pytest.mark.parametrize("pattern", [r"\|\s*safe\b", r"autoescape\s+off", r"\|\s*safeseq\b"])
def test_no_template_declares_anything_safe(pattern):
    assert [name_of(path) for path in TEMPLATES if re.search(pattern, SOURCES[path])] == []


@pytest.mark.parametrize("pattern", [r"<style\b", r"\sstyle\s*=", r"\son\w+\s*=\s*[\"']", r"javascript:"])
def test_no_template_holds_a_style_or_a_handler(pattern):
    """Except the base of e-mails, which cannot load a style sheet."""
    found = [name_of(path) for path in TEMPLATES if re.search(pattern, SOURCES[path], re.IGNORECASE)]
    assert set(found) <= {"templates/appointments/messages/emails/base.html"}


def test_a_script_in_a_template_is_a_file_or_data():
    scripts = [(name_of(path), tag) for path in TEMPLATES for tag in re.findall(r"<script\b[^>]*>", SOURCES[path])]
    assert scripts
    assert [found for found in scripts if " src=" not in found[1] and "application/ld+json" not in found[1]] == []


def test_templates_load_nothing_from_elsewhere():
    pattern = r"<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)\s*=\s*[\"'](?:https?:)?//"
    assert [name_of(path) for path in TEMPLATES if re.search(pattern, SOURCES[path])] == []


def private_overrides(kind: type) -> list[str]:
    """The methods of a library that `kind` overrides although their names begin with an underscore."""
    own = {name for name, value in vars(kind).items() if re.match(r"_[^_]", name) and isfunction(value)}
    theirs = [base for base in kind.__mro__[1:] if base.__module__.partition(".")[0] not in OURS]
    return sorted(f"{kind.__qualname__}.{name}" for name in own if any(name in vars(base) for base in theirs))


def test_no_class_overrides_a_private_method_of_a_library():
    kinds = {
        kind
        for name in (module_of(path) for path in MODULES if not is_test(path))
        for kind in vars(import_module(name)).values()
        if isclass(kind) and kind.__module__ == name and not issubclass(kind, Enum)  # Enum writes its own into each
    }
    assert len(kinds) > 100
    assert [found for kind in kinds for found in private_overrides(kind)] == []


def test_an_override_of_a_private_method_would_be_found():
    class Wrapper(BaseDatabaseWrapper):
        def _commit(self) -> None:
            """Commit."""

    assert [name.rpartition(".")[2] for name in private_overrides(Wrapper)] == ["_commit"]


def test_the_database_backends_are_djangos_own():
    assert connection.settings_dict["ENGINE"] in {"django.db.backends.sqlite3", "django.db.backends.postgresql"}


def test_files_stay_small():
    limits = [(ALL_PYTHON, 400), (TEMPLATES, 80)]
    too_long = [
        f"{name_of(path)}: {len(SOURCES[path].splitlines())} lines"
        for paths, limit in limits
        for path in paths
        if len(SOURCES[path].splitlines()) >= limit and "migrations" not in path.parts
    ]
    assert too_long == []


def test_functions_stay_small():
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    too_long = [
        f"{name_of(path)}: {node.name}"
        for path in ALL_PYTHON
        for node in ast.walk(tree_of(path))
        if isinstance(node, functions) and node.end_lineno - node.lineno >= 40
    ]
    assert too_long == []


def test_no_test_is_skipped_or_expected_to_fail_and_nothing_of_ours_is_mocked():
    skipped = r"\bskip(?:if|_?test)?\b\s*\(|mark\.skip|importorskip|xfail\(|mark\.xfail"
    mocked = r"unittest\.mock|patch\.setattr|\bmocker\b"
    paths = [path for path in ALL_PYTHON if is_test(path) and path != Path(__file__)]
    assert [name_of(path) for path in paths if re.search(f"{skipped}|{mocked}", SOURCES[path])] == []


def test_nothing_is_left_for_later_in_the_code():
    banned = r"\b(?:TODO|FIXME|XXX)\b|lorem ipsum|coming soon"
    paths = [path for path in [*ALL_PYTHON, *TEMPLATES] if path != Path(__file__)]
    assert [name_of(path) for path in paths if re.search(banned, SOURCES[path], re.IGNORECASE)] == []


def installed_triggers() -> set[tuple[str, str]]:
    """The triggers of the database, each with its table."""
    queries = {
        "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
    }
    with connection.cursor() as cursor:
        cursor.execute(queries[connection.vendor])
        return set(cursor.fetchall())


@pytest.mark.django_db
def test_every_trigger_that_an_app_names_is_in_the_database():
    named = {
        (f"{trigger.name}_{event.lower()}", trigger.table)
        for app in apps.get_app_configs()
        for trigger in getattr(app, "triggers", ())
        if trigger.only_on in {"", connection.vendor}
        for event in trigger.events
    }
    assert named - installed_triggers() == set()
    assert {"edition_is_frozen_update", "edition_is_kept_delete"} <= {name for name, _ in named}
