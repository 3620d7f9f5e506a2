"""Measure this site on the database of DATABASE_URL, which has to be empty: python -m benchmarks

Prints one line for each figure, and exits with 1 if one misses its bar. Without DATABASE_URL it measures SQLite.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.server import HOST

ROOT = Path(__file__).resolve().parent.parent
PREPARE = [
    ["migrate", "--verbosity=0"],
    ["createcachetable"],
    ["collectstatic", "--no-input", "--verbosity=0"],
    ["load_starter"],
    ["load_guidance"],
]


def production_like(directory: str) -> dict[str, str]:
    """The environment of a production site, with all of its files in `directory`."""
    return {
        "DATABASE_URL": f"sqlite:///{directory}/benchmarks.sqlite3",
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": HOST,
        "SITE_URL": f"http://{HOST}",
        "VAR_DIR": directory,
        "PYTHONPATH": str(ROOT / "scripts"),  # where a browser and Node.js are found
    }


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as directory:
        environment = production_like(directory)
        for command in [*PREPARE, ["measure", *sys.argv[1:]]]:
            manage = [sys.executable, "manage.py", *command]
            quiet = subprocess.DEVNULL if command in PREPARE else None
            status = subprocess.run(manage, cwd=ROOT, env=environment, stdout=quiet).returncode
            if status:
                return status
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
