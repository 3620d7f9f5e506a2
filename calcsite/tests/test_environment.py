import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from calcsite.environment import flag, mail, names, origin, sender, whole_number

PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "a long and random string, say, of 50 letters or more",
    "ALLOWED_HOSTS": "clinic.example",
    "SITE_URL": "https://c.example",
}


def check(**variables: str) -> subprocess.CompletedProcess:
    """Start Django with just these variables, as a server would."""
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "calcsite.settings", **variables}
    command = [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL"])
def test_without_debug_the_site_does_not_start_on_a_missing_setting(missing, tmp_path):
    variables = {name: value for name, value in PRODUCTION.items() if name != missing}
    result = check(VAR_DIR=str(tmp_path), **variables)
    assert result.returncode != 0
    assert missing in result.stderr


def test_with_all_settings_djangos_deployment_check_finds_nothing(tmp_path):
    result = check(VAR_DIR=str(tmp_path), **PRODUCTION)
    assert result.returncode == 0, result.stderr


def test_a_misspelt_flag_stops_the_start(monkeypatch):
    monkeypatch.setenv("DEBUG", "flase")
    with pytest.raises(ImproperlyConfigured, match="DEBUG must be true or false"):
        flag("DEBUG", default=False)


@pytest.mark.parametrize(("text", "expected"), [("yes", True), ("1", True), ("OFF", False), ("", False)])
def test_a_flag_is_read(monkeypatch, text, expected):
    monkeypatch.setenv("DEBUG", text)
    assert flag("DEBUG", default=True) is expected


@pytest.mark.parametrize("text", ["-1", "many", "1.5", ""])
def test_a_number_that_is_none_stops_the_start(monkeypatch, text):
    monkeypatch.setenv("PUBLIC_PAGES_MEGABYTES", text)
    with pytest.raises(ImproperlyConfigured):
        whole_number("PUBLIC_PAGES_MEGABYTES", default=1)


def test_names_are_split_at_commas(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", " a.example , b.example,,")
    assert names("ALLOWED_HOSTS") == ["a.example", "b.example"]


@pytest.mark.parametrize("text", ["clinic.example", "ftp://clinic.example", "https://", "https://clinic.example/path"])
def test_an_address_that_is_no_origin_stops_the_start(monkeypatch, text):
    monkeypatch.setenv("SITE_URL", text)
    with pytest.raises(ImproperlyConfigured, match="SITE_URL"):
        origin("SITE_URL", default="")


def test_an_origin_loses_its_last_slash(monkeypatch):
    monkeypatch.setenv("SITE_URL", "https://clinic.example/")
    assert origin("SITE_URL", default="") == "https://clinic.example"


def test_a_mail_server_is_read_with_its_password(monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://ann:pass%40word@mail.clinic.example:587")
    assert mail("EMAIL_URL", default="") == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "mail.clinic.example",
        "EMAIL_HOST_PASSWORD": "pass@word",
        "EMAIL_HOST_USER": "ann",
        "EMAIL_PORT": 587,
        "EMAIL_USE_TLS": True,
        "EMAIL_FILE_PATH": "",
    }


@pytest.mark.parametrize("text", ["mail.clinic.example", "http://mail.clinic.example", "smtp://", "smtp://mail:many"])
def test_a_mail_server_that_is_none_stops_the_start(monkeypatch, text):
    monkeypatch.setenv("EMAIL_URL", text)
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        mail("EMAIL_URL", default="")


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("https://clinic.example", "no-reply@clinic.example"),
        ("http://127.0.0.1:8000", "no-reply@localhost"),
        ("http://[::1]:8000", "no-reply@localhost"),
    ],
)
def test_e_mail_comes_from_the_site_unless_said_otherwise(monkeypatch, site, expected):
    monkeypatch.delenv("DEFAULT_FROM_EMAIL", raising=False)
    assert sender("DEFAULT_FROM_EMAIL", site=site) == expected
    monkeypatch.setenv("DEFAULT_FROM_EMAIL", "Our clinic <hello@clinic.example>")
    assert sender("DEFAULT_FROM_EMAIL", site=site) == "Our clinic <hello@clinic.example>"


def test_a_sender_that_is_no_address_stops_the_start(monkeypatch):
    monkeypatch.setenv("DEFAULT_FROM_EMAIL", "the clinic")
    with pytest.raises(ImproperlyConfigured, match="DEFAULT_FROM_EMAIL"):
        sender("DEFAULT_FROM_EMAIL", site="https://clinic.example")
