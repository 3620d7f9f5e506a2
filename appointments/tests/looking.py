"""Every address of the patients' pages, and all rows of the database."""

import itertools
import re
from typing import Any

from django.db import connection

from appointments import patient_urls, urls
from appointments.booking import steps

UNKNOWN = "x" * 43  # as long as a token
PREFIXES = {"/appointment/": patient_urls.urlpatterns, "/second-opinion/": urls.urlpatterns}
PLACE = re.compile(r"<(?:\w+:)?(\w+)>")


def addresses(**parts: Any) -> list[str]:
    """Each address under /appointment/ and /second-opinion/, `pk` and `token` filled in. An unknown kind of part
    fails.
    """
    values = {
        "pk": [10**9],
        "number": [10**3],
        "kind": ["documents"],
        "token": [UNKNOWN],
        "rest": [").", "x.css"],
        "name": steps.NAMES,
    }
    values |= {name: [part] for name, part in parts.items()}
    found = []
    for prefix, patterns in PREFIXES.items():
        for pattern in map(str, (each.pattern for each in patterns)):
            for chosen in itertools.product(*[values[name] for name in PLACE.findall(pattern)]):
                given = iter(chosen)
                found.append(prefix + PLACE.sub(lambda _, given=given: str(next(given)), pattern))
    return found


def everything() -> dict[str, list[str]]:
    """Every row of every table, including sessions and the framework's own tables."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def shown(page: str) -> str:
    """A page without the CSRF tokens of its forms, which differ each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
