"""Addresses of pages that moved."""

import pytest

from calcsite.errors import UserFacingError
from conditions.models import Condition
from conditions.publishing import publishing
from conditions.tests.factories import make_live, publish

pytestmark = pytest.mark.django_db


def test_a_changed_address_leads_on_from_the_old_one_for_good(client):
    condition = make_live(slug="gout", name="Gout")
    Condition.objects.update(slug="podagra")
    publish(condition)
    for path in ["", "history/", "editions/1/", "helpful/thanks/"]:
        answer = client.get(f"/conditions/gout/{path}")
        assert (answer.status_code, answer.url) == (301, f"/conditions/podagra/{path}")
        assert client.get(answer.url).status_code == 200
    answer = client.post("/conditions/gout/helpful/", {"answer": "yes"})
    assert (answer.status_code, answer.url) == (308, "/conditions/podagra/helpful/")


def test_an_address_changed_twice_leads_to_the_last_one_at_once(client):
    condition = make_live(slug="first")
    for slug in ["second", "third"]:
        Condition.objects.update(slug=slug)
        publish(condition)
    assert client.get("/conditions/first/").url == "/conditions/third/"
    assert client.get("/conditions/second/").url == "/conditions/third/"


def test_an_address_that_still_leads_to_a_page_is_not_given_to_another(client):
    condition = make_live(name="Gout", slug="gout")
    Condition.objects.update(slug="podagra")
    publish(condition)
    with pytest.raises(UserFacingError, match="was the address of “Gout”, and still leads there"):
        make_live(slug="gout")
    assert client.get("/conditions/gout/").url == "/conditions/podagra/"


def test_an_address_of_a_page_that_is_gone_can_be_used_again(client):
    condition = make_live(slug="gout")
    Condition.objects.update(slug="podagra")
    publish(condition)
    publishing.withdraw(condition=condition, by=None, reason="For a test.")
    make_live(slug="gout", name="The new gout")
    assert b"The new gout" in client.get("/conditions/gout/").content


def test_an_address_survives_the_page_being_off_the_site_for_a_while(client):
    condition = make_live(slug="gout")
    publishing.withdraw(condition=condition, by=None, reason="For a test.")
    assert client.get("/conditions/gout/").status_code == 404
    Condition.objects.update(slug="podagra")
    publish(condition)
    assert client.get("/conditions/gout/").url == "/conditions/podagra/"
