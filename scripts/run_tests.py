"""Run the whole suite on SQLite and on PostgreSQL, and sum up: make test [DB=sqlite|postgres] [ARGS="-k name"]

A test that is skipped, or expected to fail, fails the run. Tests that only judge the looks of pages (the mark `looks`)
run on one database, unless PostgreSQL is the only one requested.
"""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
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


def run_suite(database_url: str | None, browser: dict[str, str], *options: str) -> tuple[int, Counter]:
    """pytest's exit status, and how many tests passed, failed and were skipped."""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    environment |= browser
    if database_url:
        environment["DATABASE_URL"] = database_url
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.xml"
        pytest = [sys.executable, "-m", "pytest", *IN_PARALLEL, f"--junit-xml={report}"]
        arguments = shlex.split(os.environ.get("ARGS", ""))
        status = subprocess.run([*pytest, *options, *arguments], cwd=ROOT, env=environment).returncode
        return status, read_counts(report)


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


def main() -> int:
    databases = {"sqlite": ["SQLite"], "postgres": ["PostgreSQL"], "": ["SQLite", "PostgreSQL"]}
    chosen = databases.get(os.environ.get("DB", ""))
    if not chosen:
        print("DB is sqlite or postgres; leave it out for both.", file=sys.stderr)
        return 2
    browser = {"CHROMIUM": find_chromium(), "PLAYWRIGHT_NODEJS_PATH": find_node()}
    # Installed before the tests, which have little time
    find_programs()
    find_pgbouncer()
    total, lines, good = Counter(), [], True
    found_nothing = 5  # pytest's status, where every test that was asked for only looks
    for database in chosen:
        print(f"\nThe suite on {database}", flush=True)
        started = time.monotonic()
        if database == "SQLite":
            status, counts = run_suite(None, browser)
        else:
            options = ["-m", "not looks"] if len(chosen) > 1 else []
            with private_cluster() as url:
                status, counts = run_suite(url, browser, *options)
        lines.append(f"{database}: {in_words(counts)} in {time.monotonic() - started:.0f} s, pytest's status {status}")
        good = good and status in {0, found_nothing} and not counts["failed"] and not counts["skipped"]
        total += counts
    print("\n" + "\n".join(lines))
    print(f"calcsite: {in_words(total)}")
    return 0 if good and total["passed"] else 1


if __name__ == "__main__":
    # As an exception, so that the database server is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
