"""PDF files: letters, reports and scans. Scripts, automatic actions and embedded files are refused.

Every object of the file is checked, so that escaped names and unreferenced objects are found too. Links to web
addresses stay, because they need a click. An automatic action (ISO 32000-1, 12.6.3: on opening a file or a page, for
example) may show another page and nothing more: a request for a file on another machine leaks the reader's password
(CVE-2018-4993).
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
INTERNAL_LINKS = {"/GoTo", "/Named"}  # shows another page of the same file


def check(path: Path) -> None:
    """Raises FileProblem unless it is a PDF that opens without a password and has only static content."""
    try:
        with path.open("rb") as file, pikepdf.open(file, access_mode=pikepdf.AccessMode.stream) as document:
            _check_opened(document)
    except pikepdf.PasswordError as error:
        raise FileProblem(LOCKED) from error
    except FileProblem:
        raise
    except Exception as error:  # any exception: a file that qpdf cannot read is refused
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
    """The dictionaries in one object of the file. References are not followed: the targets are objects too."""
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
    return None if all(_is_internal_link(each) for each in _automatic_actions(found)) else STARTS


def _automatic_actions(found: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """The actions of a dictionary that run without a click, or upon a move of the mouse."""
    yield found.get("/OpenAction")
    more = found.get("/AA")
    if isinstance(more, pikepdf.Dictionary):
        yield from (more.get(key) for key in more.keys())  # noqa: SIM118 - a dictionary of PDF is no mapping


def _is_internal_link(action: pikepdf.Object | None) -> bool:
    """Whether an action leads to a place in the file and has no successor. The actions in ACTIONS have their own
    refusal.
    """
    if not isinstance(action, pikepdf.Dictionary):
        return True
    return str(action.get("/S")) in INTERNAL_LINKS | ACTIONS.keys() and "/Next" not in action
