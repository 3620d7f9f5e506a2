"""Uploads: written to disk piece by piece, within limits, and never held in memory."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

MEGABYTE = 1024 * 1024
LARGEST_ELSEWHERE = 25 * MEGABYTE  # bytes, on all other pages, whose files are far smaller
View = Callable[..., HttpResponse]


class LimitedUploadHandler(FileUploadHandler):
    """Stop reading a request that sends a large file to a page for small ones (answered 400)."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start + len(raw_data) > LARGEST_ELSEWHERE:
            for handler in self.request.upload_handlers:
                if hasattr(handler, "file"):
                    handler.file.close()  # which deletes it
            raise RequestDataTooBig("A file is too large for this page.")
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


class LargeFilesHandler(TemporaryFileUploadHandler):
    """Write files to disk, up to a size for each, a number, and a size for all together.

    Refused files are read and dropped, so that the others arrive, and the page can show the reason: a browser shows no
    answer to a request that was not read. `refused` has the name and the reason of each.
    """

    def __init__(self, request: HttpRequest, *, largest: int, most: int, together: int) -> None:
        super().__init__(request)
        self.largest, self.most, self.taken = largest, most, 0
        self.room = together  # bytes left
        self.refused: list[tuple[str, str]] = []
        self.is_dropped = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.is_dropped = False
        FileUploadHandler.new_file(self, *args, **kwargs)
        if self.taken >= self.most:
            self._drop("too many")
            return
        self.taken += 1
        try:
            self.file = TemporaryUploadedFile(
                self.file_name, self.content_type, 0, self.charset, self.content_type_extra
            )
        except OSError:
            self._drop("disk")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.is_dropped:
            return
        if start + len(raw_data) > self.largest:
            self._drop("too large")
            return
        if start + len(raw_data) > self.room:
            self._drop("no room")
            return
        try:
            self.file.write(raw_data)
        except OSError:
            self._drop("disk")

    def file_complete(self, file_size: int) -> TemporaryUploadedFile | None:
        if self.is_dropped:
            return None
        try:
            whole = super().file_complete(file_size)
        except OSError:  # the buffered part did not fit on the disk either
            self._drop("disk")
            return None
        del self.file  # it is the request's now
        self.room -= file_size
        return whole

    def _drop(self, why: str) -> None:
        self.is_dropped = True
        self.refused.append((self.file_name, why))
        if hasattr(self, "file"):
            with suppress(OSError):
                self.file.close()
            del self.file


def takes_large_files(
    *, largest: Callable[[], int], most: Callable[[], int], together: Callable[[], int]
) -> Callable[[View], View]:
    """Decorator for a view whose POST may hold large files. `request.refused_files` has the refused ones, after
    reading.

    It has to be the innermost decorator, so that permissions are checked before the request is read. The CSRF token is
    checked here, because that reads the request.
    """

    def taking(view: View) -> View:
        protected = csrf_protect(view)

        @csrf_exempt
        @wraps(view)
        def received(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            handler = LargeFilesHandler(request, largest=largest(), most=most(), together=together())
            request.upload_handlers = [handler]
            request.refused_files = handler.refused
            return protected(request, *args, **kwargs)

        return received

    return taking
