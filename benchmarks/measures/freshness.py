"""Stale pages: the first request to each of two servers after each change."""

from collections.abc import Iterator
from contextlib import ExitStack

import brotli
from django.contrib.auth.models import User

from benchmarks import server
from benchmarks.load import Answer, Client, get
from benchmarks.results import Figure
from conditions.models import Condition, Section
from conditions.publishing import publishing

CHANGES = 100
SLUG = "never-stale"
PATH = f"/conditions/{SLUG}/"
CONTROL = get(f"/control/{SLUG}/")


def figures() -> Iterator[Figure]:
    """Change a page repeatedly in this process, and request it from two other processes at once.

    Every other request revalidates an earlier page (If-None-Match), and must not get 304 for an outdated one. The
    control caches its page without any validation: it shows that an old answer is detected.
    """
    author = User.objects.create(username="author")
    reviewer = User.objects.create(username="reviewer", last_name="Reviewer")
    condition = make_condition()
    old, old_from_control = 0, 0
    with ExitStack() as stack:
        servers = [stack.enter_context(server.running()) for _ in range(2)]
        clients = [stack.enter_context(Client(each.port)) for each in servers]
        etags = [""] * len(clients)
        for change in range(CHANGES):
            words = change_page(condition, change, author=author, reviewer=reviewer)
            for number, client in enumerate(clients):
                knows = {"if_none_match": etags[number]} if etags[number] and change % 2 else {}
                answer = client.ask(get(PATH, **knows))
                old += is_old(answer, words)
                if answer.status == 200:
                    etags[number] = client.ask(get(PATH)).etag  # which also caches it in this process
                old_from_control += is_old(client.ask(CONTROL), words)
    asked = CHANGES * len(clients)
    yield Figure("never stale", old, f" old answers in {asked} requests", at_most=0)
    yield Figure("never stale, control", old_from_control, f" old answers in {asked} requests", at_least=asked // 2)


def make_condition() -> Condition:
    condition = Condition.objects.create(name="Never stale", slug=SLUG, summary="A page that changes all the time.")
    condition.sources.create(title="A textbook of calcium", publisher="A publisher")
    Section.objects.create(condition=condition, position=1, kind="overview", heading="What is it?", body="<p>-</p>")
    return condition


def change_page(condition: Condition, change: int, *, author: User, reviewer: User) -> str | None:
    """Approve new words, approve others over them, withdraw the page, and so on. Returns the words that it must show
    now.
    """
    if change % 3 == 2:
        publishing.withdraw(condition=condition, by=None, reason="For a test.")
        return None
    words = f"These are the words of change {change}."
    condition.sections.update(body=f"<p>{words}</p>")
    edition = publishing.submit(condition=condition, by=author)
    publishing.approve(edition=edition, by=reviewer)
    return words


def is_old(answer: Answer, words: str | None) -> bool:
    """Whether a response is not the current one: a page with `words`, or 404."""
    if words is None:
        return answer.status != 404
    return answer.status != 200 or words.encode() not in brotli.decompress(answer.body)
