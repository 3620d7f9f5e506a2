"""The search page beside the list page, with 1,000 and with 10,000 conditions."""

import random
import time
from collections.abc import Iterator

from benchmarks import content
from benchmarks.load import Client, get
from benchmarks.measures.pages import CONTROL
from benchmarks.results import Figure, p95
from benchmarks.server import running

SMALL, LARGE = 1000, 10_000
ROUNDS = 200
LIST = "list page"
BARS = {"rare words": 2, "common words": 2, "words on every page": 5}  # times the list page


def figures() -> Iterator[Figure]:
    content.extend_to(SMALL)
    small = response_times(SMALL)
    content.extend_to(LARGE)
    large = response_times(LARGE)
    for words, bar in BARS.items():
        yield Figure(f"search for {words}, p95", large[words] / large[LIST], " × list page", at_most=bar)
    for words in BARS:
        # The generated words keep their share of the pages, so hits grow as pages do.
        growth = (large[words] / small[words]) / (LARGE / SMALL)
        yield Figure(f"search for {words}, growth of p95", growth, " × growth of hits", at_most=1)


def response_times(total: int) -> dict[str, float]:
    """The 95th percentile of each kind of page, as a multiple of the control's. None of them is cached."""
    chance = random.Random(total)
    times: dict[str, list[float]] = {name: [] for name in ["control", LIST, *BARS]}
    with running() as server, Client(server.port) as client:
        for number in range(-10, ROUNDS):
            for name, request in requests(chance, number, total).items():
                started = time.perf_counter()
                answer = client.ask(request)
                if answer.status != 200:
                    raise ValueError(f"{request!r} was answered with {answer.status}")
                if number >= 0:  # the first rounds only warm up
                    times[name].append(time.perf_counter() - started)
    return {name: p95(values) / p95(times["control"]) for name, values in times.items()}


def requests(chance: random.Random, number: int, total: int) -> dict[str, bytes]:
    """One request of each kind, different in each round."""
    words = {
        "rare words": content.rare_word(chance.randrange(content.RARE_EVERY)),
        "common words": content.common_word(chance.randrange(content.COMMON_EVERY)),
        "words on every page": content.ON_EVERY_PAGE[number % 2],
    }
    page = chance.randrange(1, total // 20)
    return {"control": CONTROL, LIST: get(f"/conditions/?page={page}")} | {
        name: get(f"/search/?q={word}") for name, word in words.items()
    }
