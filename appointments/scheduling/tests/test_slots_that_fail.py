"""An error in the slots of one clinician does not block those of others, and staff are told."""

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


def test_a_clinician_with_an_unknown_zone_does_not_block_other_slots(caplog):
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


def test_a_clinic_closure_applies_to_all_clinicians_without_errors():
    first, second = make_hours().clinician, make_hours().clinician
    slot_sync.make_slots()
    lose_zone_of(first)
    now = timezone.now()
    closures.close(closure=Closure(starts=now, ends=now + 300 * DAY, reason="Moving house"))
    assert (slots_of(first) > 0, slots_of(second)) == (True, 0)
    assert list(Clinician.objects.exclude(slots_failed_at=None)) == [first]


def test_making_the_slots_of_one_clinician_raises_the_error():
    clinician = make_hours().clinician
    lose_zone_of(clinician)
    with pytest.raises(KeyError):
        slot_sync.make_slots(clinician=clinician)


@pytest.mark.parametrize("role", ["Booking coordinator", "Administrator"])
def test_staff_see_on_the_first_page_and_in_the_list_which_slots_failed(role):
    clinician = make_hours().clinician
    client = signed_in(people.make_person(role))
    assert WORDS not in client.get(reverse("admin:index")).text
    lose_zone_of(clinician)
    slot_sync.make_slots()
    page = client.get(reverse("admin:index")).text
    assert (WORDS in page, clinician.name in page) == (True, True)
    assert "could not be made" in client.get(reverse("admin:appointments_clinician_changelist")).text


def test_other_staff_are_not_told_of_failed_slots():
    lose_zone_of(make_hours().clinician)
    slot_sync.make_slots()
    assert WORDS not in signed_in(people.make_person("Clinical reviewer")).get(reverse("admin:index")).text


def signed_in(user: User) -> Client:
    client = Client()
    people.sign_in(client, user)
    return client
