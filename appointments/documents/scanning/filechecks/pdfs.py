"""PDF files: letters, reports and scans. None may run, start or carry something else.

Every object of the file is looked at, so that neither a name written with escapes nor an object that no page leads to
goes by unseen. Links to web addresses stay: they do nothing until somebody follows them. What happens by itself (ISO
32000-1, 12.6.3: when a file or a page is opened, say) may show another page, and nothing more: a file of another
machine that is asked for gives the reader's password away (CVE-2018-4993).
"""

from collections.abc import Iterator
from pathlib import Path

import pikepdf

from appointments.documents.scanning.filechecks.problems import PRINT, FileProblem

SCRIPT = f"This PDF holds a script. {PRINT}"
STARTS = f"This PDF tries to open other files or programs. {PRINT}"
CARRIES = f"This PDF has other files inside. {PRINT} Send the files inside by themselves."
MEDIA = f"This PDF holds a film or a sound. {PRINT}"
FORM = f"This PDF is an interactive form. {PRINT}"
LOCKED = "This PDF is locked with a password. Save or print a copy that has none, and send that."
BROKEN = "This PDF cannot be opened. Look whether it opens on your device, and save it again."

KEYS = {
    "/JS": SCRIPT,
    "/JavaScript": SCRIPT,
    "/EmbeddedFiles": CARRIES,
    "/EF": CARRIES,
    "/Collection": CARRIES,
    "/RichMediaContent": MEDIA,
    "/XFA": FORM,
}
ACTIONS = {
    "/JavaScript": SCRIPT,
    "/Launch": STARTS,
    "/GoToE": STARTS,
    "/GoToR": STARTS,
    "/Thread": STARTS,
    "/ImportData": STARTS,
    "/SubmitForm": FORM,
    "/RichMediaExecute": MEDIA,
    "/Rendition": MEDIA,
    "/Movie": MEDIA,
    "/Sound": MEDIA,
}
TYPES = {"/EmbeddedFile": CARRIES}
SUBTYPES = {
    "/FileAttachment": CARRIES,
    "/RichMedia": MEDIA,
    "/Movie": MEDIA,
    "/Sound": MEDIA,
    "/Screen": MEDIA,
    "/3D": MEDIA,
}
BY_ITSELF = {"/GoTo", "/Named"}  # shows another page of the same file


def check(path: Path) -> None:
    """Raises FileProblem unless it is a PDF that opens without a password and only shows something."""
    try:
        with path.open("rb") as file, pikepdf.open(file, access_mode=pikepdf.AccessMode.stream) as document:
            _check_opened(document)
    except pikepdf.PasswordError as error:
        raise FileProblem(LOCKED) from error
    except FileProblem:
        raise
    except Exception as error:  # a file from anybody: what qpdf cannot read, nobody should have to
        raise FileProblem(BROKEN) from error


def _check_opened(document: pikepdf.Pdf) -> None:
    if document.is_encrypted:
        raise FileProblem(LOCKED)
    if not len(document.pages):
        raise FileProblem(BROKEN)
    for thing in document.objects:
        for inner in _dictionaries(thing):
            if problem := _problem_of(inner):
                raise FileProblem(problem)


def _dictionaries(thing: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """The dictionaries in one object of the file. What is only referred to is an object of its own."""
    waiting = [thing]
    while waiting:
        found = waiting.pop()
        if isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
            yield found
            inner = (found.get(key) for key in found.keys())  # noqa: SIM118 - a stream is no mapping
        elif isinstance(found, pikepdf.Array):
            inner = iter(found)
        else:
            continue
        waiting += [each for each in inner if isinstance(each, pikepdf.Object) and not each.is_indirect]


def _problem_of(found: pikepdf.Object) -> str | None:
    keys = set(found.keys())
    for key, problem in KEYS.items():
        if key in keys:
            return problem
    if isinstance(found, pikepdf.Stream) and "/F" in keys:  # its content is in a file elsewhere
        return STARTS
    for key, problems in [("/S", ACTIONS), ("/Type", TYPES), ("/Subtype", SUBTYPES)]:
        if key in keys and isinstance(found.get(key), pikepdf.Name) and (problem := problems.get(str(found[key]))):
            return problem
    return None if all(_only_shows(each) for each in _starting_by_themselves(found)) else STARTS


def _starting_by_themselves(found: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """The actions that a dictionary has a reader take without anybody's click, or upon any move of the mouse."""
    yield found.get("/OpenAction")
    more = found.get("/AA")
    if isinstance(more, pikepdf.Dictionary):
        yield from (more.get(key) for key in more.keys())  # noqa: SIM118 - a dictionary of PDF is no mapping


def _only_shows(action: pikepdf.Object | None) -> bool:
    """Whether it leads to a place in the file, and to nothing after it. Those in ACTIONS are refused as such."""
    if not isinstance(action, pikepdf.Dictionary):
        return True
    return str(action.get("/S")) in BY_ITSELF | ACTIONS.keys() and "/Next" not in action
