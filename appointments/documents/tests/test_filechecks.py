"""The kind of a file is that of its content, and a refusal names the kind and the next step."""

import random
from pathlib import Path

import pytest

from appointments.choices import FileKind
from appointments.documents.scanning import sandbox
from appointments.documents.scanning.filechecks import names, pdfs, pictures, zips
from appointments.documents.scanning.filechecks.dicom import CONTENTS, DIRECTORY, DOCUMENT, HIDDEN, NO_IMAGE
from appointments.documents.scanning.filechecks.kinds import kind_of
from appointments.documents.scanning.filechecks.problems import SEND, FileProblem
from appointments.documents.tests import hostile

GOOD = {
    "PDF": (hostile.pdf, FileKind.PDF),
    "PDF that opens at a page": (lambda: hostile.pdf_that_asks_elsewhere("GoTo", D=0), FileKind.PDF),
    "PDF with a link": (
        lambda: hostile.pdf(page={"/Annots": hostile.pikepdf.Array([hostile.annotation("Link", A=hostile.link())])}),
        FileKind.PDF,
    ),
    "JPEG": (lambda: hostile.picture("JPEG"), FileKind.JPEG),
    "progressive JPEG": (lambda: hostile.picture("JPEG", progressive=True), FileKind.JPEG),
    "PNG": (lambda: hostile.picture("PNG"), FileKind.PNG),
    "DICOM": (hostile.dicom, FileKind.DICOM),
    "DICOM that is a TIFF too": (lambda: hostile.dicom(preamble=b"II*\0"), FileKind.DICOM),
    "zip": (lambda: hostile.packed({"CT/1": hostile.dicom(), "CT/2": hostile.dicom()}), FileKind.DICOM_ZIP),
    "zip of a CD": (
        lambda: hostile.packed({"DICOMDIR": hostile.dicom(sop_class=DIRECTORY), "1": hostile.dicom()}),
        FileKind.DICOM_ZIP,
    ),
    "zip of a Mac": (
        lambda: hostile.packed({"1.dcm": hostile.dicom(), "__MACOSX/._1.dcm": b"\0\x05\x16\x07" + bytes(99)}),
        FileKind.DICOM_ZIP,
    ),
    # Accepted unchanged, because nothing in them runs when they are opened (tests/journeys/test_documents_browser.py).
    "JPEG with a web page behind it": (lambda: hostile.picture("JPEG") + hostile.HTML, FileKind.JPEG),
    "PNG with a web page in a comment": (hostile.png_with_html_in_a_comment, FileKind.PNG),
}
NOT_DICOM = f"There is something in this zip file that is no DICOM image: “{{}}”. {zips.AGAIN}"
BAD = {
    "SVG": (lambda: hostile.SVG, f"This is an SVG picture. {SEND}"),
    "web page": (lambda: hostile.HTML, f"This is a web page. {SEND}"),
    "web page in UTF-16": (lambda: hostile.HTML.decode().encode("utf-16"), f"This is a web page. {SEND}"),
    "GIF and script at once": (lambda: hostile.GIF_JS, f"This is a GIF picture. {SEND}"),
    "text": (lambda: "Dear doctor, 李".encode(), f"This is a text file. {SEND}"),
    "program": (lambda: hostile.PROGRAM, f"This is a program. {SEND}"),
    "no known kind": (lambda: b"\x93\0\1\2" * 99, f"This is a kind of file that we cannot open. {SEND}"),
    "empty": (lambda: b"", "This file is empty. Look whether it opens on your device, and send it again."),
    "web page behind a PNG": (
        lambda: hostile.picture("PNG") + hostile.HTML,
        "There is something else in this file, behind the picture. Open it, save it as a new picture, and send that.",
    ),
    "web page behind a PNG, and the end of one behind that": (
        lambda: hostile.picture("PNG") + hostile.HTML + hostile.picture("PNG")[-12:],
        pictures.DATA_APPENDED,
    ),
    "50,000 × 50,000 pixels": (
        lambda: hostile.large_png(50_000, 50_000),
        "This picture is too large to open: 50,000 × 50,000 pixels. Save a smaller copy, and send that.",
    ),
    "half a PNG": (lambda: hostile.picture("PNG")[:-20], pictures.BROKEN),
    "half a JPEG": (lambda: hostile.picture("JPEG")[:-400], pictures.BROKEN),
    "moving PNG": (
        lambda: hostile.picture("PNG", save_all=True, append_images=[hostile.Image.new("RGB", (8, 8))]),
        f"This is a moving PNG picture. {SEND}",
    ),
    "PDF with script": (hostile.pdf_with_script, pdfs.SCRIPT),
    "PDF with a script under escapes": (hostile.pdf_with_a_script_under_escapes, pdfs.SCRIPT),
    "PDF that starts a program": (hostile.pdf_that_starts_a_program, pdfs.STARTS),
    "PDF that asks a share of Windows when it is opened": (
        lambda: hostile.pdf_that_asks_elsewhere("GoToR", F=hostile.ELSEWHERE, D=0),
        pdfs.STARTS,
    ),
    "PDF that asks a web address when it is opened": (
        lambda: hostile.pdf_that_asks_elsewhere("URI", URI="https://harm.example/"),
        pdfs.STARTS,
    ),
    "PDF that shows a page first, and asks then": (
        lambda: hostile.pdf_that_asks_elsewhere("GoTo", D=0, Next=hostile.action("URI", URI="https://harm.example/")),
        pdfs.STARTS,
    ),
    "PDF that asks when its page is shown": (
        lambda: hostile.pdf(page={"/AA": hostile.pikepdf.Dictionary(O=hostile.action("URI", URI="//harm"))}),
        pdfs.STARTS,
    ),
    "PDF whose content is elsewhere": (hostile.pdf_with_its_content_elsewhere, pdfs.STARTS),
    "PDF with a model in three dimensions": (
        lambda: hostile.pdf(page={"/Annots": hostile.pikepdf.Array([hostile.annotation("3D")])}),
        pdfs.MEDIA,
    ),
    "PDF with a file inside": (hostile.pdf_with_a_file_inside, pdfs.CARRIES),
    "PDF form": (lambda: hostile.pdf(root={"/AcroForm": hostile.pikepdf.Dictionary(XFA="x")}), pdfs.FORM),
    "encrypted PDF": (hostile.encrypted_pdf, pdfs.LOCKED),
    "PDF encrypted without a password": (lambda: hostile.encrypted_pdf(""), pdfs.LOCKED),
    "only the first line of a PDF": (lambda: b"%PDF-1.7\n" + bytes(99), pdfs.BROKEN),
    "program in front of DICOM": (lambda: hostile.dicom(preamble=hostile.PROGRAM), HIDDEN),
    "ELF program in front of DICOM": (lambda: hostile.dicom(preamble=b"\x7fELF\2\1\1"), HIDDEN),
    "web page in front of DICOM": (lambda: hostile.dicom(preamble=b"<script src=x></script>"), HIDDEN),
    "nothing behind DICM": (lambda: bytes(128) + b"DICM", NO_IMAGE),
    "text behind DICM": (lambda: bytes(128) + b"DICM" + b"a text called .dcm " * 20, NO_IMAGE),
    "DICOM of no class": (lambda: hostile.dicom(sop_class=""), NO_IMAGE),
    "DICOM with a PDF": (lambda: hostile.dicom(sop_class="1.2.840.10008.5.1.4.1.1.104.1"), DOCUMENT),
    "contents of a CD": (lambda: hostile.dicom(sop_class=DIRECTORY), CONTENTS),
    "empty zip": (lambda: hostile.packed({}), zips.EMPTY),
    "zip of nothing but folders": (lambda: hostile.packed({"a/": b""}), zips.EMPTY),
    "zip with a program": (
        lambda: hostile.packed({"1.dcm": hostile.dicom(), "viewer.exe": hostile.PROGRAM}),
        NOT_DICOM.format("viewer.exe"),
    ),
    "zip in a zip": (
        lambda: hostile.packed({"in.zip": hostile.packed({"1": hostile.dicom()})}),
        NOT_DICOM.format("in.zip"),
    ),
    "program that calls itself a note of a Mac": (
        lambda: hostile.packed({"1": hostile.dicom(), "__MACOSX/._1": hostile.PROGRAM}),
        NOT_DICOM.format("._1"),
    ),
    "zip with a program in a preamble": (
        lambda: hostile.packed({"a": hostile.dicom(preamble=hostile.PROGRAM)}),
        f"In this zip file, “a” cannot be taken. {HIDDEN}",
    ),
    "zip with a step up": (lambda: hostile.packed({"../../a.dcm": hostile.dicom()}), zips.OUTSIDE),
    "zip with Windows' step up": (lambda: hostile.packed({"..\\a.dcm": hostile.dicom()}), zips.OUTSIDE),
    "zip with an absolute path": (lambda: hostile.packed({"/etc/a": hostile.dicom()}), zips.OUTSIDE),
    "zip with a link": (hostile.zip_with_a_link, zips.OUTSIDE),
    "locked zip": (hostile.locked_zip, zips.LOCKED),
    "zip with a program that calls itself a folder": (
        lambda: hostile.zip_with_a_folder_that_is_a_file(hostile.PROGRAM),
        NOT_DICOM.format("a"),
    ),
    "zip bomb that calls itself a folder": (
        lambda: hostile.zip_with_a_folder_that_is_a_file(bytes(16 * 2**20)),
        zips.TOO_LARGE,
    ),
    "zip bomb of one file many times": (hostile.bomb_of_one_file_many_times, zips.TOO_LARGE),
    "zip bomb": (hostile.bomb, zips.TOO_LARGE),
    "zip bomb that lies": (hostile.bomb_that_lies, zips.BROKEN),
    "zip of too many": (lambda: hostile.packed({str(number): b"" for number in range(5001)}), zips.TOO_MANY),
    "zip with a broken image": (hostile.zip_broken_on_its_way, zips.BROKEN),
    "half a zip": (lambda: hostile.packed({"1": hostile.dicom()})[:-30], zips.BROKEN),
    "Word document": (
        lambda: hostile.packed({"[Content_Types].xml": b"<a/>", "_rels/.rels": b"", "word/a.xml": b""}),
        "This is a Word document. Save it as a PDF, and send that.",
    ),
    "drawing of an office": (
        lambda: hostile.packed({"[Content_Types].xml": b"<a/>", "_rels/.rels": b"", "visio/a.xml": b""}),
        zips.A_DOCUMENT,
    ),
}


@pytest.fixture
def saved(tmp_path):
    def save(content: bytes) -> Path:
        path = tmp_path / "file"
        path.write_bytes(content)
        return path

    return save


@pytest.mark.parametrize(("make", "kind"), GOOD.values(), ids=GOOD.keys())
def test_a_file_is_known_by_its_content(saved, make, kind):
    assert kind_of(saved(make())) == kind


@pytest.mark.parametrize(("make", "message"), BAD.values(), ids=BAD.keys())
def test_a_refusal_names_the_kind_of_the_file(saved, make, message):
    with pytest.raises(FileProblem) as refused:
        kind_of(saved(make()))
    assert str(refused.value) == message


@pytest.mark.parametrize("name", GOOD)
def test_a_broken_file_never_causes_a_server_error(saved, name):
    """With bytes changed anywhere a file is accepted or refused, and never an error."""
    whole, dice = GOOD[name][0](), random.Random(name)
    for _ in range(25):
        broken = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        try:
            kind_of(saved(bytes(broken[: dice.randint(1, len(broken))] if dice.random() < 0.3 else broken)))
        except FileProblem:
            continue


def test_a_file_is_checked_in_another_process(saved):
    assert sandbox.kind_of(saved(hostile.pdf())) is FileKind.PDF
    with pytest.raises(FileProblem, match="This is an SVG picture"):
        sandbox.kind_of(saved(hostile.SVG))


def test_a_file_that_asks_for_more_memory_than_there_is_is_broken(saved):
    with pytest.raises(FileProblem) as refused:
        sandbox.kind_of(saved(hostile.zip_that_asks_for_much_memory()))
    assert str(refused.value) == zips.BROKEN


def test_a_check_that_comes_to_no_answer_refuses_the_file(tmp_path):
    with pytest.raises(FileProblem) as refused:
        sandbox.kind_of(tmp_path / "nothing")
    assert str(refused.value) == sandbox.UNREADABLE


NAMES = {
    "report.pdf": "report.pdf",
    "Report of Dr. Li 李 (v1.2).PDF": "Report of Dr. Li 李 (v1.2).pdf",
    "../../x": "x.pdf",
    "..\\..\\x.pdf": "x.pdf",
    "/etc/passwd": "passwd.pdf",
    "a.pdf.html": "a.pdf",
    "a.exe": "a.pdf",
    "a.html\0.pdf": "a.pdf",
    "a\u202efdp.exe": "a fdp.pdf",
    "a\r\nSet-Cookie: b=c.pdf": "a Set-Cookie- b=c.pdf",
    "a\u2028b\u200bc\x7f.pdf": "a b c.pdf",
    'a"b<c>|?*:.pdf': "a-b-c-----.pdf",
    "x" * 300: "x" * 146 + ".pdf",
    "é" * 150 + ".pdf": "é" * 146 + ".pdf",
    ".htaccess": "htaccess.pdf",
    "": "File.pdf",
    " . ": "File.pdf",
    ".pdf": "pdf.pdf",
    "NUL": "File NUL.pdf",
    "con.pdf": "File con.pdf",
}


def test_a_check_that_cannot_be_started_says_nothing_against_the_file(saved, settings):
    settings.BASE_DIR = settings.BASE_DIR / "away"
    with pytest.raises(FileProblem) as refused:
        sandbox.kind_of(saved(hostile.pdf()))
    assert str(refused.value) == sandbox.BUSY


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=map(ascii, NAMES))
def test_a_name_becomes_harmless_and_stays_readable(name, expected):
    assert names.safe_name(name, FileKind.PDF) == expected


def test_every_kind_has_its_end():
    assert set(names.EXTENSIONS) == set(FileKind.values)
