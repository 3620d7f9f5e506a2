"""Uploads: only some pages accept large files, and a full disk is handled."""

import resource

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from calcsite.web.uploads import LARGEST_ELSEWHERE, LargeFilesHandler, LimitedUploadHandler


def received(handler_of, *files: SimpleUploadedFile):
    """The files that a handler receives, and the handler."""
    request = RequestFactory().post("/", {"files": list(files), "after": "kept"})
    handler = handler_of(request)
    request.upload_handlers = [handler]
    assert request.POST["after"] == "kept"
    return request.FILES.getlist("files"), handler


def named(name: str, size: int) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, bytes(size))


def large(request) -> LargeFilesHandler:
    return LargeFilesHandler(request, largest=200_000, most=3, together=500_000)


def test_a_file_that_is_too_large_is_dropped_and_the_others_arrive():
    files, handler = received(large, named("a", 10), named("b", 300_000), named("c", 200_000))
    assert [(file.name, file.size) for file in files] == [("a", 10), ("c", 200_000)]
    assert handler.refused == [("b", "too large")]
    for file in files:
        file.close()


def test_of_too_many_the_first_arrive():
    files, handler = received(large, *[named(name, 10) for name in "abcde"])
    assert [file.name for file in files] == ["a", "b", "c"]
    assert handler.refused == [("d", "too many"), ("e", "too many")]
    for file in files:
        file.close()


def test_files_that_are_too_large_together_are_not_written_to_the_disk():
    sizes = {"a": 200_000, "b": 200_000, "c": 100_001}
    files, handler = received(large, *[named(name, size) for name, size in sizes.items()])
    assert [file.name for file in files] == ["a", "b"]
    assert handler.refused == [("c", "no room")]
    for file in files:
        file.close()


def test_a_disk_that_fills_up_drops_the_file_and_its_written_part(settings, tmp_path):
    """The system refuses to write more than some bytes to any file, as with a full disk."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        files, handler = received(large, named("a", 150_000), named("b", 10))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert handler.refused == [("a", "disk")]
    assert [file.name for file in files] == ["b"]
    assert len(list(tmp_path.iterdir())) == 1
    files[0].close()
    assert list(tmp_path.iterdir()) == []


def test_a_page_for_small_things_reads_no_large_file():
    with pytest.raises(RequestDataTooBig):
        received(LimitedUploadHandler, named("a", LARGEST_ELSEWHERE + 1))
    assert received(LimitedUploadHandler, named("a", 10))[0] == []


@pytest.mark.django_db
def test_a_stranger_s_large_file_is_answered_and_not_kept(settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    stranger = Client(enforce_csrf_checks=True)
    stranger.get("/appointment/link/")
    answer = stranger.post("/appointment/link/", {"email": "a@b.example", "f": named("a", LARGEST_ELSEWHERE + 1)})
    assert answer.status_code == 400
    assert list(tmp_path.iterdir()) == []
