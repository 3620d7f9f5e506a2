"""PgBouncer in transaction mode, in front of a PostgreSQL of our own, for one test: on a socket, gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from downloads import install_from_distribution
from postgres import Cluster, unprivileged_user

START_SECONDS = 10
PORT = 5432  # only a part of the socket's name; the default, so that an address need not say it
SERVICE_POLICY = Path("/usr/sbin/policy-rc.d")
# Two sessions that take turns: a client seldom has the same one for two transactions, so reliance on the state of a
# session fails soon.
SETTINGS = """
[databases]
* = host={server} user=calcsite
[pgbouncer]
listen_port = {port}
unix_socket_dir = {home}
auth_type = any
pool_mode = transaction
default_pool_size = 2
min_pool_size = 2
server_round_robin = 1
"""


@contextmanager
def running_pgbouncer(cluster: Cluster) -> Iterator[str]:
    """Start PgBouncer and yield the DATABASE_URL of the cluster's database through it.

    Raises RuntimeError if it does not start.
    """
    program = find_pgbouncer()
    # A socket's path has at most 107 characters, so not under a long TMPDIR.
    with tempfile.TemporaryDirectory(prefix="pgbouncer-", dir="/tmp") as home:
        settings, log = Path(home) / "pgbouncer.ini", Path(home) / "log"
        settings.write_text(SETTINGS.format(server=cluster.home, port=PORT, home=home))
        identity = {}
        if os.geteuid() == 0:  # as which PgBouncer refuses to run
            identity = unprivileged_user()
            shutil.chown(home, identity["user"], identity["group"])
        with log.open("w") as output:
            process = subprocess.Popen([program, settings], cwd=home, stdout=output, stderr=output, **identity)
        try:
            wait_for_socket(Path(home) / f".s.PGSQL.{PORT}", process, log)
            yield f"postgres://calcsite@/{home}/postgres"
        finally:
            process.terminate()
            process.wait()


def wait_for_socket(path: Path, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
            return
        time.sleep(0.02)
    raise RuntimeError(f"PgBouncer did not start:\n{log.read_text()}")


def find_pgbouncer() -> str:
    """The program's path; installed from the distribution where the machine has none. Raises RuntimeError."""
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    found = shutil.which("pgbouncer", path=places)
    if not found and install_pgbouncer():
        found = shutil.which("pgbouncer", path=places)
    if not found:
        raise RuntimeError("PgBouncer is missing: install the distribution's package pgbouncer")
    return found


def install_pgbouncer() -> bool:
    """Install the package without the service that it would start (Debian Policy, 9.3.3.1: policy-rc.d)."""
    if os.geteuid() != 0:
        return False
    has_policy = SERVICE_POLICY.exists()
    if not has_policy:
        SERVICE_POLICY.write_text("#!/bin/sh\nexit 101\n")
        SERVICE_POLICY.chmod(0o755)
    try:
        is_installed = install_from_distribution("pgbouncer")
    finally:
        if not has_policy:
            SERVICE_POLICY.unlink()
    if is_installed and shutil.which("systemctl"):
        subprocess.run(["systemctl", "disable", "--quiet", "pgbouncer"], capture_output=True)
    return is_installed
