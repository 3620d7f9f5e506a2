"""Checking a file that somebody sent, in a process that has neither this site's memory nor its secrets.

While one is checked, a thread of the site waits. So few are checked at once, and who sends another one meanwhile is
soon told to come back: files that take as long as they may, however many, leave threads for all other pages.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from appointments.choices import FileKind
from appointments.documents.scanning.filechecks.problems import FileProblem

SECONDS = 60  # until a check is given up, however little it does
AT_ONCE = 2  # checks of one web process, which should have some threads more
PATIENCE = 5  # seconds that somebody waits for their turn
UNREADABLE = "We cannot open this file. Save it again as a PDF or as a JPEG picture, and send that."
BUSY = "We are checking many files just now, so we did not keep this one. Send it again in a few minutes."

turns = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def turn(*, patience: float = PATIENCE) -> Iterator[None]:
    """While one file is looked at, by us and by a virus scanner. Raises FileProblem when no turn comes."""
    if not turns.acquire(timeout=patience):
        raise FileProblem(BUSY)
    try:
        yield
    finally:
        turns.release()


def kind_of(path: Path | str) -> FileKind:
    """What a file is, by its content. Raises FileProblem when it is not to be kept, or cannot be checked."""
    answer = _checked(path)
    if "problem" in answer:
        raise FileProblem(answer["problem"])
    return FileKind(answer["kind"])


def _checked(path: Path | str) -> dict[str, str]:
    command = [sys.executable, "-B", "-m", "appointments.documents.scanning.filechecks", os.fspath(path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, and a name that we gave
            command, cwd=settings.BASE_DIR, env={"LC_ALL": "C.UTF-8"}, capture_output=True, timeout=SECONDS
        )
        return json.loads(done.stdout)
    except OSError as error:  # no memory for another process, say: that is nothing about the file
        raise FileProblem(BUSY) from error
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise FileProblem(UNREADABLE) from error
