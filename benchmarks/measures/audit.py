"""Lighthouse scores of the pages that visitors see first, on an emulated telephone."""

import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from benchmarks.measures.pages import PAGE
from benchmarks.results import Figure
from benchmarks.server import HOST, running
from chromium import find_chromium, find_node
from downloads import CACHE, npm

PAGES = {"home page": "/", "condition page": f"/conditions/{PAGE}/"}
CATEGORIES = ["performance", "accessibility", "best-practices", "seo"]
RUNS = 3
TRIES = 3  # Chromium sometimes loses the beginning of a recording (NO_NAVSTART)
PACKAGE = Path(__file__).resolve().parent.parent / "lighthouse"
CHROMIUM_FLAGS = [
    "--headless=new",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def figures() -> Iterator[Figure]:
    """The scores of each page, medians of a few runs. Once, on SQLite: a browser cannot tell the databases apart."""
    if connection.vendor != "sqlite":
        return
    lighthouse = install()
    with running() as server:
        for name, path in PAGES.items():
            scores = [audit(lighthouse, f"http://{HOST}:{server.port}{path}") for _ in range(RUNS)]
            for category in CATEGORIES:
                score = statistics.median(run[category] for run in scores)
                yield Figure(f"Lighthouse, {name}, {category}", score, at_least=100)


def install() -> Path:
    """Lighthouse in the versions of its lock file, without running a script of any package. Returns its command."""
    place = CACHE / "lighthouse"
    command = place / "node_modules" / "lighthouse" / "cli" / "index.js"
    lock = (PACKAGE / "package-lock.json").read_bytes()
    finished = place / "installed"
    if not finished.exists() or finished.read_bytes() != lock:
        shutil.copytree(PACKAGE, place, dirs_exist_ok=True)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--update-notifier=false"]
        subprocess.run([*npm(), "ci", *options], cwd=place, stdout=subprocess.DEVNULL, check=True)
        finished.write_bytes(lock)
    return command


def audit(lighthouse: Path, address: str) -> dict[str, int]:
    """The score of each category, up to 100. Raises RuntimeError if Lighthouse could not load the page."""
    options = ["--quiet", "--output=json", "--no-enable-error-reporting", f"--only-categories={','.join(CATEGORIES)}"]
    options.append(f"--chrome-flags={' '.join(CHROMIUM_FLAGS)}")
    environment = {**os.environ, "CHROME_PATH": find_chromium()}
    command = [find_node(), lighthouse, address, *options]
    for _ in range(TRIES):
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        report = json.loads(result.stdout) if result.returncode == 0 else {"runtimeError": result.stderr}
        if "runtimeError" not in report:
            return {category: round(report["categories"][category]["score"] * 100) for category in CATEGORIES}
    raise RuntimeError(report["runtimeError"])
