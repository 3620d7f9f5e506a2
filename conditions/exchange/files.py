"""YAML files that people write: read strictly, and refused with the name of the file and the field.

A file may come from any member of staff, so it is plain data only, and bounded in size and depth. Aliases, by which a
small file becomes a huge one, are refused.
"""

import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import models

from calcsite.errors import UserFacingError
from conditions import richtext
from conditions.richtext.layout import without_layout

MAX_BYTES = 3 * 1024 * 1024
MAX_DEPTH = 10  # a question's text is four deep
MAX_VALUES = 20_000
MAX_ITEMS = 200
MAX_CHARACTERS = 200_000  # of one text
BINARY, BOOL, NULL = (f"tag:yaml.org,2002:{name}" for name in ["binary", "bool", "null"])


class ExchangeError(UserFacingError):
    """A mistake in a file. The message names the file and the field, in words for staff."""


class UnreadableFileError(ExchangeError):
    """A file that is no page file at all, or broken at `line`."""

    line = 1


class StrictLoader(yaml.SafeLoader):
    """Plain data only: texts, true and false, lists, and mappings without a repeated name.

    No other type is guessed, so a date or a number stays text as written.
    """

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag in {BOOL, NULL}]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0
        self.values = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:
        event = self.peek_event()
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(f"line {line} points to another part with “*”; write that part out")
        if event.tag not in {None, "!", BINARY}:
            raise yaml.YAMLError(f"line {line} gives a type, “{shown(event.tag)}”; only “!!binary” is read")
        self.depth += 1
        self.values += 1
        if self.depth > MAX_DEPTH:
            raise yaml.YAMLError(f"line {line} is nested too deeply")
        if self.values > MAX_VALUES:
            raise yaml.YAMLError(f"there are more than {MAX_VALUES:,} values in it")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = Counter(name.value for name, _ in node.value if isinstance(name, yaml.ScalarNode))
        twice = next((name for name, count in names.items() if count > 1), None)
        if twice is not None:
            raise yaml.YAMLError(f"“{shown(twice)}” stands there twice, in line {node.start_mark.line + 1} or below")
        return super().construct_mapping(node, deep)


def shown(value: Any) -> str:
    """A value of a file, cut and cleaned for a message about it."""
    text = richtext.plain_line(str(value).encode(errors="replace").decode())
    return text if len(text) <= 60 else f"{text[:59]}…"


def refusal(file: str, where: str, problem: str) -> ExchangeError:
    return ExchangeError(": ".join(part for part in (shown(file), where, problem) if part))


def _unreadable(file: str, problem: str, line: int = 1) -> UnreadableFileError:
    error = UnreadableFileError(str(refusal(file, "", problem)))
    error.line = line
    return error


def save(row: models.Model, *, file: str, where: str, **options: Any) -> None:
    """Check a row as the admin would, and save it. Raises ExchangeError with the field's name."""
    try:
        row.full_clean()
    except ValidationError as error:
        name, problems = next(iter(error.message_dict.items()))
        raise refusal(file, where.rstrip(".") if name == "__all__" else f"{where}{name}", problems[0]) from error
    row.save(**options)


@dataclass(frozen=True)
class ExchangeFile:
    """One file, read. Each refusal names the file and the field."""

    name: str
    data: Any
    pictures: Path | None = None  # the folder that its pictures are in; an upload has none

    @classmethod
    def at(cls, path: Path) -> "ExchangeFile":
        """Read a file of a folder. Raises ExchangeError."""
        try:
            return cls.parse(path.name, path.read_bytes(), pictures=path.parent / "pictures")
        except OSError as error:
            raise refusal(path.name, "", f"cannot be read: {error}") from error

    @classmethod
    def parse(cls, name: str, content: bytes, *, pictures: Path | None = None) -> "ExchangeFile":
        """Read the content of a file. Raises ExchangeError."""
        if len(content) > MAX_BYTES:
            raise refusal(name, "", f"is larger than {MAX_BYTES // 1024**2} MB")
        try:
            data = yaml.load(content.decode("utf-8-sig"), Loader=StrictLoader)  # noqa: S506 - a SafeLoader
        except UnicodeDecodeError as error:
            raise _unreadable(name, "cannot be read: it is not a text in UTF-8") from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise _unreadable(name, f"cannot be read: {error.problem}, in line {line}", line) from error
        except yaml.YAMLError as error:
            raise refusal(name, "", f"cannot be read: {_in_words(error)}") from error
        return cls(name, data, pictures)

    def refuse(self, where: str, problem: str) -> ExchangeError:
        return refusal(self.name, where, problem)

    def save(self, row: models.Model, where: str) -> None:
        save(row, file=self.name, where=where)

    def check_names(self, data: Any, where: str, *, required: set[str], allowed: set[str]) -> None:
        """Raises ExchangeError unless `data` is a mapping with all required names and no unknown one."""
        if not isinstance(data, dict):
            problem = "must hold names and values"
            raise self.refuse(where, problem) if where else _unreadable(self.name, problem)
        for name in sorted(required - data.keys()):
            raise self.refuse(f"{where}{name}", "is missing")
        for name in sorted(map(shown, data.keys() - allowed)):
            raise self.refuse(f"{where}{name}", "is not a field of this file")

    def text(self, value: Any, where: str) -> str:
        """Raises ExchangeError unless a value is text of a bounded length without control characters or surrogates."""
        if not isinstance(value, str):
            raise self.refuse(where, "must be text")
        if len(value) > MAX_CHARACTERS:
            raise self.refuse(where, f"is longer than {MAX_CHARACTERS:,} characters")
        bad = next((c for c in value if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t"), None)
        if bad is not None:
            raise self.refuse(where, f"holds the character U+{ord(bad):04X}, which cannot be shown")
        return value

    def line(self, data: dict[str, Any], name: str, where: str = "") -> str:
        return self.one_line(data.get(name, ""), f"{where}{name}")

    def one_line(self, value: Any, where: str) -> str:
        return richtext.plain_line(self.text(value, where))

    def rich_text(self, data: dict[str, Any], name: str, where: str = "") -> str:
        return without_layout(self.text(data.get(name, ""), f"{where}{name}"))

    def flag(self, data: dict[str, Any], name: str, where: str = "", *, default: bool = False) -> bool:
        value = data.get(name, default)
        if not isinstance(value, bool):
            raise self.refuse(f"{where}{name}", "must be true or false")
        return value

    def listed(self, name: str, of: str = "") -> list[Any]:
        """The list of a name, or the file itself when it has none. Raises ExchangeError."""
        values = self.data.get(name, []) if name else self.data
        if not isinstance(values, list):
            raise self.refuse(name or "file", f"must be a list{of}")
        if len(values) > MAX_ITEMS:
            raise self.refuse(name or "file", f"must hold at most {MAX_ITEMS}")
        return values

    def texts(self, name: str) -> list[str]:
        values = self.listed(name, " of texts")
        if not all(isinstance(value, str) for value in values):
            raise self.refuse(name, "must be a list of texts")
        return [self.one_line(value, f"{name}[{number}]") for number, value in enumerate(values, 1)]

    def items(self, name: str, *, required: set[str], allowed: set[str]) -> list[tuple[str, dict[str, Any]]]:
        """A list of mappings, each checked and with the beginning of its fields' names. Raises ExchangeError."""
        items = [(f"{name}[{number}].", value) for number, value in enumerate(self.listed(name), 1)]
        for where, value in items:
            self.check_names(value, where, required=required, allowed=allowed)
        return items


def _in_words(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return f"it holds the character U+{error.character:04X}, which cannot be shown"
    return str(error)
