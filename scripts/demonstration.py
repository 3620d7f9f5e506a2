"""A site for trials: its own folder, a clock that starts at a set time, and the e-mails that it has written.

It is the site of `make run`, with its worker. The clock makes two runs show the same dates.
"""

import email
import email.policy
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from serve import HOST, ROOT

PATIENCE_SECONDS = 180
END_OF_MESSAGE = f"{'-' * 79}\n"  # as Django's console.EmailBackend ends each, in a file too
# Python imports this module at the start of each of the site's processes.
CLOCK = """
import datetime, os
import time_machine
ahead = datetime.timedelta(seconds=float(os.environ["SECONDS_AHEAD"]))
time_machine.travel(datetime.datetime.now(datetime.UTC) + ahead, tick=True).start()
"""


@dataclass
class Site:
    """A running site, and the account that `ensure_staff` made."""

    url: str
    mail: Path
    seconds_ahead: float
    password: str

    def time(self) -> float:
        """Seconds since 1970 by the site's clock."""
        return time.time() + self.seconds_ahead

    def mail_to(self, address: str, subject: str) -> str:
        """The text of the latest message with these words in its subject. Waits for the first."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            found = [each for each in self.messages() if address in each["To"] and subject in each["Subject"]]
            if found:
                return found[-1].get_body(("plain",)).get_content()
            time.sleep(0.2)
        raise RuntimeError(f"No message “{subject}” to {address} has come.")

    def messages(self) -> list[EmailMessage]:
        """Every message so far, the oldest first."""
        files = sorted(self.mail.glob("*.log"), key=lambda path: path.stat().st_mtime)
        texts = [text for file in files for text in file.read_text().split(END_OF_MESSAGE)[:-1]]
        return [email.message_from_string(text, policy=email.policy.default) for text in texts]


@contextmanager
def demonstration_site(home: Path, starts: datetime) -> Iterator[Site]:
    """Serve a new site from the folder `home`, where it is `starts` when the first process starts."""
    seconds_ahead = starts.timestamp() - time.time()
    (home / "sitecustomize.py").write_text(CLOCK)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(home),
        "SECONDS_AHEAD": str(seconds_ahead),
        "SECRET_KEY": secrets.token_hex(32),
        "VAR_DIR": str(home / "var"),
        "PORT": str(free_port()),
    }
    serve = [sys.executable, str(ROOT / "scripts" / "serve.py")]
    with (home / "log").open("w") as log:
        output = {"stdout": log, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(serve, env=environment, start_new_session=True, **output)
        try:
            password = wait_until_announced(process, home / "log")
            yield Site(f"http://{HOST}:{environment['PORT']}", home / "var" / "mail", seconds_ahead, password)
        except Exception:
            print((home / "log").read_text(), file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.wait()


def wait_until_announced(process: subprocess.Popen, log: Path) -> str:
    """Wait until the site says where it is. Returns the password of its first account."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if "For staff:" in log.read_text():
            return re.search(r"password: (\S+)", log.read_text())[1]
        time.sleep(0.2)
    raise RuntimeError("The site did not come up.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
