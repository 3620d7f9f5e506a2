"""Find or fetch the Chromium that the tests drive, and the Node.js that Playwright needs."""

import os
import shutil
import subprocess
from pathlib import Path

import brotli
import playwright

from downloads import install_from_distribution, node_from_pypi, unpack_from_npm

NAMES = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
# A headless build, with the libraries and fonts that a bare machine may lack, each a Brotli file in bin/.
NPM_PACKAGE = ("@sparticuz/chromium", "153.0.0")
FONTS = """<fontconfig>
<dir>/usr/share/fonts</dir>
<dir prefix="relative">fonts</dir>
<cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""
LAUNCHER = """#!/bin/sh
here=$(dirname "$0")
LD_LIBRARY_PATH="$here/lib" FONTCONFIG_PATH="$here" exec "$here/headless" "$@"
"""


def find_chromium() -> str:
    """The path of a Chromium that starts."""
    found = on_this_machine()
    if not found and install_from_distribution("chromium", "fonts-liberation"):
        found = on_this_machine()
    return found or str(from_npm())


def on_this_machine() -> str | None:
    """The first that starts: Ubuntu's chromium-browser may be only a stub that asks to install a snap."""
    for name in filter(shutil.which, NAMES):
        if can_start(name):
            return shutil.which(name)
    return None


def can_start(program: str | Path) -> bool:
    return subprocess.run([program, "--version"], capture_output=True).returncode == 0


def from_npm() -> Path:
    """Unpack the package's files into one folder, with a launcher that starts Chromium in it."""
    place = unpack_from_npm(*NPM_PACKAGE) / "bin"
    launcher = place / "chromium"
    if not launcher.exists():
        for name in ["al2023", "fonts", "swiftshader"]:
            archive = brotli.decompress((place / f"{name}.tar.br").read_bytes())
            subprocess.run(["tar", "--extract"], input=archive, cwd=place, check=True)
        (place / "fonts.conf").write_text(FONTS)
        write_program(place / "headless", brotli.decompress((place / "chromium.br").read_bytes()))
        write_program(launcher, LAUNCHER.encode())
    return launcher


def find_node() -> str:
    """The path of a Node.js that starts: Playwright's own needs libatomic1, which a bare Debian lacks."""
    own = Path(playwright.__file__).parent / "driver" / "node"
    return str(own if can_start(own) else node_from_pypi())


def write_program(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o755)
