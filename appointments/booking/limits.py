"""Limits on drafts and holds: enough for every patient, too few to take up the calendar.

Both are counted by address and by network; a network has higher limits, because a hospital or a mobile operator is
one. Bookings are counted by e-mail address (`booking.may_book`), and by network through the holds that they need.
"""

import ipaddress
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from appointments.booking import booking
from appointments.choices import Status
from appointments.models import Appointment, AppointmentType, Draft, Slot
from calcsite.security import limits

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# The scope, the limit of an address, the limit of a network, and the time in which they apply.
BEGIN = ("booking begun", 30, 300, HOUR)
HOLD = ("time held", 40, 200, HOUR)
# A booking needs a hold, so these limit the slots that one address can take in a day. Behind the address of a hospital
# 60 people can book, each after one change of mind.
HOLD_A_DAY = ("time held in a day", 120, 360, DAY)
# Holds at one moment. Each can last for two hours, so the limit of a day alone would let one address keep forty slots
# from all other patients. A hospital or a clinic is one address: so many can be choosing there in the same half hour.
HELD = "times held at once"
HELD_AT_ONCE, HELD_AT_ONCE_IN_NETWORK = 8, 24
TOO_MANY = {"begun", "chosen", "booked"}


def network_of(address: str) -> str:
    """The network of an address: of IPv4 the /24, of IPv6 the /48 that a provider gives to one customer."""
    try:
        found = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return address
    return str(found.supernet(new_prefix=24 if found.version == 4 else 48))


def _allow(request: HttpRequest, counted: tuple[str, int, int, timedelta]) -> bool:
    scope, of_address, of_network, per = counted
    address = limits.client_address(request)
    return limits.allow(scope=scope, key=address, limit=of_address, per=per) and limits.allow(
        scope=f"{scope} in network", key=network_of(address), limit=of_network, per=per
    )


def may_begin(request: HttpRequest) -> bool:
    return _allow(request, BEGIN)


def may_hold(request: HttpRequest) -> bool:
    return _allow(request, HOLD) and _allow(request, HOLD_A_DAY)


@transaction.atomic
def hold(
    request: HttpRequest, *, draft: Draft, slot: Slot, appointment_type: AppointmentType, mode: str
) -> Appointment:
    """`booking.hold`. Raises TooManyError if the address or the network of the request has too many holds.

    The draft's own hold is not counted: it is released. Requests of one network are serialized before anything else is
    locked, so that the number is exact.
    """
    address = limits.client_address(request)
    network = network_of(address)
    origin = {"address_digest": limits.hashed(HELD, address), "network_digest": limits.hashed(HELD, network)}
    limits.lock_key(scope=HELD, key=network)
    others = Draft.objects.exclude(pk=draft.pk).filter(network_digest=origin["network_digest"])
    others = others.filter(appointment__status=Status.HELD, appointment__held_until__gt=timezone.now())
    of_address = Count("pk", filter=Q(address_digest=origin["address_digest"]))
    held = others.aggregate(of_address=of_address, of_network=Count("pk"))
    if held["of_address"] >= HELD_AT_ONCE or held["of_network"] >= HELD_AT_ONCE_IN_NETWORK:
        raise booking.TooManyError("Many times are being kept for people on your network.")
    Draft.objects.filter(pk=draft.pk).update(**origin)
    return booking.hold(draft=draft, slot=slot, appointment_type=appointment_type, mode=mode)


def refusal(what: str) -> HttpResponse:
    """Redirect to the page about a limit that was reached (a name of `TOO_MANY`)."""
    return redirect(f"{reverse('appointments:too_many')}?of={what}")
