import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from calcsite.environment import flag, names, origin, whole_number

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
