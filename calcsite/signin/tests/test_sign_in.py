"""Signing in: access is refused to strangers, who cannot lock out the owner."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RoutePattern

from calcsite.tests.people import PASSWORD, code_of, give_app, make_person, sign_in

pytestmark = pytest.mark.django_db
LOGIN, CODE = "/admin/login/", "/admin/account/code/"


def try_password(client: Client, name: str, password: str = PASSWORD, address: str = "192.0.2.1", **data: str):
    return client.post(LOGIN, {"login": name, "password": password} | data, REMOTE_ADDR=address)


def enter(name: str, secret: str, *, step: int = 0) -> Client:
    """A client on which `name` has fully signed in, and which is known from then on."""
    client = Client()
    assert try_password(client, name, address="198.51.100.1").url == CODE
    assert client.post(CODE, {"code": code_of(secret, step=step)}).url == "/admin/"
    return client


@pytest.fixture
def ann() -> User:
    return make_person("Administrator", username="ann", email="ann@clinic.example")


@pytest.fixture
def secret(ann) -> str:
    return give_app(ann)


def addresses(patterns: list[URLPattern | URLResolver], before: str = "/admin/") -> Iterator[str]:
    """Every address of the admin, with 1 for each part that varies."""
    for pattern in patterns:
        address = before + re.sub(r"<[^>]*>", "1", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, address)
        elif isinstance(pattern.pattern, RoutePattern):
            yield address


def test_a_session_with_the_password_alone_opens_no_page_of_the_admin(client, ann):
    client.force_login(ann)
    tried = [address for address in addresses(admin.site.get_urls()) if address != LOGIN]
    assert len(tried) > 50
    answers = {address: client.get(address) for address in [*tried, "/admin/auth/", "/admin/account/password/"]}
    assert [a for a, answer in answers.items() if not answer.headers.get("Location", "").startswith("/admin/")] == []
    client.get("/admin/auth/user/")
    assert client.get(LOGIN).url == "/admin/account/second-factor/"


@pytest.mark.parametrize("page", ["second-factor/", "app/", "app/remove/", "passkeys/", "passkeys/add/"])
def test_the_password_alone_does_not_reach_the_second_factor_of_the_account(client, ann, secret, page):
    client.force_login(ann)
    assert client.get(f"/admin/account/{page}").url.startswith(LOGIN)
    assert client.post(f"/admin/account/{page}").url.startswith(LOGIN)
    assert client.get("/admin/account/confirm/").url.startswith("/admin/account/code/confirm/")
    assert Authenticator.objects.filter(user=ann).exists()


def test_a_session_from_before_is_asked_for_the_second_factor_and_may_then_go_on(client, ann, secret):
    client.force_login(ann)
    prompt = client.get(f"{LOGIN}?next=/admin/auth/user/").url
    assert prompt.startswith("/admin/account/code/confirm/")
    assert client.post(prompt, {"code": code_of(secret)}).url == LOGIN
    assert client.get(LOGIN).url == "/admin/auth/user/"
    assert client.get("/admin/auth/user/").status_code == 200


def test_an_account_that_is_not_staff_gets_a_page_of_its_own(client, ann, secret):
    User.objects.update(is_staff=False)
    client = enter("ann", secret)
    assert client.get(client.get("/admin/").url).url == "/admin/account/staff-only/"
    page = client.get("/admin/account/staff-only/")
    assert (page.status_code, b"this account is not one of staff" in page.content) == (403, True)


@pytest.mark.parametrize("address", ["/admin/account/signup/", "/admin/account/email/", "/admin/account/"])
def test_there_is_no_sign_up(client, ann, address):
    assert client.get(address).url == client.post(address).url == f"{LOGIN}?next={address}"
    sign_in(client, ann)
    assert client.get(address).status_code == client.post(address).status_code == 404


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)"]
)
def test_signing_in_redirects_to_no_other_site(client, ann, secret, wanted):
    assert try_password(client, "ann", next=wanted).url == CODE
    assert client.post(CODE, {"code": code_of(secret), "next": wanted}).url == "/admin/"
    assert client.get(LOGIN, {"next": wanted}).url == "/admin/"
    assert client.post("/admin/account/logout/", {"next": wanted}).url == LOGIN


def test_a_code_works_once_even_when_the_cache_has_forgotten_it(client, ann, secret):
    code = code_of(secret)
    enter("ann", secret)
    cache.clear()
    try_password(client, "ann")
    page = client.post(CODE, {"code": code})
    assert (page.status_code, b"each code once" in page.content) == (200, True)


def test_the_session_has_another_key_after_signing_in(client, ann, secret):
    client.cookies["sessionid"] = "chosenbysomebodyelse"
    try_password(client, "ann")
    before = client.session.session_key
    client.post(CODE, {"code": code_of(secret)})
    assert client.session.session_key not in {"chosenbysomebodyelse", before}


def test_signing_out_ends_the_session_and_not_only_the_cookie(ann, secret):
    client = enter("ann", secret)
    old = client.cookies["sessionid"].value
    client.post("/admin/logout/")
    client.cookies["sessionid"] = old
    assert client.get("/admin/").url.startswith(LOGIN)


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "another"}, {"is_staff": False}])
def test_an_account_that_is_closed_or_changed_dies_on_the_next_request(ann, secret, change):
    client = enter("ann", secret)
    assert client.get("/admin/").status_code == 200
    User.objects.update(**change)
    assert client.get("/admin/").url.startswith(LOGIN)


def test_a_password_reset_neither_signs_in_nor_replaces_the_second_factor(client, ann, secret, settings):
    settings.SITE_URL = "https://clinic.example"
    client.post("/admin/account/password/reset/", {"email": "ann@clinic.example"})
    link = re.search(r"https://clinic.example(/\S+)", mail.outbox[0].body)[1]
    form = client.get(link, follow=True).redirect_chain[-1][0]
    done = client.post(form, {"password1": "seven loud green buckets", "password2": "seven loud green buckets"})
    assert done.url == "/admin/account/password/reset/done/"
    assert client.get("/admin/").url.startswith(LOGIN)
    assert try_password(client, "ann", "seven loud green buckets").url == CODE
    assert client.get("/admin/").url.startswith(LOGIN)
    assert b"no longer works" in Client().get(link).content


def test_a_password_reset_does_not_reveal_accounts(client, ann):
    answers = [
        client.post("/admin/account/password/reset/", {"email": f"{name}@clinic.example"}) for name in ("ann", "bob")
    ]
    assert answers[0].url == answers[1].url
    assert [message.to for message in mail.outbox] == [["ann@clinic.example"]]


class CountedHasher(PBKDF2PasswordHasher):
    """Hashing dominates the time of a sign-in: counting it needs no clock."""

    count = 0

    def encode(self, *args: Any, **kwargs: Any) -> str:
        CountedHasher.count += 1
        return super().encode(*args, **kwargs)


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(client, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountedHasher"]
    make_person(username="ann")

    def answer(name: str) -> tuple[str, int]:
        before = CountedHasher.count
        page = try_password(client, name, "wrong").content.decode()
        words = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page).replace(name, "")
        return words, CountedHasher.count - before

    words, hashed = answer("ann")
    assert (words, 1) == answer("bob")
    assert hashed == 1


def test_guessing_is_stopped_in_words_and_allowed_again_after_five_minutes(ann, secret):
    with time_machine.travel("2026-11-21T12:00Z", tick=False) as clock:
        statuses = [try_password(Client(), "ann", "wrong").status_code for _ in range(6)]
        assert statuses == [200] * 5 + [429]
        refused = try_password(Client(), "ann")
        assert (refused.status_code, b"Wait five minutes" in refused.content) == (429, True)
        clock.shift(300)
        assert try_password(Client(), "ann").url == CODE


def test_an_address_that_tries_many_names_is_stopped():
    statuses = [try_password(Client(), f"name{number}", "wrong").status_code for number in range(51)]
    assert statuses == [200] * 50 + [429]


def test_x_forwarded_for_does_not_help_to_guess(client, ann):
    for number in range(6):
        forged = {"X-Forwarded-For": f"203.0.113.{number}"}
        answer = client.post(LOGIN, {"login": "ann", "password": "wrong"}, headers=forged)
    assert answer.status_code == 429


def test_strangers_everywhere_do_not_keep_the_owner_out_of_a_device_that_is_known(ann, secret):
    owner = enter("ann", secret)
    owner.post("/admin/logout/")
    for number in range(51):
        last = try_password(Client(), "ann", "wrong", address=f"203.0.113.{number}")
    assert last.status_code == 429
    assert b"Wait an hour" in last.content
    assert try_password(Client(), "ann", address="198.51.100.9").status_code == 429
    assert try_password(owner, "ann", address="203.0.113.1").url == CODE
    assert owner.post(CODE, {"code": code_of(secret, step=1)}).url == "/admin/"


def test_a_known_device_is_limited_too_and_known_for_its_owner_only(ann, secret):
    device = enter("ann", secret)
    device.post("/admin/logout/")
    assert [try_password(device, "ann", "wrong").status_code for _ in range(11)] == [200] * 10 + [429]
    assert [try_password(device, "bob", "wrong").status_code for _ in range(6)] == [200] * 5 + [429]


def test_a_forged_device_cookie_is_worth_nothing(client, ann):
    client.cookies["device"] = "WyJhIiwiYiJd:forged:signature"
    assert [try_password(client, "ann", "wrong").status_code for _ in range(6)] == [200] * 5 + [429]


def test_guessing_codes_is_stopped_and_the_owner_enters_all_the_same(client, ann, secret):
    owner = enter("ann", secret)
    owner.post("/admin/logout/")
    try_password(client, "ann")
    answers = [client.post(CODE, {"code": "000000"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert client.post(CODE, {"code": code_of(secret, step=1)}).status_code == 429
    try_password(owner, "ann")
    assert owner.post(CODE, {"code": code_of(secret, step=1)}).url == "/admin/"


@pytest.mark.parametrize(
    ("password", "fault"), [("password1234", "common"), ("short", "short"), ("ann.clinic.2026", "")]
)
def test_a_new_password_is_not_a_common_or_a_short_one(ann, password, fault):
    client = Client()
    sign_in(client, ann)
    data = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    answer = client.post("/admin/account/password/", data)
    assert (answer.status_code == 302) == (fault == "")
    assert fault in answer.content.decode()


def test_a_password_may_be_long_and_its_change_ends_all_other_sessions(ann):
    here, elsewhere = Client(), Client()
    sign_in(here, ann)
    sign_in(elsewhere, ann)
    data = {"oldpassword": PASSWORD, "password1": "a b" * 40, "password2": "a b" * 40}
    assert here.post("/admin/account/password/", data).url == "/admin/"
    assert here.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").url.startswith(LOGIN)


def test_secrets_of_second_factors_cannot_be_read_in_the_database(ann, secret):
    assert secret not in str(Authenticator.objects.values_list("data", flat=True))


def test_removing_a_second_factor_by_command_signs_its_owner_out_with_an_e_mail(ann, secret):
    client = enter("ann", secret)
    other = Client()
    sign_in(other, make_person("Editor"))
    call_command("remove_second_factor", "ann")
    assert client.get("/admin/").url.startswith(LOGIN)
    assert other.get("/admin/").status_code == 200
    assert not Authenticator.objects.filter(user=ann).exists()
    assert mail.outbox[-1].to == ["ann@clinic.example"]
    assert LogEntry.objects.get().change_message == "Second factor removed on the server."


def test_the_command_refuses_an_unknown_name():
    with pytest.raises(CommandError, match="no account named bob"):
        call_command("remove_second_factor", "bob")


def test_setting_up_a_second_factor_needs_a_recent_sign_in(client, ann):
    with time_machine.travel("2026-11-21T12:00Z", tick=False) as clock:
        try_password(client, "ann")
        assert client.get("/admin/account/app/").status_code == 200
        clock.shift(301)
        assert client.get("/admin/account/app/").url.startswith("/admin/account/confirm/")
        give_app(ann)
        assert client.get("/admin/account/app/").url.startswith(LOGIN)


def test_changing_a_second_factor_takes_a_second_factor_and_not_the_password(ann, secret):
    with time_machine.travel("2026-11-21T12:00Z", tick=False) as clock:
        client = enter("ann", secret)
        clock.shift(301)
        confirm = client.post("/admin/account/app/remove/").url
        assert confirm.startswith("/admin/account/code/confirm/")
        client.post("/admin/account/confirm/", {"password": PASSWORD})
        assert Authenticator.objects.filter(user=ann, type="totp").exists()
        client.post(confirm, {"code": code_of(secret)})
        assert not Authenticator.objects.filter(user=ann).exists()
        assert client.get("/admin/").url.startswith(LOGIN)


def test_a_closed_account_is_named_as_such_only_with_its_password(ann, secret):
    User.objects.update(is_active=False)
    assert try_password(Client(), "ann").url == "/admin/account/inactive/"
    assert b"is not right" in try_password(Client(), "ann", "wrong").content


def test_staff_without_a_password_may_choose_one(ann):
    ann.set_unusable_password()
    ann.save()
    client = Client()
    sign_in(client, ann)
    first = client.get("/admin/account/password/").url
    client.post(first, {"password1": "seven loud green buckets", "password2": "seven loud green buckets"})
    assert User.objects.get().check_password("seven loud green buckets")


def test_password_reset_e_mails_are_limited(client, ann):
    data = {"email": "ann@clinic.example"}
    answers = [client.post("/admin/account/password/reset/", data) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert b"Wait five minutes" not in answers[-1].content
    assert b"Wait an hour" in answers[-1].content
    assert len(mail.outbox) == 5
