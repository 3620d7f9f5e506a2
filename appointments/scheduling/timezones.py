"""Time zones as patients choose and read them."""

import functools
import zoneinfo
from datetime import datetime

from django.conf import settings

# Of the IANA database, those that are places.
REGIONS = ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"]
NAMED = {(0, 0): "midnight", (12, 0): "midday"}  # few know which of them 12:00am is


@functools.cache
def by_region() -> list[tuple[str, list[tuple[str, str]]]]:
    """Each region with its zones, each with the name of its place."""
    names = sorted(zoneinfo.available_timezones())
    return [(region, [(name, place(name)) for name in names if name.startswith(f"{region}/")]) for region in REGIONS]


@functools.cache
def known_names() -> frozenset[str]:
    """The names of the zones that can be chosen, and of the clinic's."""
    return frozenset(name for _, zones in by_region() for name, _ in zones) | {settings.TIME_ZONE}


def is_known(name: object) -> bool:
    """Whether this is the name of a zone that can be chosen."""
    return name in known_names()


def named(name: str | None) -> zoneinfo.ZoneInfo:
    """The zone by this name; the clinic's for no name, and for one that is no more."""
    try:
        return zoneinfo.ZoneInfo(name or settings.TIME_ZONE)
    except (KeyError, ValueError, OSError):  # the errors of ZoneInfo for an unknown name
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)


def place(name: str) -> str:
    """The place that a zone is named for: "America/Argentina/Salta" is "Salta, Argentina"."""
    return ", ".join(reversed(name.replace("_", " ").split("/")[1:])) or name


def clock(at: datetime, name: str) -> str:
    """The time of day in a zone, as in "9:30am" or "midday". One that clocks show twice that day says which it is."""
    local = at.astimezone(named(name))
    said = (
        NAMED.get((local.hour, local.minute))
        or f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"
    )
    comes_twice = local.replace(fold=0).utcoffset() > local.replace(fold=1).utcoffset()
    return f"{said} ({local:%Z})" if comes_twice else said
