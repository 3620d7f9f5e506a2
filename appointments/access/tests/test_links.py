"""Links in e-mails: opening one changes nothing, and secrets are stored nowhere in the clear."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from appointments.access import links as access
from appointments.booking import drafts, waiting_list
from appointments.models import Appointment, Message
from appointments.tests.clients import book, come_in, come_to, url
from appointments.tests.factories import make_appointment, make_hours, make_slot, make_type
from appointments.tests.mailbox import code_in, deliver, html_of, token_in
from appointments.tests.urls import addresses, everything

pytestmark = pytest.mark.django_db
DAYS = timedelta(days=1)
QUERIES = [url("times") + "?with=any&from=2027-01-01", "/second-opinion/book/about/?condition=gout"]


@pytest.fixture
def hours():
    return make_hours(types=[make_type(name="Second opinion")])


@pytest.fixture
def appointment(hours) -> Appointment:
    """One that has an earlier time on offer, so that every page has something to show."""
    appointment = make_appointment(slot=make_slot(hours=hours, starts=timezone.now() + 30 * DAYS))
    waiting_list.join(appointment=appointment)
    make_slot(hours=hours, starts=timezone.now() + 5 * DAYS)
    make_slot(hours=hours, starts=timezone.now() + 9 * DAYS)
    assert waiting_list.offer_freed() == 1
    return appointment


def by_link(appointment: Appointment) -> Client:
    return come_in(appointment, offered=True)


def by_link_and_code(appointment: Appointment) -> Client:
    client = come_in(appointment, offered=True)
    client.post(url("send_code"))
    (code,) = [code_in(email) for email in deliver() if "code" in email.subject]
    client.post(url("confirm"), {"code": code}, follow=True)  # and has read that it was right, which is said once
    return client


def in_a_booking(appointment: Appointment) -> Client:
    client = come_in(appointment, offered=True)
    come_to(client, "check")
    return client


def after_a_booking(appointment: Appointment) -> Client:
    client = Client()
    book(client)
    return client


def a_stranger(appointment: Appointment) -> Client:
    return Client()


@pytest.mark.parametrize("visitor", [a_stranger, by_link, by_link_and_code, in_a_booking, after_a_booking])
def test_looking_at_every_address_changes_not_one_row(appointment, visitor):
    client = visitor(appointment)
    parts = {"token": access.make_link(appointment)}
    looked_at = addresses(pk=appointment.slot_id, **parts) + addresses(**parts) + QUERIES
    before = everything()
    for address in looked_at:
        assert client.get(address).status_code < 500
        assert client.head(address).status_code < 500
    assert everything() == before


def links_of(appointment: Appointment) -> Iterator[str]:
    """Every address in every e-mail that has come, in both of its forms."""
    for email in deliver():
        found = re.findall(rf"{re.escape(settings.SITE_URL)}([^\s\"<>]*)", email.body + html_of(email))
        yield from set(found)


def test_a_scanner_that_opens_every_link_of_every_e_mail_changes_not_one_row(appointment):
    access.ask_for_code(appointment)
    access.ask_for_link(appointment.email, network="192.0.2.1")
    links = list(links_of(appointment))
    opening = [link for link in links if re.fullmatch(r"/appointment/[\w-]{43}/", link)]
    assert len(opening) >= 3
    before = everything()
    for address in links * 2:
        for scanner in (Client(), Client(headers={"Sec-Purpose": "prefetch", "User-Agent": "Scanner"})):
            page = scanner.get(address)
            assert scanner.head(address).status_code == page.status_code == 200
            assert not re.search(r"http-equiv|onload|submit\(", page.text)
    assert everything() == before
    assert sum(access.find_link(link.split("/")[2]) is not None for link in opening) >= 1


def test_only_the_first_page_and_its_address_hold_the_secret(appointment):
    token = access.make_link(appointment)
    client = Client()
    assert token in client.get(url("arrive", token)).text
    opened = client.post(url("open"), {"token": token})
    assert (opened.status_code, opened.headers["Location"]) == (302, url("offer"))
    for address in addresses(pk=appointment.slot_id):
        answer = client.get(address)
        assert token not in answer.text + str(answer.headers)


def kept_in_clear(secret: str) -> list[str]:
    """Where a secret stands by itself, in the database or in a file; digits of a digest are none."""
    alone = re.compile(rf"(?<![\w.-]){re.escape(secret)}(?![\w-])")
    kept = {table: re.sub(r"\\+[nrt]", " ", " ".join(rows)) for table, rows in everything().items()}
    found = [table for table, text in kept.items() if alone.search(text)]
    files = [path for path in Path(settings.STORAGES["private"]["OPTIONS"]["location"]).rglob("*") if path.is_file()]
    return found + [path.name for path in files if alone.search(path.read_text(errors="replace"))]


def test_nothing_that_opens_something_is_kept_in_the_clear(appointment):
    client = come_in(appointment, offered=True)
    client.post(url("send_code"))
    client.post(url("link"), {"email": appointment.email})
    come_to(client, "check")
    arrived = deliver()
    codes = [code_in(email) for email in arrived if "code" in email.subject]
    tokens = [token_in(email) for email in arrived if "/appointment/" in email.body and "code" not in email.subject]
    assert len(codes) == 1
    assert len(tokens) >= 2
    for secret in [*codes, *tokens, client.cookies[drafts.COOKIE].value]:
        assert kept_in_clear(secret) == []


def test_a_secret_stored_in_the_clear_would_be_found():
    Message.objects.create(kind=Message.Kind.LINK, text="Your code:\n012345\n")
    Message.objects.create(kind=Message.Kind.LINK, text="https://clinic.example/appointment/token-of-somebody/")
    assert kept_in_clear("012345") == kept_in_clear("token-of-somebody") == ["appointments_message"]
