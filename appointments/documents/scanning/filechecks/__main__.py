"""Check one file, and print its kind or its problem as JSON, under limits of memory and time."""

import json
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

from appointments.documents.scanning.filechecks.kinds import kind_of
from appointments.documents.scanning.filechecks.problems import FileProblem

MEMORY_BYTES = 1024**3  # of address space, Python and its libraries included
CPU_SECONDS = 30  # of processor time


def lower_priority() -> None:
    """Lower this process's priority, and have Linux end it before the site's when memory runs out (proc(5))."""
    os.nice(10)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def main() -> None:
    lower_priority()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = {"kind": kind_of(Path(sys.argv[1]))}
    except FileProblem as problem:
        answer = {"problem": str(problem)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
