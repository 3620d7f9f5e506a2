"""How often something may be tried.

One row counts the attempts of one window of time, and one statement counts and answers. However many processes ask at
once, each attempt is counted, and exactly `limit` of them are allowed. Call these outside of a transaction that may be
rolled back, or the attempt is forgotten with it.
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
    """Count an attempt by `key`, and say whether it is among the first `limit` of its window of length `per`.

    A refused attempt does not lengthen the wait.
    """
    now = at or timezone.now()
    ends, now = (connection.ops.adapt_datetimefield_value(time) for time in (now + per, now))
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [hashed(scope, key), ends, now, now])
        return cursor.fetchone()[0] <= limit


def take_turn(*, scope: str, key: str) -> None:
    """Let transactions by `key` go one after the other: its row stays locked until this transaction is over."""
    allow(scope=scope, key=key, limit=1, per=timedelta(minutes=1))


def give_back(*, scope: str, key: str) -> None:
    """Take back one attempt that turned out not to count, such as a sign-in that succeeded."""
    Attempts.objects.filter(key=hashed(scope, key), count__gt=0).update(count=F("count") - 1)


def forget(*, scope: str, key: str) -> None:
    """Delete a count, of somebody about whom nothing is kept any more."""
    Attempts.objects.filter(key=hashed(scope, key)).delete()


def clean_up(at: datetime | None = None) -> int:
    """Delete the counts whose window is over. Returns how many there were."""
    return Attempts.objects.filter(ends_at__lte=at or timezone.now()).delete()[0]


def hashed(scope: str, key: str) -> str:
    """What a count is stored under: nobody can read a name or an address out of it."""
    return salted_hmac(f"calcsite.security.limits.{scope}", key, algorithm="sha256").hexdigest()


def client_address(request: HttpRequest) -> str:
    """The address that a request came from; of an IPv6 address the /64 network, which one person can have whole.

    X-Forwarded-For counts only behind our own proxy, and of it only the last hop: the client wrote the rest.
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
