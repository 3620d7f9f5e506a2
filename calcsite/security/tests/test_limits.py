"""Rate limits: concurrent attempts are counted exactly, and the table holds no names."""

from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.test import RequestFactory

from calcsite.models import Attempts
from calcsite.security import limits
from calcsite.tests.racing import at_once

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def tries(count: int, *, key: str = "a", scope: str = "test", at: datetime = NOON) -> list[bool]:
    return [limits.allow(scope=scope, key=key, limit=2, per=MINUTE, at=at) for _ in range(count)]


@pytest.mark.django_db
def test_so_many_are_allowed_and_no_more():
    assert tries(4) == [True, True, False, False]


@pytest.mark.django_db
def test_keys_and_scopes_are_counted_apart():
    assert tries(3) == tries(3, key="b") == tries(3, scope="other") == [True, True, False]


@pytest.mark.django_db
def test_a_new_window_begins_when_the_old_one_ends_even_after_refusals():
    tries(9)
    assert tries(1, at=NOON + MINUTE - timedelta(microseconds=1)) == [False]
    assert tries(3, at=NOON + MINUTE) == [True, True, False]


@pytest.mark.django_db
def test_an_attempt_that_is_given_back_does_not_count():
    for _ in range(5):
        assert tries(1) == [True]
        limits.give_back(scope="test", key="a")
    assert tries(3) == [True, True, False]


@pytest.mark.django_db
def test_only_windows_that_are_over_are_cleaned_up():
    tries(1)
    tries(1, key="b", at=NOON + MINUTE)
    assert limits.clean_up(NOON + MINUTE) == 1
    assert tries(2, key="b", at=NOON + MINUTE) == [True, False]


@pytest.mark.django_db
def test_no_name_and_no_address_is_stored():
    limits.allow(scope="sign-in", key="ann 192.0.2.1", limit=1, per=MINUTE)
    row = Attempts.objects.values_list().get()
    assert "ann" not in str(row)
    assert "192.0.2" not in str(row)


@pytest.mark.usefixtures("committed")
def test_of_many_at_once_exactly_so_many_are_allowed():
    for round_ in range(5):
        answers = at_once(*[lambda key=str(round_): limits.allow(scope="race", key=key, limit=5, per=MINUTE)] * 12)
        assert sorted(answers) == [False] * 7 + [True] * 5


@pytest.mark.usefixtures("committed")
def test_counting_in_two_steps_would_let_more_through():
    """The negative control: reading first and writing later loses counts."""
    Attempts.objects.create(key="slow", count=0, ends_at=NOON)
    meeting = Barrier(12)

    def attempt() -> bool:
        row = Attempts.objects.get(key="slow")
        meeting.wait(timeout=30)
        row.count += 1
        row.save()
        return row.count <= 5

    assert at_once(*[attempt] * 12) == [True] * 12


@pytest.mark.parametrize(
    ("remote", "forwarded", "behind_proxy", "expected"),
    [
        ("192.0.2.1", "203.0.113.9", False, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", True, "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9, 198.51.100.7", True, "198.51.100.7"),
        ("2001:db8:1:2:3::4", "", False, "2001:db8:1:2::/64"),
        ("192.0.2.1", "nonsense", True, "unknown"),
        ("", "", False, "unknown"),
    ],
)
def test_the_address_is_the_one_that_the_client_cannot_choose(settings, remote, forwarded, behind_proxy, expected):
    settings.BEHIND_PROXY = behind_proxy
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)
    assert limits.client_address(request) == expected
