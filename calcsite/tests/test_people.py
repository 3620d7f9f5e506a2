"""What each group of staff may do, and that nobody gives themselves, or others, more."""

import importlib

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.test import Client

from calcsite.models import StaffProfile
from calcsite.tests.people import PASSWORD, give_app, make_person, sign_in

pytestmark = pytest.mark.django_db
WRITTEN = {
    name: given + importlib.import_module("appointments.migrations.0003_permissions").GROUPS.get(name, [])
    for name, given in importlib.import_module("calcsite.migrations.0003_groups").GROUPS.items()
}
PEOPLE = "/admin/auth/user/"


def allowed(name: str) -> set[str]:
    permissions = Permission.objects.filter(group__name=name).select_related("content_type")
    return {f"{permission.content_type.app_label}.{permission.codename}" for permission in permissions}


@pytest.fixture
def administrator() -> User:
    return make_person("Administrator", username="ada")


@pytest.fixture
def desk(administrator) -> Client:
    client = Client()
    sign_in(client, administrator)
    return client


def change(client: Client, person: User, **fields: object):
    """Send the form of `person` as it would be with these fields changed."""
    data = {"username": person.username, "email": person.email, "is_active": "on"} | fields
    data |= {"profile-TOTAL_FORMS": "0", "profile-INITIAL_FORMS": "0"}
    data |= {"date_joined_0": "2026-11-21", "date_joined_1": "12:00"}
    answer = client.post(f"{PEOPLE}{person.pk}/change/", data)
    person.refresh_from_db()
    return answer


def test_the_groups_have_exactly_their_permissions():
    assert set(Group.objects.values_list("name", flat=True)) == set(WRITTEN)
    assert {name: allowed(name) for name in WRITTEN} == {name: set(given) for name, given in WRITTEN.items()}


@pytest.mark.parametrize("name", ["Editor", "Booking coordinator", "Clinician"])
def test_who_writes_or_books_publishes_nothing(name):
    powers = {"conditions.publish_unreviewed", "conditions.withdraw_condition", "conditions.review_edition"}
    assert powers & allowed(name) == set()


def test_who_reviews_does_not_write_and_who_administers_does_not_review():
    assert "conditions.change_condition" not in allowed("Clinical reviewer")
    assert "conditions.review_edition" in allowed("Clinical reviewer")
    assert "conditions.review_edition" not in allowed("Administrator")


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_every_group_opens_its_own_pages_and_no_others(name):
    client = Client()
    sign_in(client, make_person(name))
    assert client.get("/admin/").status_code == 200
    expected = 200 if "conditions.view_condition" in allowed(name) else 403
    assert client.get("/admin/conditions/condition/").status_code == expected
    assert client.get(PEOPLE).status_code == (200 if name == "Administrator" else 403)


def test_the_admin_shows_no_secrets_and_no_messages_to_patients():
    shown = {model._meta.app_label for model in admin.site._registry}
    assert shown & {"mfa", "account", "post_office", "sessions"} == set()


def test_an_administrator_adds_somebody_and_gives_them_a_group(desk):
    data = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD, "email": "eve@clinic.example"}
    desk.post(f"{PEOPLE}add/", data | {"is_superuser": "on", "profile-TOTAL_FORMS": "0", "profile-INITIAL_FORMS": "0"})
    eve = User.objects.get(username="eve")
    assert (eve.is_staff, eve.is_superuser, eve.has_perm("conditions.view_condition")) == (True, False, False)
    change(desk, eve, groups=[Group.objects.get(name="Editor").pk])
    assert [group.name for group in eve.groups.all()] == ["Editor"]


@pytest.mark.parametrize("field", ["is_superuser", "user_permissions"])
def test_an_administrator_gives_nobody_what_only_a_superuser_may_give(desk, field):
    eve = make_person("Editor")
    permission = Permission.objects.get(codename="review_edition").pk
    change(desk, eve, **{field: permission})
    assert (eve.is_superuser, eve.user_permissions.count()) == (False, 0)


def test_an_administrator_does_not_raise_themselves_or_shut_themselves_out(desk, administrator):
    reviewer = Group.objects.get(name="Clinical reviewer").pk
    change(desk, administrator, groups=[reviewer], is_superuser="on", is_active="")
    assert [group.name for group in administrator.groups.all()] == ["Administrator"]
    assert (administrator.is_superuser, administrator.is_active) == (False, True)


@pytest.mark.parametrize("address", ["change/", "password/", "delete/"])
def test_an_administrator_does_not_touch_a_superuser(desk, address):
    boss = make_person(username="boss", is_superuser=True)
    data = {"username": "mine", "password1": "mine mine mine mine", "password2": "mine mine mine mine", "post": "yes"}
    assert desk.post(f"{PEOPLE}{boss.pk}/{address}", data).status_code == 403
    boss.refresh_from_db()
    assert (boss.username, boss.check_password(PASSWORD)) == ("boss", True)


def test_an_administrator_does_not_change_what_a_group_may_do(desk):
    group = Group.objects.get(name="Administrator")
    assert desk.get(f"/admin/auth/group/{group.pk}/change/").status_code == 200
    every = list(Permission.objects.values_list("pk", flat=True))
    answer = desk.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Administrator", "permissions": every})
    assert answer.status_code == 403


def test_what_is_listed_cannot_be_asked_for_passwords(desk):
    make_person(username="eve")
    assert desk.get(PEOPLE, {"password__startswith": "pbkdf2"}).status_code == 400


def test_an_account_is_closed_and_not_deleted(desk):
    eve, client = make_person("Editor"), Client()
    sign_in(client, eve)
    assert desk.post(f"{PEOPLE}{eve.pk}/delete/", {"post": "yes"}).status_code == 403
    change(desk, eve, is_active="")
    assert not eve.is_active
    assert client.get("/admin/").url.startswith("/admin/login/")


def remove_second_factor(desk: Client, *people: User):
    return desk.post(
        PEOPLE, {"action": "remove_second_factor", "_selected_action": [p.pk for p in people]}, follow=True
    )


def test_a_lost_second_factor_is_removed_logged_and_ends_the_persons_sessions(desk, administrator):
    eve, client = make_person("Editor", username="eve", email="eve@clinic.example"), Client()
    sign_in(client, eve)
    page = remove_second_factor(desk, eve).content.decode()
    assert "“eve” is signed out everywhere" in page
    assert not Authenticator.objects.filter(user=eve).exists()
    assert client.get("/admin/").url.startswith("/admin/login/")
    entry = LogEntry.objects.get(object_id=str(eve.pk))
    assert (entry.user, entry.change_message) == (administrator, "Second factor removed.")
    assert mail.outbox[0].to == ["eve@clinic.example"]


def test_nobody_removes_the_second_factor_of_a_superuser_or_their_own_here(desk, administrator):
    boss = make_person(username="boss", is_superuser=True)
    give_app(boss)
    remove_second_factor(desk, boss, administrator)
    assert Authenticator.objects.filter(user__in=[boss, administrator]).count() == 2


def test_the_list_takes_as_many_queries_with_many_people(desk, django_assert_max_num_queries):
    for count in (1, 30):
        for _ in range(count):
            make_person("Editor")
        with django_assert_max_num_queries(12):
            desk.get(PEOPLE)


def test_the_public_reads_a_name_and_credentials_or_nothing():
    plain, named = make_person(), make_person(first_name="Ruth", last_name="Ames")
    StaffProfile.objects.create(user=named, credentials="MBBS, FRCR")
    assert StaffProfile.of(plain) == ("", "")
    assert StaffProfile.of(named) == ("Ruth Ames", "MBBS, FRCR")


def test_an_administrator_writes_the_credentials_that_the_public_reads(desk):
    eve = make_person("Clinical reviewer", first_name="Eve", last_name="Low")
    assert b"consultant radiologist" in desk.get(f"{PEOPLE}{eve.pk}/change/").content
    data = {"profile-TOTAL_FORMS": "1", "profile-INITIAL_FORMS": "0", "profile-0-credentials": "MD"}
    data |= {"username": eve.username, "first_name": "Eve", "last_name": "Low", "is_active": "on"}
    desk.post(f"{PEOPLE}{eve.pk}/change/", data | {"date_joined_0": "2026-11-21", "date_joined_1": "12:00"})
    assert StaffProfile.of(eve) == ("Eve Low", "MD")
    assert not eve.profile.wants_digest
