"""What patients agree to when they book. Each wording has a version, and its own template, which is never changed."""

VERSION = "2026-11"
TEMPLATE = f"appointments/consent/{VERSION}.html"
DOCUMENTS_VERSION = "2026-11"
DOCUMENTS_TEMPLATE = f"appointments/consent/documents-{DOCUMENTS_VERSION}.html"
