"""Bring the database up to date and serve the site with its worker on this machine: make run [PORT=8001]

Ctrl-C stops both. If one of them ends by itself, the other is stopped too and the exit status is 1.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
THREADS = 4  # of each process; two of them may be checking files
PREPARE = [
    ["migrate", "--verbosity=0"],
    ["createcachetable"],
    ["collectstatic", "--noinput", "--verbosity=0"],
    ["load_starter"],
    ["load_guidance"],
    ["load_demonstration"],
    ["ensure_staff"],
    ["render_pages"],
]


def chosen_port() -> int:
    """PORT, if it is valid and free; otherwise print the next step and exit."""
    wanted = os.environ.get("PORT") or "8000"
    if not wanted.isascii() or not wanted.isdigit() or not 0 < int(wanted) < 65536:
        sys.exit(f"PORT is a number from 1 to 65535, not {wanted!r}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(wanted)))
        except OSError as error:
            sys.exit(f"Port {wanted} cannot be used ({error.strerror}). Choose another: make run PORT=8001")
    return int(wanted)


def describe_site(port: int) -> str:
    """Set the undefined variables for a site as visitors see it, error pages included. Returns its address."""
    key = ROOT / "var" / "secret-key"
    if not key.exists():
        key.parent.mkdir(exist_ok=True)
        key.touch(mode=0o600)
        key.write_text(secrets.token_urlsafe(50))
    defaults = {"DEBUG": "false", "SECRET_KEY": key.read_text(), "ALLOWED_HOSTS": f"{HOST},localhost"}
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    os.environ["SITE_URL"] = f"http://{HOST}:{port}"
    return os.environ["SITE_URL"]


def where_mail_goes() -> str:
    """The sentence about e-mail: sent, or stored as files for a trial of the site."""
    if os.environ.get("EMAIL_URL"):
        return "is sent"
    return str(Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve() / "mail")


def worker_count() -> int:
    """A process for each core on PostgreSQL. On SQLite one process writes at a time, and several would only wait."""
    on_postgresql = os.environ.get("DATABASE_URL", "").startswith("postgres")
    return (os.cpu_count() or 1) if on_postgresql else 1


def start(*command: str) -> subprocess.Popen:
    """Start in a session of its own, so that Ctrl-C is handled here, once."""
    return subprocess.Popen([sys.executable, *command], cwd=ROOT, start_new_session=True)


def is_answering(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def stop(processes: list[subprocess.Popen]) -> None:
    """Terminate, wait ten seconds, then kill with all children. A second signal meanwhile does not interrupt this."""
    for name in [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]:
        signal.signal(name, signal.SIG_IGN)
    for process in processes:
        process.terminate()
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> int:
    port = chosen_port()
    site = describe_site(port)
    for command in PREPARE:
        status = subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT).returncode
        if status:
            return status
    processes, announced = [], False
    try:
        processes.append(start("manage.py", "worker"))
        size = ["--workers", str(worker_count()), "--blocking-threads", str(THREADS)]
        granian = ["-m", "granian", "--interface", "wsgi", *size]
        address = ["--host", HOST, "--port", str(port), "--log-level", "warning"]
        processes.append(start(*granian, *address, "calcsite.wsgi:application"))
        while all(process.poll() is None for process in processes):
            if not announced and is_answering(port):
                announced = True
                print(f"\nThe site:   {site}/\nFor staff:  {site}/admin/")
                print(f"E-mail:     {where_mail_goes()}\nTo stop:    Ctrl-C", flush=True)
            time.sleep(0.2)
    finally:
        ended = [process.args[1:3] for process in processes if process.poll() is not None]
        stop(processes)
    print(f"{' '.join(ended[0])} ended by itself; everything is stopped.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    for name in [signal.SIGTERM, signal.SIGHUP]:
        signal.signal(name, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
