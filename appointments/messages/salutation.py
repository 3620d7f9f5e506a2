"""How an e-mail greets: by name, unless the name may be somebody's message to a stranger.

Anybody can book with somebody else's e-mail address, and so have us write to them. So as long as nobody has shown
that the address is the patient's, a name that may lead somewhere, or tells a story, is not repeated. In the record it
stays as it was typed.
"""

import re
import unicodedata

from appointments.choices import Status
from appointments.models import Appointment
from appointments.scheduling.local_times import one_line

# They have entered a code, or have been here.
KNOWN = frozenset({Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED})
LONGEST = 60  # characters; longer ones exist, and their owners are greeted by them once they have confirmed
# What mail programs make links of, with or without “http”: an address of a site, of e-mail, or a telephone number.
# Dots of other scripts count in the names of sites (RFC 3490, 3.1).
LEADS_SOMEWHERE = re.compile(r"[/\\@]|www|\w[.\u3002]\w{2,}|(?:\d\D{0,2}){4,}", re.IGNORECASE)


def name_to_greet(appointment: Appointment) -> str:
    """Whom an e-mail says hello to: who books, or the patient; nobody when that name is not to be repeated."""
    name = one_line(appointment.carer_name or appointment.name)
    return name if appointment.status in KNOWN or is_plain(name) else ""


def is_plain(name: str) -> bool:
    """Whether a name cannot be anything but one."""
    return len(name) <= LONGEST and not LEADS_SOMEWHERE.search(unicodedata.normalize("NFKC", name))
