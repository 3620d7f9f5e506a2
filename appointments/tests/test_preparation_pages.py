import pytest

from appointments.tests.factories import make_appointment
from appointments.tests.visiting import come_in_with_code, url

pytestmark = pytest.mark.django_db


def test_smoke():
    c = come_in_with_code(make_appointment())
    for n in [
        "preparation",
        "history",
        "history_add",
        "questions",
        "questions_choose",
        "options",
        "referral",
        "specialist",
        "tests",
        "pack",
        "home",
    ]:
        r = c.get(url(n))
        assert r.status_code == 200, n
