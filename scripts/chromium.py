"""Find the Chromium that the tests drive; without one on the machine, get one."""

import os
import shutil
import subprocess
from pathlib import Path

import brotli

from downloads import install_from_distribution, unpack_from_npm

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
    """The first that starts: Ubuntu's chromium-browser may be no more than a note to install a snap."""
    for name in filter(shutil.which, NAMES):
        if subprocess.run([name, "--version"], capture_output=True).returncode == 0:
            return shutil.which(name)
    return None


def from_npm() -> Path:
    """Unpack the package's files beside each other, with a launcher that starts Chromium among them."""
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


def write_program(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o755)
