"""A patient reads a released opinion, behind the code, in every state of it."""

import re

import pytest
import time_machine
from django.test import Client

from appointments.booking import records
from appointments.choices import Status
from appointments.governance import audit
from appointments.models import Appointment
from appointments.opinions.tests import makers
from appointments.tests.clients import come_in, come_in_with_code, url
from appointments.tests.factories import make_appointment

pytestmark = pytest.mark.django_db

READ = "/appointment/opinion/"


@pytest.fixture
def appointment() -> Appointment:
    return make_appointment()


def words_of(page: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", page.partition("<main")[2].partition("</main>")[0]).split())


def test_a_patient_reads_the_whole_signed_content(appointment):
    makers.make_released_opinion(appointment)
    page = words_of(come_in_with_code(appointment).get(READ).text)
    said = [words for name, words in makers.TEXTS.items() if name != "agreement"]
    for words in [*said, *makers.OPTION.values(), "We agree in part", "MBBS, FRCR", "For Kim Example", "Version 1"]:
        assert words in page, words


def test_html_in_an_opinion_is_shown_as_text(appointment):
    makers.make_released_opinion(appointment, findings="<script>alert(1)</script>\n\nSecond paragraph")
    page = come_in_with_code(appointment).get(READ).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_every_state_before_the_release_has_its_words_and_none_of_the_opinion(appointment):
    client = come_in_with_code(appointment)

    def lead() -> str:
        page = client.get(READ)
        assert page.status_code == 200
        assert not [words for words in makers.TEXTS.values() if words in words_of(page.text)]
        return re.search('<p class="lead">(.*?)</p>', page.text)[1]

    assert lead().startswith("There is nothing to read yet.")
    opinion = makers.make_draft_opinion(appointment)
    assert lead() == "Your clinician is working on your opinion. It is not finished yet."
    makers.sign(opinion)
    assert lead() == "Your opinion is written and signed. You can read it here soon."


def test_after_the_appointment_a_patient_is_told_that_nothing_is_written_yet(appointment):
    with time_machine.travel(appointment.slot.ends):
        page = come_in_with_code(appointment).get(READ).text
        assert "Your clinician has not written your opinion yet." in page
        records.mark(appointment=appointment, status=Status.MISSED, by=audit.PATIENT)
        page = come_in_with_code(appointment).get(READ).text
        assert "the appointment did not take place" in page


def test_a_correction_is_shown_as_one_and_the_version_before_can_still_be_read(appointment):
    makers.make_released_opinion(appointment)
    client = come_in_with_code(appointment)
    second = makers.make_correction(appointment)
    assert "Version 2" not in client.get(READ).text
    makers.save(second, makers.clinician_of(appointment), texts={"findings": "The scan of May."})
    makers.release(makers.sign(second))
    page = words_of(client.get(READ).text)
    for words in [
        "It takes the place of",
        "The date of the scan was wrong.",
        "The scan of May.",
        "Version 1 , signed on",
    ]:
        assert words in page, words
    older = words_of(client.get(f"{READ}1/").text)
    assert "This is an older version. We have corrected it since." in older
    assert makers.TEXTS["findings"] in older


def test_an_unreleased_first_version_is_not_called_corrected(appointment):
    makers.sign(makers.make_draft_opinion(appointment))
    makers.release(makers.sign(makers.make_correction(appointment)))
    client = come_in_with_code(appointment)
    assert "It takes the place of" not in words_of(client.get(READ).text)
    assert client.get(f"{READ}1/").status_code == 404


def test_an_opinion_needs_the_link_and_the_code(appointment):
    makers.make_released_opinion(appointment)
    for address in [READ, f"{READ}1/"]:
        answer = come_in(appointment).get(address)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, url("confirm"))
        assert Client().get(address).status_code == 403


def test_the_version_of_another_patient_is_a_404(appointment):
    makers.make_released_opinion(appointment)
    makers.release(makers.sign(makers.make_correction(appointment)))
    other = make_appointment()
    client = come_in_with_code(other)
    pages = [client.get(f"{READ}{number}/") for number in (1, 2, 9753)]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert "Version" not in client.get(READ).text


def test_an_opinion_that_was_tampered_with_is_not_shown(appointment, caplog):
    opinion = makers.make_released_opinion(appointment)
    makers.tamper(content=opinion.content | {"findings": "You are well."})
    answer = come_in_with_code(appointment).get(READ)
    assert answer.status_code == 500
    assert "You are well." not in answer.text
    assert "We cannot show your opinion now" in answer.text
    assert f"opinion {opinion.pk} no longer says what was signed" in caplog.text


def test_the_page_of_the_appointment_leads_there_and_says_nothing(appointment):
    makers.make_released_opinion(appointment)
    page = come_in(appointment).get(url("home")).text
    assert f'href="{READ}"' in page
    assert makers.TEXTS["findings"] not in page


def test_the_page_of_the_appointment_says_first_that_there_is_an_opinion_to_read(appointment):
    def first() -> str:
        return words_of(come_in(appointment).get(url("home")).text).partition(" When ")[0]

    opinion = makers.sign(makers.make_draft_opinion(appointment))
    assert "opinion" not in first()
    makers.release(opinion)
    assert "Your written opinion is ready" in first()
    assert "Read your opinion" in first()


def test_the_page_is_not_cached_and_its_title_names_no_patient(appointment):
    makers.make_released_opinion(appointment)
    answer = come_in_with_code(appointment).get(READ)
    assert {"private", "no-store"} <= set(answer.headers["Cache-Control"].split(", "))
    assert '<meta name="robots" content="noindex">' in answer.text
    assert re.search("<title>(.*?)</title>", answer.text, re.S)[1].strip().startswith("Your written opinion")
