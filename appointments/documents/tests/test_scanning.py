"""Where a virus scanner is named, no file passes without it: neither a bad one, nor any while it is away."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import pytest

from appointments.documents.scanning import clamd
from appointments.documents.scanning.filechecks.problems import FileProblem

# The harmless text that every scanner takes for a virus (https://www.eicar.org/download-anti-malware-testfile/), in
# halves, so that no scanner takes this file for one.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + rb"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd(socketserver.StreamRequestHandler):
    """A server for the INSTREAM command of clamd(8): the size of each chunk in four bytes, then the chunk; size 0 ends
    it.
    """

    replies = {"found": b"stream: Eicar-Test-Signature FOUND\0", "clean": b"stream: OK\0"}

    def handle(self) -> None:
        if self.rfile.read(10) != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        self.wfile.write(self.replies["found" if EICAR in content else "clean"])


class Overloaded(Clamd):
    replies = {"clean": b"INSTREAM size limit exceeded. ERROR\0"}


class Silent(Clamd):
    replies = {"clean": b""}


@contextmanager
def running(kind: type[Clamd], path: str = "") -> Iterator[str]:
    if path:
        server = socketserver.ThreadingUnixStreamServer(path, kind)
    else:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    try:
        yield path or f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_clean_file_passes_and_a_virus_does_not(settings):
    with running(Clamd) as settings.CLAMAV_URL:
        clean = BytesIO(bytes(200_000))
        clamd.check(clean)
        assert clean.tell() == 0
        with pytest.raises(FileProblem) as refused:
            clamd.check(BytesIO(bytes(100_000) + EICAR))
    assert str(refused.value) == clamd.FOUND


def test_the_scanner_may_be_at_a_socket_of_this_machine(settings, tmp_path):
    with running(Clamd, str(tmp_path / "clamd")) as settings.CLAMAV_URL, pytest.raises(FileProblem):
        clamd.check(BytesIO(EICAR))


@pytest.mark.parametrize("kind", [Overloaded, Silent])
def test_a_file_that_could_not_be_checked_is_not_stored(settings, kind):
    with running(kind) as settings.CLAMAV_URL, pytest.raises(FileProblem) as refused:
        clamd.check(BytesIO(b"clean"))
    assert str(refused.value) == clamd.NO_ANSWER


@pytest.mark.parametrize("address", ["{}", "/no/such/socket", "nonsense"])
def test_while_the_scanner_is_away_nothing_is_kept(settings, address):
    with running(Clamd) as gone:
        settings.CLAMAV_URL = address.format(gone)
    with pytest.raises(FileProblem) as refused:
        clamd.check(BytesIO(b"clean"))
    assert str(refused.value) == clamd.NO_ANSWER
