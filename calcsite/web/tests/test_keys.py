"""Primary keys from text that comes from outside."""

import pytest

from calcsite.web.keys import key_in


@pytest.mark.parametrize("text", [None, "", " 1", "-1", "1.0", "x", "\u0663", "\u00b2", "9" * 19, "9" * 5000])
def test_text_that_is_no_key_names_no_row(text):
    assert key_in(text) is None


def test_a_key_is_a_number():
    assert key_in("042") == 42


APPOINTMENTS, CONDITIONS = "/admin/appointments/appointment/", "/admin/conditions/"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{APPOINTMENTS}calendar/?clinician={{}}", 200),
        (f"{APPOINTMENTS}?clinician={{}}", 200),
        (f"{APPOINTMENTS}{{}}/change/", 404),
        (f"{APPOINTMENTS}{{}}/history/", 404),
        (f"{CONDITIONS}edition/{{}}/change/", 404),
        (f"{CONDITIONS}condition/{{}}/history/", 404),
        (f"{CONDITIONS}faq/add/?search={{}}", 200),
    ],
)
def test_a_number_that_is_too_long_is_answered_as_one_that_no_row_has(admin_client, address, status):
    answers = [admin_client.get(address.format("9" * digits)).status_code for digits in (9, 20, 5000)]
    assert answers == [status] * 3
