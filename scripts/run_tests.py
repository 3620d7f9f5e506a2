"""Run the whole suite on SQLite and on PostgreSQL, and sum up: make test [DB=sqlite|postgres] [ARGS="-k name"]

Both run at once: while one waits for a browser or for a lock, the other works. Tests that are the same on every
database run with SQLite only (`depends_on_database` in conftest.py), unless PostgreSQL is the only one requested.

A test that is skipped, or expected to fail, fails the run.
"""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from xml.etree import ElementTree

from chromium import find_chromium, find_node
from pgbouncer import find_pgbouncer
from postgres import find_programs, private_cluster

ROOT = Path(__file__).resolve().parent.parent
# In the order and in the groups of conftest.py
IN_PARALLEL = ["-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder"]
# The suite runs with the defaults, and not with variables of this shell.
SETTINGS = ["SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "SITE_URL", "DATABASE_URL", "CACHE_URL", "EMAIL_URL"]
SETTINGS += ["DEFAULT_FROM_EMAIL", "SESSION_IDLE_MINUTES", "SESSION_HOURS"]


class Suite:
    """pytest on one database, in a process of its own. With a `label`, each line of its output begins with that."""

    def __init__(self, report: Path, environment: dict[str, str], *options: str, label: str = "") -> None:
        self.report, self.started = report, time.monotonic()
        kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        arguments = [*IN_PARALLEL, f"--junit-xml={report}", *options, *shlex.split(os.environ.get("ARGS", ""))]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=ROOT,
            env=kept | environment,
            stdout=subprocess.PIPE if label else None,
            text=True,
        )
        self.reader = threading.Thread(target=self._wait, args=[label])
        self.reader.start()

    def _wait(self, label: str) -> None:
        for line in self.process.stdout or ():
            print(f"{label:10} | {line}", end="", flush=True)
        self.process.wait()
        self.seconds = time.monotonic() - self.started

    def finish(self) -> tuple[int, Counter]:
        """pytest's exit status, and how many tests passed, failed and were skipped."""
        self.reader.join()
        return self.process.returncode, read_counts(self.report)

    def stop(self) -> None:
        """Terminate pytest, which ends its child processes, if it still runs."""
        if self.process.poll() is None:
            self.process.terminate()
        self.reader.join()


def read_counts(report: Path) -> Counter:
    counts = Counter()
    if report.exists():
        for suite in ElementTree.parse(report).iter("testsuite"):
            skipped = int(suite.get("skipped"))
            failed = int(suite.get("failures")) + int(suite.get("errors"))
            counts += Counter(passed=int(suite.get("tests")) - failed - skipped, failed=failed, skipped=skipped)
    return counts


def in_words(counts: Counter) -> str:
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    return f"{counts['passed']} passed, {counts['failed']} failed{skipped}"


def start_suites(databases: list[str], stack: ExitStack) -> dict[str, Suite]:
    """Start the suite on each of the databases. The stack stops the running ones when it is closed."""
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    browser = {"CHROMIUM": find_chromium(), "PLAYWRIGHT_NODEJS_PATH": find_node()}
    # Installed before the tests, which have little time
    find_programs()
    find_pgbouncer()
    suites = {}
    for database in databases:
        environment, options = browser, []
        if database == "PostgreSQL":
            environment = browser | {"DATABASE_URL": stack.enter_context(private_cluster())}
            options = ["--second-database"] if len(databases) > 1 else []
        label = database if len(databases) > 1 else ""
        suites[database] = Suite(directory / f"{database}.xml", environment, *options, label=label)
        stack.callback(suites[database].stop)
    return suites


def main() -> int:
    databases = {"sqlite": ["SQLite"], "postgres": ["PostgreSQL"], "": ["SQLite", "PostgreSQL"]}
    chosen = databases.get(os.environ.get("DB", ""))
    if not chosen:
        print("DB is sqlite or postgres; leave it out for both.", file=sys.stderr)
        return 2
    started, total, lines, good = time.monotonic(), Counter(), [], True
    found_nothing = 5  # pytest's status, where no test that was asked for depends on the database
    with ExitStack() as stack:
        for database, suite in start_suites(chosen, stack).items():
            status, counts = suite.finish()
            lines.append(f"{database}: {in_words(counts)} in {suite.seconds:.0f} s, pytest's status {status}")
            good = good and status in {0, found_nothing} and not counts["failed"] and not counts["skipped"]
            total += counts
    print("\n" + "\n".join(lines))
    print(f"calcsite: {in_words(total)} in {time.monotonic() - started:.0f} s")
    return 0 if good and total["passed"] else 1


if __name__ == "__main__":
    # As an exception, so that the database server is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
