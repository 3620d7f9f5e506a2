"""Check one file, and print its kind or its problem as JSON. With less memory and time than could hurt anybody."""

import json
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

from appointments.documents.scanning.filechecks.kinds import kind_of
from appointments.documents.scanning.filechecks.problems import FileProblem

MEMORY = 1024**3  # bytes of addresses, Python and its libraries included
SECONDS = 30  # of processor time


def give_way() -> None:
    """Let the site go first; and when memory runs out, let Linux end this process and not the site's (proc(5))."""
    os.nice(10)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def main() -> None:
    give_way()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = {"kind": kind_of(Path(sys.argv[1]))}
    except FileProblem as problem:
        answer = {"problem": str(problem)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
