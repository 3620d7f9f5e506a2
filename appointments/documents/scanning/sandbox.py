"""File checks in a separate process, which has neither this site's memory nor its secrets.

A thread of the site waits for each check. Only `MAX_CHECKS` run at once, and further senders are soon asked to come
back, so that slow files leave threads for all other pages.
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

CHECK_SECONDS = 60  # of wall-clock time for one check
MAX_CHECKS = 2  # at once in one web process, which needs more threads than that
WAIT_SECONDS = 5  # for a free place
UNREADABLE = "We cannot open this file. Save it again as a PDF or as a JPEG picture, and send that."
BUSY = "We are checking many files just now, so we did not keep this one. Send it again in a few minutes."

turns = threading.BoundedSemaphore(MAX_CHECKS)


@contextmanager
def turn(*, patience: float = WAIT_SECONDS) -> Iterator[None]:
    """Take one of the `MAX_CHECKS` places, for our check and the virus scanner's. Raises FileProblem if none gets
    free.
    """
    if not turns.acquire(timeout=patience):
        raise FileProblem(BUSY)
    try:
        yield
    finally:
        turns.release()


def kind_of(path: Path | str) -> FileKind:
    """The kind of a file, by its content. Raises FileProblem if it is refused, or cannot be checked."""
    answer = _checked(path)
    if "problem" in answer:
        raise FileProblem(answer["problem"])
    return FileKind(answer["kind"])


def _checked(path: Path | str) -> dict[str, str]:
    command = [sys.executable, "-B", "-m", "appointments.documents.scanning.filechecks", os.fspath(path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, and a name that we gave
            command, cwd=settings.BASE_DIR, env={"LC_ALL": "C.UTF-8"}, capture_output=True, timeout=CHECK_SECONDS
        )
        return json.loads(done.stdout)
    except OSError as error:  # no memory for another process, for example: the file is not at fault
        raise FileProblem(BUSY) from error
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise FileProblem(UNREADABLE) from error
