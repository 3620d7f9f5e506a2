"""The admin of care. Importing the modules registers them."""

from appointments.booking import closure_admin
from appointments.desk import admin as desk
from appointments.governance import admin as governance
from appointments.guidance import admin as guidance
from appointments.scheduling import admin as scheduling

__all__ = ["closure_admin", "desk", "governance", "guidance", "scheduling"]
