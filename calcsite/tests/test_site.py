"""The site as a whole: health, robots, pictures, error pages, headers, the clinic's details."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import IntegrityError, connection

from calcsite.models import ClinicDetails
from conditions.models import PublishedPicture
from conditions.tests.factories import make_live

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><script>alert(1)</script></svg>'


def test_livez_asks_nothing_of_the_database(client):
    response = client.get("/livez")
    assert (response.status_code, response.content, response.headers["Cache-Control"]) == (200, b"ok", "no-store")


@pytest.mark.django_db
def test_readyz_says_yes_when_every_migration_is_there(client):
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_readyz_says_no_while_a_migration_is_missing(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'conditions'")
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"not ready")


@pytest.mark.django_db
def test_robots_txt_names_the_sitemap(client, settings):
    settings.SITE_URL = "https://clinic.example"
    response = client.get("/robots.txt")
    assert response.headers["Content-Type"].startswith("text/plain")
    assert b"Sitemap: https://clinic.example/sitemap.xml" in response.content


def public_picture(name: str, content: bytes) -> str:
    stored = default_storage.save(f"conditions/{name}", ContentFile(content))
    PublishedPicture.objects.create(name=stored, condition=make_live())
    return stored


def test_a_picture_opened_alone_may_run_no_script(client, db):
    name = public_picture("a.svg", DRAWING)
    response = client.get(f"/media/{name}")
    assert response.content == DRAWING
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_drawing_is_sent_compressed(client, db):
    name = public_picture("a.svg", DRAWING)
    response = client.get(f"/media/{name}", headers={"accept-encoding": "br"})
    assert response.headers["Content-Encoding"] == "br"
    assert "immutable" in response.headers["Cache-Control"]


def test_a_photograph_is_sent_as_it_is(client, db):
    name = public_picture("a.png", b"pixels")
    response = client.get(f"/media/{name}", headers={"accept-encoding": "br"})
    assert b"".join(response) == b"pixels"
    assert response.headers["Content-Type"] == "image/png"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["nothing.svg", "../settings.py", "%2e%2e/calcsite.sqlite3", "conditions"])
def test_a_file_that_is_no_picture_of_ours_is_not_found(client, name):
    assert client.get(f"/media/{name}").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/conditions/?q=%00", "/search/?q=a%00b", "/admin/?x=%00", "/faqs/?page=%00"])
def test_a_nul_character_in_an_address_is_refused(client, address):
    assert client.get(address).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/nothing/", "/admin/login/", "/livez", "/sitemap.xml"])
def test_every_answer_has_the_headers_that_protect_its_reader(client, settings, address):
    settings.DEBUG = False
    headers = client.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "object-src 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.django_db
def test_there_is_one_clinic():
    ClinicDetails.current().save()
    details = ClinicDetails.current()
    details.pk = 2
    with pytest.raises(IntegrityError):
        details.save(force_insert=True)


@pytest.mark.django_db
def test_the_first_staff_account_is_made_once(capsys, django_user_model):
    call_command("ensure_staff")
    first = capsys.readouterr().out
    call_command("ensure_staff")
    assert capsys.readouterr().out == ""
    password = first.split("password: ")[1].split()[0]
    assert django_user_model.objects.get().check_password(password)
