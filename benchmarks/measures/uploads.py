"""The server's memory while a very large file arrives: it is written to disk piece by piece, and never held."""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.test import Client

from appointments.tests.clients import come_in_with_code, url
from appointments.tests.factories import make_appointment
from benchmarks.results import Figure
from benchmarks.server import HOST, running

MEGABYTE = 1024 * 1024
SENT = 2048  # megabytes
MAX_EXTRA_MEGABYTES = 32  # megabytes that the server may need on top, for a file of any size
BOUNDARY = "boundary-of-the-parts"


@dataclass(frozen=True)
class Patient:
    """A patient who may send files: the session's cookies, and the token of the page's form."""

    cookies: str
    token: str


def figures() -> Iterator[Figure]:
    client = come_in_with_code(make_appointment(), HTTP_HOST=HOST)
    patient = patient_of(client)
    with running() as server:
        send(server.port, patient, megabytes=1)  # modules loaded with the first request are not counted
        before = peak_megabytes(server.worker)
        status = send(server.port, patient, megabytes=SENT)
        grown = peak_megabytes(server.worker) - before
    if status != 200:
        raise ValueError(f"2 GB were answered with {status}")
    yield Figure(f"memory on top while {SENT} MB arrive", grown, " MB", at_most=MAX_EXTRA_MEGABYTES)


def patient_of(client: Client) -> Patient:
    page = client.get(url("documents")).text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    return Patient("; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items()), token)


def peak_megabytes(process: int) -> float:
    """The peak memory of a process so far (proc_pid_status(5), VmHWM)."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def send(port: int, patient: Patient, *, megabytes: int) -> int:
    """Send a file of zeros as a browser sends a form. Returns the status of the answer."""
    fields = {"csrfmiddlewaretoken": patient.token, "agree": "on"}
    parts = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()
    )
    parts += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="a.dcm"\r\n\r\n'
    end = f"\r\n--{BOUNDARY}--\r\n".encode()
    length = len(parts) + megabytes * MEGABYTE + len(end)
    head = (
        f"POST {url('documents')} HTTP/1.1\r\nHost: {HOST}\r\nOrigin: http://{HOST}\r\nCookie: {patient.cookies}\r\n"
    )
    head += f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n\r\n"
    with socket.create_connection((HOST, port), timeout=600) as connection:
        connection.sendall((head + parts).encode())
        for _ in range(megabytes):
            connection.sendall(bytes(MEGABYTE))
        connection.sendall(end)
        return int(connection.makefile("rb").readline().split()[1])
