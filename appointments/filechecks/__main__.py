"""Check one file, and print its kind or its problem as JSON. With less memory and time than could hurt anybody."""

import json
import resource
import sys
from pathlib import Path

from appointments.filechecks.kinds import kind_of
from appointments.filechecks.problems import FileProblem

MEMORY = 1024**3  # bytes of addresses, Python and its libraries included
SECONDS = 60  # of processor time


def main() -> None:
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
