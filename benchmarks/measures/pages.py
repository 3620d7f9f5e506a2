"""The speed of a condition page: from memory, for a browser that has it already, and on its first request."""

import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple

from django.db import connection

from benchmarks import content
from benchmarks.load import Client, get
from benchmarks.results import Figure
from benchmarks.server import Server, running
from conditions.models import Listing
from conditions.publishing import pages

PAGE = "brain-calcification"
CONTROL = get(f"/control/{PAGE}/")
# Slices are short and alternate, so that other load on the machine affects both equally.
SLICES = 100
REQUESTS = 200
COLD_PAGES = 800
COLD_REQUESTS = 20


class Cost(NamedTuple):
    """The time and processor time of a number of requests."""

    seconds: float
    cpu_seconds: float


def figures() -> Iterator[Figure]:
    with running() as server:
        yield from kept_pages(server)
    content.extend_to(COLD_PAGES)
    while Listing.objects.filter(rendered=None).exists():
        pages.render_missing()
    with running() as server:
        yield from cold_pages(server)


def kept_pages(server: Server) -> Iterator[Figure]:
    """A page that this process has served before, as 200 and as 304."""
    bar = 1.5 if connection.vendor == "sqlite" else 1.0
    path = f"/conditions/{PAGE}/"
    with Client(server.port) as client:
        etag = client.ask(get(path)).etag
        warm = [[get(path)] * REQUESTS] * SLICES
        yield from compared("condition page, warm", server, client, warm, bar=bar)
        unchanged = [[get(path, if_none_match=etag)] * REQUESTS] * SLICES
        yield from compared("condition page, not changed (304)", server, client, unchanged, bar=bar, status=304)


def cold_pages(server: Server) -> Iterator[Figure]:
    """Pages that this process has never served, each requested once."""
    bar = 0.3 if connection.vendor == "sqlite" else 0.22  # Django's health check of the connection is a second query
    requests = [get(listing.get_absolute_url()) for listing in Listing.objects.all()[:COLD_PAGES]]
    slices = [requests[start : start + COLD_REQUESTS] for start in range(0, len(requests), COLD_REQUESTS)]
    with Client(server.port) as client:
        yield from compared("condition page, cold", server, client, slices, bar=bar)


def compared(
    name: str, server: Server, client: Client, slices: list[list[bytes]], *, bar: float, status: int = 200
) -> Iterator[Figure]:
    """The ratios of requests per second, and per second of processor time, to those of the control.

    Each slice is compared with one of the control just before or just after it; the figure is the median.
    """
    rates, cpu_rates = [], []
    cost(server, client, [CONTROL] * REQUESTS)
    for number, requests in enumerate(slices):
        if number % 2:
            control = cost(server, client, [CONTROL] * len(requests))
            page = cost(server, client, requests, status=status)
        else:
            page = cost(server, client, requests, status=status)
            control = cost(server, client, [CONTROL] * len(requests))
        rates.append(control.seconds / page.seconds)
        cpu_rates.append(control.cpu_seconds / page.cpu_seconds)
    yield Figure(f"{name}, requests/s", statistics.median(rates), " × control", at_least=bar)
    yield Figure(f"{name}, requests per CPU second", statistics.median(cpu_rates), " × control", at_least=bar)


def cost(server: Server, client: Client, requests: list[bytes], *, status: int = 200) -> Cost:
    started, cpu_started = time.perf_counter(), server.cpu_seconds()
    client.ask_all(requests, status=status)
    return Cost(time.perf_counter() - started, server.cpu_seconds() - cpu_started)
