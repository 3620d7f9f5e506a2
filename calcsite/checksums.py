"""The checksum of content, by which two states of it are compared."""

import hashlib
import json
from typing import Any


def checksum(content: Any) -> str:
    """SHA-256 over content that JSON can hold, in one canonical form (sorted keys, no white space, UTF-8)."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
