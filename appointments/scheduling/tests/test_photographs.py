"""Photographs of clinicians: the kept picture of an upload, access to it, and the pages that show it."""

import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.test import Client
from PIL import Image

from appointments.models import Clinician
from appointments.scheduling import photographs
from appointments.tests.clients import BOOK, answer, book, come_in, come_to, url
from appointments.tests.factories import make_appointment, make_clinician, make_hours, make_slot

TURNED, MADE_BY, PLACE = 0x0112, 0x010F, 0x8825  # EXIF: orientation, maker of the camera, where it was


def taken(size: tuple[int, int] = (900, 600), form: str = "JPEG", mode: str = "RGB", **options) -> ContentFile:
    """A photograph as it comes from a camera that was held upright."""
    exif = Image.Exif()
    exif[TURNED], exif[MADE_BY] = 6, "Camera of somebody"
    exif.get_ifd(PLACE)[1] = "N"
    file = io.BytesIO()
    Image.new(mode, size).save(file, form, exif=exif, comment=b"At home", **options)
    return ContentFile(file.getvalue(), name="Jane’s passport.jpg")


def with_photograph(**fields) -> Clinician:
    defaults = {"photograph": photographs.prepared(taken()), "photograph_alt": "Smiling, in a blue shirt"}
    return make_clinician(**defaults | fields)


def test_a_photograph_is_drawn_anew_and_the_camera_s_notes_are_gone():
    upload = taken()
    for noted in [b"Camera of somebody", b"At home"]:
        assert noted in upload.open().read()
    kept = photographs.prepared(upload)
    image = Image.open(kept)
    assert (image.format, image.size) == ("JPEG", (427, 640))  # turned upright, as the notes had said
    assert not image.getexif()
    for noted in [b"Exif", b"Camera", b"home"]:
        assert noted not in kept.open().read()
    assert "passport" not in kept.name


@pytest.mark.parametrize(
    ("form", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGB"), ("JPEG", "CMYK"), ("JPEG", "L")]
)
def test_every_kind_of_photograph_becomes_the_same_kind(form, mode):
    file = io.BytesIO()
    Image.new(mode, (40, 50)).save(file, form)
    assert Image.open(photographs.prepared(ContentFile(file.getvalue(), name="me"))).format == "JPEG"


def test_transparent_pixels_become_white():
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(file, "PNG")
    assert Image.open(photographs.prepared(ContentFile(file.getvalue(), name="me"))).getpixel((4, 4)) == (
        255,
        255,
        255,
    )


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (ContentFile(b"x" * (photographs.MAX_UPLOAD_BYTES + 1), name="a.jpg"), "larger than 10 MB"),
        (taken(size=(10_001, 3_000)), "more than 30 megapixels"),
        (ContentFile(b"<svg xmlns='http://www.w3.org/2000/svg'/>", name="a.svg"), "JPEG, PNG or WebP"),
        (ContentFile(taken(form="GIF").read(), name="a.jpg"), "JPEG, PNG or WebP"),
        (ContentFile(taken().read()[:900], name="a.jpg"), "damaged"),
    ],
)
def test_anything_else_is_refused_with_its_reason(file, why):
    with pytest.raises(ValidationError, match=why):
        photographs.prepared(file)


@pytest.mark.django_db
def test_visitors_get_the_current_photograph_and_no_other_file():
    clinician = with_photograph()
    address = clinician.photograph.url
    assert address.startswith("/media/clinicians/")
    response = Client().get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert response["Cache-Control"] == "public, max-age=86400"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    with default_storage.open(clinician.photograph.name) as kept:
        assert response.getvalue() == kept.read()
    default_storage.save("clinicians/other.jpg", ContentFile(b"not of a clinician"))
    for wrong in ["/media/clinicians/other.jpg", "/media/clinicians/..%2Fclinicians%2Fother.jpg"]:
        assert Client().get(wrong).status_code == 404
    assert Client().post(address).status_code == 405
    default_storage.delete(clinician.photograph.name)
    assert Client().get(address).status_code == 404
    Clinician.objects.update(photograph="")
    assert Client().get(address).status_code == 404


@pytest.mark.django_db
def test_a_patient_sees_the_photographs_of_the_choice_and_of_the_chosen():
    clinician = with_photograph(name="Dr Seen Example")
    hours = make_hours(clinician=clinician)
    make_hours(types=[hours.types.get()])  # of a clinician without a photograph
    slot, later = make_slot(hours=hours), make_slot(hours=hours)
    shown = f'src="{clinician.photograph.url}"\n'
    client = Client()
    come_to(client, "how")
    page = client.get(f"{BOOK}how/").text
    assert page.count('class="portrait"') == page.count(shown) == 1
    assert page.count('alt="Smiling, in a blue shirt"') == 1
    named = {"mode": "video", "clinician": clinician.slug}
    answer(client, "how", **named)
    assert client.get(f"{BOOK}time/").text.count(shown) == 1
    client = Client()
    book(client, how=named, time={"slot": slot.pk})
    assert client.get(f"{BOOK}done/").text.count(shown) == 1
    assert come_in(make_appointment(slot=later)).get(url("home")).text.count(shown) == 1


@pytest.mark.django_db
def test_the_database_refuses_a_demonstration_clinician_without_a_mark():
    make_clinician(name="Dr Elm (demonstration)", is_demonstration=True)
    with pytest.raises(IntegrityError):
        make_clinician(name="Dr Elm", is_demonstration=True)
