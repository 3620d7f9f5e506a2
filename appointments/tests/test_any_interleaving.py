"""Any order of actions: no slot has two live appointments, and no booked appointment is lost."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.db.models import QuerySet
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from appointments import message_kinds
from appointments.booking import booking, closures, records, waiting_list
from appointments.choices import COMING, LIVE, Mode, Status
from appointments.models import Appointment, Closure, Draft, Message, Offer, Slot
from appointments.scheduling import slot_sync
from appointments.tests.factories import PATIENT, make_clinician, make_draft, make_hours, make_type
from appointments.tests.mailbox import calendar_of
from calcsite.errors import UserFacingError
from calcsite.tests import people

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 10, 19, 8, tzinfo=LONDON)  # the clocks go back on the 25th
NUMBERS = st.integers(0, 40)
MINUTES = st.sampled_from([1, 10, 21, 121, 60 * 24, 60 * 24 * 3])


class Clinic(RuleBasedStateMachine):
    """A clinic of two clinicians, four patients with drafts, staff, and a clock."""

    @initialize()
    def open(self) -> None:
        self.now = MONDAY
        self.staff = people.make_person("Booking coordinator")
        self.appointment_type = make_type(minutes=45, notice_hours=1, horizon_days=20)
        self.clinicians = [make_clinician(time_zone=zone) for zone in ("Europe/London", "America/New_York")]
        for clinician in self.clinicians:
            for weekday in (0, 3, 6):
                fields = {"weekday": weekday, "starts": time(1), "ends": time(4), "valid_from": date(2026, 10, 1)}
                make_hours(clinician=clinician, types=[self.appointment_type], **fields)
        self.drafts = [make_draft() for _ in range(4)]
        self.booked: dict[int, str] = {}  # the confirmed bookings: key and reference
        self.came: set[UUID] = set()  # the keys of appointments cancelled or over
        self.staff = people.make_person("Booking coordinator")
        self.earlier = len(mail.outbox)
        self.make_slots()
        for number in range(3):  # so that few steps are spent on setting up
            self.hold(number, 8 + 6 * number)
            self.confirm(number)
            self.begin_anew(number)
        assert len(self.booked) == 3

    def attempt(self, step, *args, **kwargs):
        """Take a step; a refusal in words is a valid result."""
        try:
            with transaction.atomic():
                return step(*args, **kwargs, at=self.now)
        except UserFacingError:
            return None

    def slot(self, number: int) -> Slot:
        slots = Slot.objects.order_by("starts", "pk")
        return slots[number % slots.count()]

    def appointment(self, number: int) -> Appointment | None:
        found = Appointment.objects.booked().select_related("slot", "appointment_type").order_by("pk")
        return found[number % count] if (count := found.count()) else None

    def draft(self, number: int) -> Draft:
        return Draft.objects.get(pk=self.drafts[number % len(self.drafts)].pk)

    @rule(who=NUMBERS, what=NUMBERS)
    def hold(self, who: int, what: int) -> None:
        slot = self.slot(what)
        self.attempt(
            booking.hold, draft=self.draft(who), slot=slot, appointment_type=self.appointment_type, mode=Mode.VIDEO
        )

    @rule(who=NUMBERS)
    def extend(self, who: int) -> None:
        self.attempt(booking.extend, draft=self.draft(who))

    @rule(who=NUMBERS)
    def confirm(self, who: int) -> None:
        appointment = self.attempt(booking.book, draft=self.draft(who), details=PATIENT)
        if appointment:
            self.booked.setdefault(appointment.pk, appointment.reference)

    @rule(who=NUMBERS)
    def begin_anew(self, who: int) -> None:
        self.drafts[who % len(self.drafts)] = make_draft()

    @rule(which=NUMBERS, what=NUMBERS, by_staff=st.booleans())
    def move(self, which: int, what: int, by_staff: bool) -> None:
        if appointment := self.appointment(which):
            by = self.staff if by_staff else None
            self.attempt(booking.reschedule, appointment=appointment, slot=self.slot(what), by=by)

    @rule(which=NUMBERS)
    def cancel(self, which: int) -> None:
        if (appointment := self.appointment(which)) and self.attempt(booking.cancel, appointment=appointment):
            self.booked.pop(appointment.pk, None)

    @rule(which=NUMBERS, status=st.sampled_from(Status.values))
    def mark(self, which: int, status: str) -> None:
        if appointment := self.appointment(which):
            self.attempt(records.mark, appointment=appointment, status=status, by=self.staff)
            if Appointment.objects.get(pk=appointment.pk).status not in COMING:
                self.came.add(appointment.uid)

    @rule(which=NUMBERS)
    def take_back_arrival(self, which: int) -> None:
        if appointment := self.appointment(which):
            self.attempt(lambda at: records.take_back_arrival(appointment=appointment, by=self.staff))

    @rule(which=NUMBERS)
    def wait_for_earlier(self, which: int) -> None:
        if appointment := self.appointment(which):
            self.attempt(waiting_list.join, appointment=appointment)

    @rule(which=NUMBERS)
    def stop_waiting(self, which: int) -> None:
        if appointment := self.appointment(which):
            self.attempt(waiting_list.leave, appointment=appointment)

    @rule(which=NUMBERS, answer=st.sampled_from([waiting_list.accept, waiting_list.accept, waiting_list.decline]))
    def answer(self, which: int, answer) -> None:
        """Old offers too: their page may still be open."""
        offers = Offer.objects.select_related("entry__appointment__appointment_type", "slot").order_by("-pk")
        if count := offers.count():
            self.attempt(answer, offer=offers[which % count])

    @rule(day=st.integers(0, 20), whose=st.sampled_from([0, 1, None]))
    def close(self, day: int, whose: int | None) -> None:
        starts = MONDAY + timedelta(days=day)
        clinician = None if whose is None else self.clinicians[whose]
        closure = Closure(clinician=clinician, starts=starts, ends=starts + timedelta(hours=20))
        self.attempt(closures.close, closure=closure)

    @rule(which=NUMBERS)
    def reopen(self, which: int) -> None:
        if count := Closure.objects.count():
            self.attempt(closures.reopen, closures=[Closure.objects.order_by("pk")[which % count]])

    @rule(whose=st.sampled_from([0, 1]), minutes=st.sampled_from([20, 45, 60]), shift=st.integers(0, 59))
    def change_hours(self, whose: int, minutes: int, shift: int) -> None:
        clinician = self.clinicians[whose]
        clinician.hours.update(slot_minutes=minutes, starts=time(1, shift))
        self.attempt(slot_sync.make_slots, clinician=clinician)

    @rule()
    def make_slots(self) -> None:
        slot_sync.make_slots(until=date(2026, 11, 9), at=self.now)

    @rule(minutes=MINUTES)
    def let_time_pass(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def work(self) -> None:
        booking.clear_run_out(self.now)
        waiting_list.offer_freed(self.now)
        with time_machine.travel(self.now, tick=False):  # the queue reads the clock itself
            message_kinds.send_waiting()
        self.arrived_once(
            Appointment.objects.filter(status__in=[*COMING, Status.CANCELLED]).exclude(uid__in=self.came)
        )

    def arrived_once(self, appointments: QuerySet[Appointment]) -> None:
        """The last change of each of these has arrived in one e-mail, and no change in two."""
        files = [calendar_of(email) for email in mail.outbox[self.earlier :] if email.attachments]
        events = [event for file in files for event in file.walk("VEVENT")]
        arrived = Counter((str(event["uid"]), int(event["sequence"])) for event in events)
        assert max(arrived.values(), default=1) == 1
        assert not {(str(uid), number) for uid, number in appointments.values_list("uid", "sequence")} - arrived.keys()

    @invariant()
    def no_slot_has_two_live_appointments(self) -> None:
        live = Appointment.objects.filter(status__in=LIVE).values_list("slot", flat=True)
        assert max(Counter(live).values(), default=1) == 1

    @invariant()
    def no_clinician_is_in_two_places(self) -> None:
        slots = list(Slot.objects.order_by("clinician", "starts"))
        for one, following in zip(slots, slots[1:], strict=False):
            assert one.clinician_id != following.clinician_id or one.busy_until <= following.starts

    @invariant()
    def no_booked_appointment_is_lost(self) -> None:
        stored = dict(
            Appointment.objects.exclude(status__in=[Status.HELD, Status.CANCELLED]).values_list("pk", "reference")
        )
        assert stored == getattr(self, "booked", {})

    @invariant()
    def every_change_is_told_exactly_once(self) -> None:
        told = Message.objects.filter(kind__in=["confirmation", "change", "cancellation"])
        by_appointment = Counter(told.values_list("appointment", flat=True))
        for appointment in Appointment.objects.booked():
            assert by_appointment[appointment.pk] == appointment.sequence + 1


@pytest.mark.django_db
@pytest.mark.hypothesis
def test_any_order_of_events_keeps_every_promise():
    class Rolled(Clinic):
        """Runs each example in a transaction that is rolled back."""

        def __init__(self) -> None:
            super().__init__()
            self.transaction = transaction.atomic()
            self.transaction.__enter__()

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    run_state_machine_as_test(Rolled, settings=settings(stateful_step_count=30))
