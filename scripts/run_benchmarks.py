"""Run the benchmarks on SQLite and on PostgreSQL, each on an empty database of its own: make bench

Exits with 1 if a bar is missed on either.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from postgres import private_cluster

ROOT = Path(__file__).resolve().parent.parent


def run_benchmarks(database_url: str) -> int:
    environment = {**os.environ, "DATABASE_URL": database_url}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=ROOT, env=environment, check=True)
    return subprocess.run([sys.executable, "-m", "benchmarks"], cwd=ROOT, env=environment).returncode


def main() -> int:
    print("Benchmarks on SQLite", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        sqlite = run_benchmarks(f"sqlite:///{directory}/benchmarks.sqlite3")
    print("\nBenchmarks on PostgreSQL", flush=True)
    with private_cluster(is_durable=True) as url:
        postgres = run_benchmarks(url)
    return 1 if sqlite or postgres else 0


if __name__ == "__main__":
    # As an exception, so that the database server is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
