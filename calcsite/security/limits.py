"""Rate limits.

One row counts the attempts of one window of time, in a single statement that counts and answers, so that exactly
`limit` concurrent attempts are allowed. Call these functions outside of a transaction that may be rolled back, which
would undo the count, unless only successes are to count, as in `booking.book`.
"""

import ipaddress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from calcsite.models import Attempts

# A window begins with its first attempt. The first attempt after its end begins another.
COUNT = """
    INSERT INTO calcsite_attempts (key, count, ends_at) VALUES (%s, 1, %s)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN calcsite_attempts.ends_at <= %s THEN 1 ELSE calcsite_attempts.count + 1 END,
        ends_at = CASE WHEN calcsite_attempts.ends_at <= %s THEN excluded.ends_at ELSE calcsite_attempts.ends_at END
    RETURNING count
"""


def allow(*, scope: str, key: str, limit: int, per: timedelta, at: datetime | None = None) -> bool:
    """Count an attempt by `key`. Returns whether it is among the first `limit` of its window of length `per`.

    A refused attempt does not lengthen the window.
    """
    now = at or timezone.now()
    adapt = connection.ops.adapt_datetimefield_value
    ends, now = adapt(now + per), adapt(now)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [hashed(scope, key), ends, now, now])
        return cursor.fetchone()[0] <= limit


def lock_key(*, scope: str, key: str) -> None:
    """Serialise transactions by `key`: its row stays locked until the end of the caller's transaction."""
    allow(scope=scope, key=key, limit=1, per=timedelta(minutes=1))


def give_back(*, scope: str, key: str) -> None:
    """Uncount one attempt, such as a successful sign-in."""
    Attempts.objects.filter(key=hashed(scope, key), count__gt=0).update(count=F("count") - 1)


def forget(*, scope: str, key: str) -> None:
    """Delete a count, when the data of its person is erased."""
    Attempts.objects.filter(key=hashed(scope, key)).delete()


def clean_up(at: datetime | None = None) -> int:
    """Delete the counts of windows that are over. Returns their number."""
    return Attempts.objects.filter(ends_at__lte=at or timezone.now()).delete()[0]


def hashed(scope: str, key: str) -> str:
    """The stored key of a count, a hash from which no name or address can be read."""
    return salted_hmac(f"calcsite.security.limits.{scope}", key, algorithm="sha256").hexdigest()


def client_address(request: HttpRequest) -> str:
    """The IP address of a request; for IPv6 its /64 network, which a single subscriber can have.

    Behind our own proxy it is the last entry of X-Forwarded-For: the client may have written the others.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
