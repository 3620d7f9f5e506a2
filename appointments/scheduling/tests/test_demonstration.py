"""Made-up clinicians on a demonstration site, and nowhere else."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from appointments.models import AppointmentType, Clinician, Location, Slot
from appointments.scheduling import availability, demonstration
from calcsite.models import ClinicDetails

pytestmark = pytest.mark.django_db


def test_a_demonstration_has_clinicians_who_are_plainly_made_up():
    assert len(demonstration.load()) == 3
    for clinician in Clinician.objects.all():
        assert clinician.is_demonstration
        assert clinician.name.endswith("(demonstration)")
        assert demonstration.DISCLAIMER in clinician.biography


def test_every_way_of_meeting_can_be_booked_for_the_next_weeks():
    demonstration.load()
    appointment_type = AppointmentType.objects.get(slug="second-opinion")
    soon, later = timezone.localdate(), timezone.localdate() + timedelta(days=40)
    for mode in appointment_type.modes:
        assert availability.free_days(appointment_type, mode, first=soon)
        assert availability.free_days(appointment_type, mode, first=later)


def test_loading_again_changes_nothing():
    demonstration.load()
    Clinician.objects.filter(slug="dr-demo-ashe").update(name="Dr Changed (demonstration)")
    counts = [model.objects.count() for model in (Clinician, AppointmentType, Location, Slot)]
    assert demonstration.load() == []
    assert [model.objects.count() for model in (Clinician, AppointmentType, Location, Slot)] == counts
    assert Clinician.objects.filter(name="Dr Changed (demonstration)").exists()


def test_a_site_that_is_no_demonstration_gets_no_clinicians():
    details = ClinicDetails.current()
    details.is_demonstration = False
    details.save()
    told = StringIO()
    call_command("load_demonstration", stdout=told)
    assert told.getvalue() == "No clinicians were made.\n"
    assert not Clinician.objects.exists()
