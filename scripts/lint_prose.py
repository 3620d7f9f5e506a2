"""Check the prose of Python files: docstrings, comments and the names of tests.

Prose names the actor: "the clinician", "the draft's owner", "the last write". Three rules enforce that.

    1. The pronouns of `PRONOUN` (`what`, `whoever`, `somebody`, `nobody` …) do not appear, as a subject or elsewhere.
    2. `who` directly follows a noun of persons in `PERSON` ("patients who rebook"); so "those who" is out.
    3. `whose` directly follows a noun ("slots whose hold expired"), and not a word of `NO_NOUN` or a full stop.

Text in backticks or in double quotes is quoted, and free. The name of a test is read as words and has under 80
characters. Exceptions are lines of prose_allowed.txt, at most 20, each with its reason.

    python scripts/lint_prose.py [PATH …]    prints file:line: text, and exits with 1 if anything is found
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = Path(__file__).resolve().with_name("prose_allowed.txt")
PACKAGES = {"appointments", "benchmarks", "calcsite", "conditions", "scripts", "tests"}
MOST_ALLOWED_LINES = 20
TEST_NAME_LENGTH = 80

PRONOUN = r"""what|whatever|whoever|whom|whomever|somebody|someone|nobody|no\ one|anybody|anyone|everybody|everyone"""
PERSON = r"""
    account|administrator|author|carer|child|client|clinician|colleague|companion|contact|coordinator|doctor|editor|
    engineer|guest|manager|member|newcomer|nurse|operator|owner|parent|patient|person|people|physician|radiologist|
    reader|receptionist|recipient|relative|reviewer|sender|specialist|staff|stranger|superuser|surgeon|translator|user|
    visitor|women|woman|men|man
"""
NO_NOUN = r"""
    a|about|after|all|and|any|as|ask|asked|asks|at|because|before|but|by|check|checks|count|counts|decide|decides|
    each|find|finds|for|from|give|gives|if|in|into|is|know|known|knows|like|list|lists|never|not|of|on|only|or|other|
    over|read|reads|say|says|see|seen|sees|show|shows|some|tell|tells|than|that|the|them|themselves|these|they|this|
    those|to|told|under|until|when|where|which|while|with|without
"""

QUOTED = re.compile(r"``.*?``|`[^`]*`|\"[^\"]*\"|“[^”]*”", re.DOTALL)
PRONOUNS = re.compile(rf"\b(?:{PRONOUN})\b", re.IGNORECASE | re.VERBOSE)
WHO = re.compile(rf"(?<!\w)(?P<antecedent>(?:{PERSON})s?,?\s+)?who\b", re.IGNORECASE | re.VERBOSE)
WHOSE = re.compile(
    rf"(?:(?P<no_noun>\b(?:{NO_NOUN})\s+)|(?P<noun>[\w'’·)\]]+,?\s+))?\bwhose\b", re.IGNORECASE | re.VERBOSE
)


class Prose(NamedTuple):
    """A piece of prose and the line on which it begins."""

    line: int
    text: str


class Finding(NamedTuple):
    path: str
    line: int
    text: str


def docstrings_and_test_names(tree: ast.Module) -> Iterator[Prose]:
    for node in ast.walk(tree):
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function and node.name.startswith("test_"):
            yield Prose(node.lineno, node.name.removeprefix("test_").replace("_", " "))
        if is_function or isinstance(node, ast.Module | ast.ClassDef):
            text = ast.get_docstring(node, clean=False)
            if text:
                yield Prose(node.body[0].lineno, text)


def comments(source: str) -> Iterator[Prose]:
    """The comments; those of consecutive lines are one text."""
    lines: list[str] = []
    last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if lines and token.start[0] != last + 1:
            yield Prose(last - len(lines) + 1, "\n".join(lines))
            lines = []
        lines.append(token.string.lstrip("#"))
        last = token.start[0]
    if lines:
        yield Prose(last - len(lines) + 1, "\n".join(lines))


def prose_of(source: str) -> Iterator[Prose]:
    yield from docstrings_and_test_names(ast.parse(source))
    yield from comments(source)


def offences(text: str) -> Iterator[int]:
    """The lines of `text`, counted from 0, that break one of the three rules."""
    plain = QUOTED.sub(lambda match: re.sub(r"\S", "·", match[0]), text)
    found = [match.start() for match in PRONOUNS.finditer(plain)]
    found += [match.end() for match in WHO.finditer(plain) if not match["antecedent"]]
    found += [match.end() for match in WHOSE.finditer(plain) if not match["noun"]]
    yield from sorted({plain.count("\n", 0, offset) for offset in found})


def check(path: str, source: str) -> Iterator[Finding]:
    """The offences of one file, and the names of its tests that are too long."""
    for line, text in prose_of(source):
        for row in offences(text):
            yield Finding(path, line + row, text.split("\n")[row].strip())
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and len(node.name) >= TEST_NAME_LENGTH:
            yield Finding(path, node.lineno, f"{node.name} has {len(node.name)} characters")


def python_files(paths: Iterable[str] = ()) -> list[Path]:
    """The project's Python files below `paths` (everywhere if there are none), but for the migrations."""
    tops = [Path(path).resolve() for path in paths] or [
        path for path in ROOT.iterdir() if path.suffix == ".py" or path.name in PACKAGES
    ]
    files = {file for top in tops for file in ([top] if top.is_file() else top.rglob("*.py"))}
    return sorted(file for file in files if "migrations" not in file.parts)


def allowed_lines() -> list[tuple[str, str]]:
    """The exceptions, each a path and a phrase. Raises ValueError for too many, or one without its reason."""
    entries = []
    for line in ALLOWED.read_text().splitlines() if ALLOWED.exists() else ():
        if line and not line.startswith("#"):
            path, phrase, reason = (part.strip() for part in line.split("|"))
            if not reason:
                raise ValueError(f"no reason: {line}")
            entries.append((path, phrase))
    if len(entries) > MOST_ALLOWED_LINES:
        raise ValueError(f"{len(entries)} exceptions, of at most {MOST_ALLOWED_LINES}")
    return entries


def findings(paths: Iterable[str] = ()) -> list[Finding]:
    """Every offence below `paths` that is no exception."""
    allowed = allowed_lines()
    found = []
    for file in python_files(paths):
        name = str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)
        exceptions = [phrase for path, phrase in allowed if path == name]
        found += [
            each for each in check(name, file.read_text()) if not any(phrase in each.text for phrase in exceptions)
        ]
    return found


def main() -> int:
    found = findings(sys.argv[1:])
    for path, line, text in found:
        print(f"{path}:{line}: {text}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
