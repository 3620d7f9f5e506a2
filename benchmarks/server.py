"""A server of the site for the time of a measurement: one worker process, or several."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

HOST = "127.0.0.1"
SECONDS_TO_START = 120
GRANIAN = ["-m", "granian", "--interface", "wsgi"]


@dataclass(frozen=True)
class Server:
    """A running server. `worker` is the id of the process that answers, or of one of them."""

    port: int
    worker: int

    def cpu_seconds(self) -> float:
        """Processor time of all threads of the answering process so far.

        Linux encodes the clock of another process like this (clock_getcpuclockid(3)); it counts nanoseconds, where
        /proc/PID/stat counts hundredths of a second.
        """
        return time.clock_gettime(~self.worker << 3 | 2)


@contextlib.contextmanager
def running(environment: dict[str, str] | None = None, *, workers: int = 1, threads: int = 1) -> Iterator[Server]:
    """A server in processes of its own, which end with the block. Its log is in `VAR_DIR`."""
    port = free_port()
    log = settings.VAR_DIR / f"server-{port}.log"
    size = ["--workers", str(workers), "--blocking-threads", str(threads)]
    address = ["--host", HOST, "--port", str(port), "--log-level", "warning"]
    command = [sys.executable, *GRANIAN, *size, *address, "calcsite.wsgi:application"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=os.environ | (environment or {}), stdout=output, stderr=output
        )
        try:
            wait_until_it_answers(process, port, log)
            yield Server(port, children_of(process.pid)[0])
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def wait_until_it_answers(process: subprocess.Popen, port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"The server does not answer: {log.read_text()}")


def children_of(parent: int) -> list[int]:
    """The workers that granian's main process has started."""
    return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
