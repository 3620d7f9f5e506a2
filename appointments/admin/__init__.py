"""The admin of booking. Importing the modules registers them."""

from appointments.admin import appointments, audit, clinicians, guidance, hours

__all__ = ["appointments", "audit", "clinicians", "guidance", "hours"]
