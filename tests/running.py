"""A real site for tests: its own database, files and process, served as `make run` serves it, with DEBUG off."""

import fcntl
import json
import os
import re
import secrets
import shutil
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
from typing import Any

import environ
import psycopg

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
NOWHERE = f"http://{HOST}:1"
# Variables that a test may not inherit from the shell: a site is described only here.
FOREIGN = {"DATABASE_URL", "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "VAR_DIR", "LOG_LEVEL", "BEHIND_PROXY"}
FOREIGN |= {
    "CACHE_URL",
    "EMAIL_URL",
    "EMAIL_TIMEOUT",
    "MAIL_KEPT_DAYS",
    "DEFAULT_FROM_EMAIL",
    "SESSION_IDLE_MINUTES",
    "SESSION_HOURS",
}
FOREIGN |= {"CLAMAV_URL", "DOCUMENT_MEGABYTES", "DOCUMENTS_MEGABYTES", "DOCUMENTS_MOST"}
# The commands of scripts/serve.py before it serves, here in one process: five starts of Python would take longer.
# Then a session for the tests that are about something else than signing in, of an account of its own: the first one
# is as `ensure_staff` made it.
PREPARE = """
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
call_command("createcachetable")
for command in ["load_starter", "load_guidance", "load_demonstration", "ensure_staff"]:
    call_command(command)
from calcsite.tests.people import make_person, make_session
print("Session:", make_session(make_person(username="signed-in", is_superuser=True)))
"""
# Seconds until a test gives up waiting for a state of the site or of a page. A busy machine takes many of them.
PATIENCE = 60


@dataclass
class Site:
    """A running site, the staff account that `ensure_staff` made for it, and a session of signed-in staff."""

    url: str
    environment: dict[str, str]
    log: Path
    staff_name: str = ""
    staff_password: str = ""
    session: str = ""
    process: int = 0  # of the server, which has one worker below it

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def session_cookie(self) -> dict[str, str]:
        """The cookie of a signed-in browser (Playwright's `add_cookies`)."""
        return {"name": "sessionid", "value": self.session, "url": self.url}

    def run(self, *arguments: str) -> str:
        """Run Python with this site's database and files. Returns its output."""
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
        """Unexpected errors in the site's log. Refused requests (django.security) do not count."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if " ERROR " in line and " django.security." not in line]


@contextmanager
def running_site(home: Path, static: Path, *, prepared: bool = True) -> Iterator[Site]:
    """Serve a new site from the folder `home`; stop it and drop its database at the end.

    With `prepared` false the database is empty, without tables: every page that needs it fails.
    """
    with new_site(home, static, prepared=prepared) as site, serving(site, "/readyz" if prepared else "/livez"):
        yield site


@contextmanager
def new_site(home: Path, static: Path, *, prepared: bool = True, **settings: str) -> Iterator[Site]:
    """A site that is not served yet. A prepared one is a copy of the model site of the test run."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "static").symlink_to(static)
    model = model_site(static.parent / "model", static) if prepared else None
    site = Site(url=f"http://{HOST}:{free_port()}", environment={}, log=home / "log")
    with own_database(model["database"] if model else "") as database:
        site.environment = environment_of(home, site.url) | database | settings
        if model:
            files = static.parent / "model" / "files"
            shutil.copytree(files, home, dirs_exist_ok=True, ignore=lambda *_: ["static"])
            site.environment["SECRET_KEY"] = model["key"]  # the session is signed with it
            site.staff_name, site.staff_password, site.session = model["staff"]
            site.run("manage.py", "render_pages")  # a page names the site's address
        yield site


def model_site(home: Path, static: Path) -> dict[str, Any]:
    """The database and the accounts that every prepared site is copied from, made once for all processes of a test
    run.

    On PostgreSQL the database stays on the server until `drop_model`.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        note = home / "model.json"
        if not note.exists():
            files = home / "files"
            files.mkdir()
            (files / "static").symlink_to(static)
            site = Site(url=NOWHERE, environment=environment_of(files, NOWHERE), log=home / "log")
            name = create_database() if on_postgresql() else ""
            site.environment |= {"DATABASE_URL": with_name(os.environ["DATABASE_URL"], name)} if name else {}
            output = site.run("-c", PREPARE)
            staff = re.search(r"account: (\S+), password: (\S+)", output).groups()
            staff += (re.search(r"Session: (\S+)", output)[1],)
            note.write_text(json.dumps({"database": name, "key": site.environment["SECRET_KEY"], "staff": staff}))
        return json.loads(note.read_text())


def drop_model(home: Path) -> None:
    """Drop the database that `model_site` has made, if it has."""
    note = home / "model.json"
    if note.exists() and (name := json.loads(note.read_text())["database"]):
        drop_database(name)


def environment_of(home: Path, url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "calcsite.settings",
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_hex(32),
        "ALLOWED_HOSTS": f"{HOST},localhost",  # browsers allow passkeys for host names only
        "SITE_URL": url,
        "VAR_DIR": str(home),
    }


def on_postgresql() -> bool:
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


@contextmanager
def own_database(template: str = "") -> Iterator[dict[str, str]]:
    """The DATABASE_URL of a new database on the suite's server; "" for SQLite."""
    if not on_postgresql():
        yield {}
        return
    name = create_database(template)
    try:
        yield {"DATABASE_URL": with_name(os.environ["DATABASE_URL"], name)}
    finally:
        drop_database(name)


def create_database(template: str = "") -> str:
    name = f"site_{secrets.token_hex(6)}"
    with psycopg.connect(**parameters(os.environ["DATABASE_URL"]), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    return name


def drop_database(name: str) -> None:
    with psycopg.connect(**parameters(os.environ["DATABASE_URL"]), autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def with_name(address: str, name: str) -> str:
    """The address of another database on the same server."""
    address, mark, options = address.partition("?")
    return f"{address.rpartition('/')[0]}/{name}{mark}{options}"


def parameters(address: str) -> dict[str, str]:
    settings = environ.Env.db_url_config(address)
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}
    return {theirs: str(settings[ours]) for ours, theirs in names.items() if settings.get(ours)}


class Program:
    """A process of a site, in its own session with its children. It can be killed and restarted."""

    def __init__(self, site: Site, *arguments: str) -> None:
        self.site, self.arguments = site, arguments
        self.start()

    def start(self) -> None:
        with self.site.log.open("a") as log:
            command = [sys.executable, *self.arguments]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.site.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """Kill it, with its children."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> None:
        """Stop it after its current work."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()


def web_process(site: Site) -> Program:
    granian = ["--interface", "wsgi", "--workers", "1", "--log-level", "warning", "--host", HOST]
    return Program(site, "-m", "granian", *granian, "--port", str(site.port), "calcsite.wsgi:application")


@contextmanager
def serving(site: Site, ready: str) -> Iterator[Program]:
    web = web_process(site)
    try:
        wait_until_ready(site, ready, web.process)
        site.process = web.process.pid
        yield web
    finally:
        web.stop()


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
    """The static files as in production, collected once for all the processes of a test run."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "done").exists():
            environment = environment_of(home, NOWHERE)
            command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
            (home / "done").touch()
    return home / "static"
