"""Make .venv and install a requirements file into it: make_venv.py requirements.txt

Debian's python3 comes without ensurepip, so pip runs from the wheel in scripts/vendor, on every machine alike. A
repeated call with unchanged files does nothing. An interrupted install starts afresh.
"""

import fcntl
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PIP_WHEEL = next((ROOT / "scripts" / "vendor").glob("pip-*.whl"))
UNFINISHED = VENV / "unfinished-install"
VERSION = "{}.{}".format(*sys.version_info)


def fingerprint(requirements: Path) -> str:
    """Changes with the Python version, with pip, and with any file that decides which packages are installed."""
    files = [ROOT / "constraints.txt", ROOT / "requirements.txt", requirements]
    content = b"".join(path.read_bytes() for path in files)
    return hashlib.sha256(f"{VERSION} {PIP_WHEEL.name} ".encode() + content).hexdigest()


def is_usable() -> bool:
    """Whether .venv is whole and runs the Python version that runs this script."""
    if UNFINISHED.exists() or not PYTHON.exists():
        return False
    ask = "import sys; print('{}.{}'.format(*sys.version_info))"
    return subprocess.run([PYTHON, "-c", ask], capture_output=True, text=True).stdout.strip() == VERSION


def install(requirements: Path, lock: int) -> int:
    """pip inherits the lock, and so holds it even if this script is killed."""
    if not is_usable():
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", VENV], check=True)
    print(f"Installing {requirements.name} into .venv: a minute or two the first time.", flush=True)
    UNFINISHED.touch()
    # pip also installs itself, so that developers have .venv/bin/pip.
    pip = [PYTHON, PIP_WHEEL / "pip", "install", "--quiet", "--disable-pip-version-check", PIP_WHEEL]
    status = subprocess.run([*pip, "--requirement", requirements], cwd=ROOT, pass_fds=[lock]).returncode
    UNFINISHED.unlink()
    return status


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 (said in words, not as a syntax error)
        print(f"calcsite needs Python 3.11 or later; this is {sys.version.split()[0]}.", file=sys.stderr)
        print("Name another one like this: make run PYTHON=python3.12", file=sys.stderr)
        return 1
    lock = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)  # one install at a time
    requirements = ROOT / sys.argv[1]
    installed = VENV / f"installed-{requirements.stem}"
    wanted = fingerprint(requirements)
    if is_usable() and installed.exists() and installed.read_text() == wanted:
        return 0
    status = install(requirements, lock)
    if status == 0:
        installed.write_text(wanted)
    return status


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(main())
