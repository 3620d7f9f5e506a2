"""What goes wrong with the times of one clinician keeps nobody else's from being made, and staff are told."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments.booking import closures
from appointments.models import Clinician, Closure, Slot
from appointments.scheduling import slot_sync
from appointments.tests.factories import make_hours
from calcsite.tests import people

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORDS = "Free times could not be made"


def lose_zone_of(clinician: Clinician) -> None:
    """As when the tz database drops a name."""
    Clinician.objects.filter(pk=clinician.pk).update(time_zone="Europe/Nowhere")


def slots_of(clinician: Clinician) -> int:
    return Slot.objects.filter(clinician=clinician).count()


def test_a_clinician_whose_zone_is_gone_keeps_nobody_else_from_having_times(caplog):
    first, second, third = (make_hours().clinician for _ in range(3))
    lose_zone_of(second)
    now = timezone.now()
    made = slot_sync.make_slots_ahead(now)
    assert made == slots_of(first) + slots_of(third) > 0
    assert slots_of(second) == 0
    assert f"the times of clinician {second.pk} could not be made" in caplog.text
    assert list(Clinician.objects.exclude(slots_failed_at=None)) == [second]
    Clinician.objects.update(time_zone="Europe/London")
    assert slot_sync.make_slots_ahead(now + slot_sync.RETRY_FAILED_AFTER - timedelta(seconds=1)) == 0
    assert slot_sync.make_slots_ahead(now + slot_sync.RETRY_FAILED_AFTER) == slots_of(second) > 0
    assert not Clinician.objects.exclude(slots_failed_at=None).exists()


def test_a_closure_for_everybody_closes_for_all_whose_times_can_be_made():
    first, second = make_hours().clinician, make_hours().clinician
    slot_sync.make_slots()
    lose_zone_of(first)
    now = timezone.now()
    closures.close(closure=Closure(starts=now, ends=now + 300 * DAY, reason="Moving house"))
    assert (slots_of(first) > 0, slots_of(second)) == (True, 0)
    assert list(Clinician.objects.exclude(slots_failed_at=None)) == [first]


def test_whoever_asks_for_the_times_of_one_clinician_is_told_of_the_fault():
    clinician = make_hours().clinician
    lose_zone_of(clinician)
    with pytest.raises(KeyError):
        slot_sync.make_slots(clinician=clinician)


@pytest.mark.parametrize("role", ["Booking coordinator", "Administrator"])
def test_staff_see_on_their_first_page_and_in_the_list_whose_times_could_not_be_made(role):
    clinician = make_hours().clinician
    client = signed_in(people.make_person(role))
    assert WORDS not in client.get(reverse("admin:index")).text
    lose_zone_of(clinician)
    slot_sync.make_slots()
    page = client.get(reverse("admin:index")).text
    assert (WORDS in page, clinician.name in page) == (True, True)
    assert "could not be made" in client.get(reverse("admin:appointments_clinician_changelist")).text


def test_who_has_nothing_to_do_with_clinicians_is_not_told():
    lose_zone_of(make_hours().clinician)
    slot_sync.make_slots()
    assert WORDS not in signed_in(people.make_person("Clinical reviewer")).get(reverse("admin:index")).text


def signed_in(user: User) -> Client:
    client = Client()
    people.sign_in(client, user)
    return client
