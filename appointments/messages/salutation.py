"""The salutation of an e-mail: by name, unless the name may be a stranger's message.

A booking can give any e-mail address, and so make us write to it. Until the address is confirmed, a name that may
contain a link or a story is not repeated. The record keeps it as typed.
"""

import re
import unicodedata

from appointments.choices import Status
from appointments.models import Appointment
from appointments.scheduling.local_times import one_line

# They have entered a code, or have been here.
IDENTIFIED = frozenset({Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED})
NAME_CHARACTERS = 60  # longer names exist, and are used once the address is confirmed
# Text that mail programs turn into links, with or without “http”: web and e-mail addresses, telephone numbers.
# Dots of other scripts count in the names of sites (RFC 3490, 3.1).
LINKABLE = re.compile(r"[/\\@]|www|\w[.\u3002]\w{2,}|(?:\d\D{0,2}){4,}", re.IGNORECASE)


def salutation_name(appointment: Appointment) -> str:
    """The name in the salutation: the booking person's, or the patient's; "" if it must not be repeated."""
    name = one_line(appointment.carer_name or appointment.name)
    return name if appointment.status in IDENTIFIED or is_plain_name(name) else ""


def is_plain_name(name: str) -> bool:
    """Whether a name cannot be anything but one."""
    return len(name) <= NAME_CHARACTERS and not LINKABLE.search(unicodedata.normalize("NFKC", name))
