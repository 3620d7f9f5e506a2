"""Checking a file that somebody sent, in a process that has neither this site's memory nor its secrets."""

import json
import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from appointments.filechecks.problems import FileProblem
from appointments.kinds import FileKind

SECONDS = 120  # until a check is given up, however little it does
UNREADABLE = "We cannot open this file. Save it again as a PDF or as a JPEG picture, and send that."


def kind_of(path: Path | str) -> FileKind:
    """What a file is, by its content. Raises FileProblem when it is not to be kept, or cannot be checked."""
    command = [sys.executable, "-B", "-m", "appointments.filechecks", os.fspath(path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, and a name that we gave
            command, cwd=settings.BASE_DIR, env={"LC_ALL": "C.UTF-8"}, capture_output=True, timeout=SECONDS
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise FileProblem(UNREADABLE) from error
    if "problem" in answer:
        raise FileProblem(answer["problem"])
    return FileKind(answer["kind"])
