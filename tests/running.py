"""A real site for tests: its own database, files and process, served the way `make run` serves it, with DEBUG off."""

import fcntl
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import environ
import psycopg

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
# What a test may not inherit from the shell: a site is described here, and only here.
FOREIGN = {"DATABASE_URL", "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "VAR_DIR", "LOG_LEVEL", "BEHIND_PROXY"}
FOREIGN |= {"CACHE_URL", "EMAIL_URL", "DEFAULT_FROM_EMAIL", "SESSION_IDLE_MINUTES", "SESSION_HOURS"}
# What scripts/serve.py runs before it serves, in one process here: five starts of Python take longer than the work.
# Then a session for the tests that are about something else than signing in, of an account of its own: the first one
# is as `ensure_staff` made it.
PREPARE = """
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
call_command("createcachetable")
for command in ["load_starter", "load_guidance", "load_demonstration", "ensure_staff", "render_pages"]:
    call_command(command)
from calcsite.tests.people import make_person, make_session
print("Session:", make_session(make_person(username="signed-in", is_superuser=True)))
"""
PATIENCE = 30  # seconds


@dataclass
class Site:
    """A running site, the staff account that `ensure_staff` made for it, and a session in which staff signed in."""

    url: str
    environment: dict[str, str]
    log: Path
    staff_name: str = ""
    staff_password: str = ""
    session: str = ""

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def session_cookie(self) -> dict[str, str]:
        """What makes a browser signed in (Playwright's `add_cookies`)."""
        return {"name": "sessionid", "value": self.session, "url": self.url}

    def run(self, *arguments: str) -> str:
        """Run Python with this site's database and files. Returns what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{arguments} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def errors(self) -> list[str]:
        """The faults of ours in the site's log. What was rightly refused (django.security) is none."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if " ERROR " in line and " django.security." not in line]


@contextmanager
def running_site(home: Path, static: Path, *, prepared: bool = True) -> Iterator[Site]:
    """Serve a new site from the folder `home`; stop it and drop its database at the end.

    With `prepared` false nothing is put into the database, not even its tables: every page that needs it then fails.
    """
    home.mkdir(parents=True, exist_ok=True)
    (home / "static").symlink_to(static)
    with own_database() as database:
        site = Site(url=f"http://{HOST}:{free_port()}", environment={}, log=home / "log")
        site.environment = environment_of(home, site.url) | database
        if prepared:
            output = site.run("-c", PREPARE)
            site.staff_name, site.staff_password = re.search(r"account: (\S+), password: (\S+)", output).groups()
            site.session = re.search(r"Session: (\S+)", output)[1]
        with serving(site, "/readyz" if prepared else "/livez"):
            yield site


def environment_of(home: Path, url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "calcsite.settings",
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_hex(32),
        "ALLOWED_HOSTS": f"{HOST},localhost",  # browsers give passkeys to names only
        "SITE_URL": url,
        "VAR_DIR": str(home),
    }


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """The DATABASE_URL of a new database on the server that the suite runs on; nothing where that is SQLite."""
    address = os.environ.get("DATABASE_URL", "")
    if not address.startswith("postgres"):
        yield {}
        return
    name = f"site_{secrets.token_hex(6)}"
    with psycopg.connect(**parameters(address), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield {"DATABASE_URL": with_name(address, name)}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def with_name(address: str, name: str) -> str:
    """A database's address with another database of the same server in it."""
    address, mark, options = address.partition("?")
    return f"{address.rpartition('/')[0]}/{name}{mark}{options}"


def parameters(address: str) -> dict[str, str]:
    settings = environ.Env.db_url_config(address)
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}
    return {theirs: str(settings[ours]) for ours, theirs in names.items() if settings.get(ours)}


@contextmanager
def serving(site: Site, ready: str) -> Iterator[None]:
    granian = ["--interface", "wsgi", "--workers", "1", "--log-level", "warning", "--host", HOST]
    command = [sys.executable, "-m", "granian", *granian, "--port", str(site.port), "calcsite.wsgi:application"]
    with site.log.open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=site.environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_until_ready(site, ready, process)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_until_ready(site: Site, path: str, process: subprocess.Popen) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        connection = HTTPConnection(HOST, site.port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            if process.poll() is not None:
                break
        finally:
            connection.close()
        time.sleep(0.05)
    raise RuntimeError(f"The site did not come up:\n{site.log.read_text()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def collected_static(home: Path) -> Path:
    """The static files as they are in production, collected once for all the processes of a test run."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "done").exists():
            environment = environment_of(home, f"http://{HOST}:1")
            command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
            (home / "done").touch()
    return home / "static"
