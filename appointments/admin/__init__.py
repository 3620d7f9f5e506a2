"""The admin of booking. Importing the modules registers them."""

from appointments.admin import appointments, audit, clinicians, hours

__all__ = ["appointments", "audit", "clinicians", "hours"]
