"""Virus check by clamd (clamd(8), INSTREAM). With CLAMAV_URL set, no file passes without it."""

import socket
import struct
from contextlib import closing
from typing import BinaryIO

from django.conf import settings

from appointments.documents.scanning.filechecks.problems import FileProblem

CHUNK_BYTES = 64 * 1024
TIMEOUT_SECONDS = 60  # for each step of the exchange
FOUND = (
    "Our virus scanner found something harmful in this file, so we did not keep it. Check your device, and call us."
)
NO_ANSWER = "We could not check the file just now, so we did not keep it. Try again later, or call us."


def check(file: BinaryIO) -> None:
    """Raises FileProblem for an infected file, and for one that could not be checked. Rewinds the file."""
    if not settings.CLAMAV_URL:
        return
    file.seek(0)
    try:
        answer = _ask(file)
    except (OSError, ValueError) as error:
        raise FileProblem(NO_ANSWER) from error
    finally:
        file.seek(0)
    if answer.endswith("FOUND"):
        raise FileProblem(FOUND)
    if answer != "stream: OK":
        raise FileProblem(NO_ANSWER)


def _ask(file: BinaryIO) -> str:
    with closing(_connect(settings.CLAMAV_URL)) as connection:
        connection.sendall(b"zINSTREAM\0")
        while chunk := file.read(CHUNK_BYTES):
            connection.sendall(struct.pack("!I", len(chunk)) + chunk)
        connection.sendall(struct.pack("!I", 0))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < 4096 and (part := connection.recv(4096)):
            answer += part
    return answer.rstrip(b"\0").decode("utf-8", "replace").strip()


def _connect(address: str) -> socket.socket:
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT_SECONDS)
        if error := connection.connect_ex(address):
            connection.close()
            raise OSError(error, "clamd's socket does not answer")
        return connection
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT_SECONDS)
