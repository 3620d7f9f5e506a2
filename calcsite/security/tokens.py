"""Secrets that open something by themselves: links, cookies, feeds. Only a digest of one is ever stored."""

import hashlib
import secrets


def new_token() -> str:
    """A secret of 256 random bits, of characters that stand in an address."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is stored of a secret (ASVS 5.0, 11.5.1).

    The secrets are random and have at least 192 random bits, so a plain SHA-256 needs no salt.
    """
    return hashlib.sha256(token.encode()).hexdigest()
