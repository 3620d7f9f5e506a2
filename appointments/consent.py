"""What patients agree to when they book, and when they take over what they had ticked before they did.

Each wording has a version, and its own template, which is never changed.
"""

VERSION = "2026-11"
TICKS_VERSION = "2026-11"
TEMPLATE = f"appointments/consent/{VERSION}.html"
DOCUMENTS_VERSION = "2026-11"
DOCUMENTS_TEMPLATE = f"appointments/consent/documents-{DOCUMENTS_VERSION}.html"
TICKS_TEMPLATE = f"appointments/consent/ticks-{TICKS_VERSION}.html"
