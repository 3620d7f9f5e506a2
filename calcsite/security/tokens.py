"""Secrets that grant access by themselves: links, cookies, feeds. Only their digests are stored."""

import hashlib
import secrets


def new_token() -> str:
    """A secret of 256 random bits, in characters that are safe in a URL."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """The stored digest of a secret (ASVS 5.0, 11.5.1).

    The secrets have at least 192 random bits, so a plain SHA-256 needs no salt.
    """
    return hashlib.sha256(token.encode()).hexdigest()
