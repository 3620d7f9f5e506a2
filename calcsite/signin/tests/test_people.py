"""The permissions of each role, which its members cannot extend."""

import html
import importlib
import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.test import Client

from calcsite.admin.words import ROLES
from calcsite.models import StaffMail, StaffProfile
from calcsite.tests.people import PASSWORD, give_app, make_person, sign_in

pytestmark = pytest.mark.django_db
BY_MIGRATIONS = [
    importlib.import_module(name).GROUPS
    for name in ["calcsite.migrations.0002_groups", "appointments.migrations.0003_permissions"]
]
WRITTEN = {name: [given for groups in BY_MIGRATIONS for given in groups.get(name, [])] for name in BY_MIGRATIONS[0]}
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
    """Submit the form of `person` with these fields changed."""
    email = person.email or f"{person.username}@clinic.example"
    data = {"username": person.username, "email": email, "is_active": "on"} | fields
    data |= {"profile-TOTAL_FORMS": "0", "profile-INITIAL_FORMS": "0"}
    answer = client.post(f"{PEOPLE}{person.pk}/change/", data)
    person.refresh_from_db()
    return answer


def test_the_groups_have_exactly_their_permissions():
    assert set(Group.objects.values_list("name", flat=True)) == set(WRITTEN)
    assert {name: allowed(name) for name in WRITTEN} == {name: set(given) for name, given in WRITTEN.items()}


@pytest.mark.parametrize("name", ["Editor", "Booking coordinator", "Clinician"])
def test_editors_and_coordinators_publish_nothing(name):
    powers = {"conditions.publish_unreviewed", "conditions.withdraw_condition", "conditions.review_edition"}
    assert powers & allowed(name) == set()


def test_reviewers_do_not_write_and_administrators_do_not_review():
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
    assert shown & {"mfa", "account", "sessions"} == set()


def add(client: Client, **fields: object):
    data = {"username": "eve", "first_name": "Eve", "last_name": "Low", "email": "eve@clinic.example"} | fields
    return client.post(f"{PEOPLE}add/", data | {"profile-TOTAL_FORMS": "0", "profile-INITIAL_FORMS": "0"}, follow=True)


def link_in(message: mail.EmailMessage) -> str:
    return re.search(r"http://[^/]+(/\S+key/\S+)", message.body)[1]


def choose_password(link: str, password: str) -> bool:
    """Set a password through the link. Returns whether the link accepted it."""
    client = Client()
    page = client.get(link, follow=True)
    if not page.redirect_chain:
        return False
    client.post(page.redirect_chain[-1][0], {"password1": password, "password2": password})
    return True


def test_a_person_added_by_an_administrator_sets_the_password_by_invitation(desk):
    page = add(desk, groups=[Group.objects.get(name="Editor").pk], is_superuser="on", password1=PASSWORD)
    assert "“Eve Low” was added, and an invitation is on its way to eve@clinic.example." in page.content.decode()
    eve = User.objects.get(username="eve")
    assert (eve.is_staff, eve.is_superuser, eve.has_usable_password()) == (True, False, False)
    assert [group.name for group in eve.groups.all()] == ["Editor"]
    message = mail.outbox[0]
    assert (message.to, message.subject) == (
        ["eve@clinic.example"],
        "Set your password for the staff pages of Calcsite Clinic",
    )
    assert "sign in as eve" in message.body
    assert choose_password(link_in(message), PASSWORD)
    eve.refresh_from_db()
    assert eve.check_password(PASSWORD)
    assert not choose_password(link_in(message), "another one altogether")


def test_an_invitation_is_queued_with_the_account(desk, settings):
    settings.EMAIL_BACKEND = "calcsite.mail.backend.EmailBackend"
    add(desk)
    assert StaffMail.objects.get().to == "eve@clinic.example"


@pytest.mark.parametrize("wrong", [{"email": ""}, {"username": "ADA"}])
def test_a_new_account_needs_an_address_and_an_unused_name(desk, wrong):
    assert "errornote" in add(desk, **wrong).content.decode()
    assert (User.objects.count(), mail.outbox) == (1, [])


def invite_again(client: Client, person: User):
    return client.post(f"{PEOPLE}{person.pk}/invitation/", follow=True)


def test_an_invitation_can_be_sent_again_until_the_password_is_set(desk, administrator):
    add(desk)
    eve = User.objects.get(username="eve")
    address = f"{PEOPLE}{eve.pk}/invitation/"
    assert address in desk.get(f"{PEOPLE}{eve.pk}/change/").content.decode()
    assert b"eve@clinic.example" in desk.get(address).content
    assert len(mail.outbox) == 1
    invite_again(desk, eve)
    entry = LogEntry.objects.first()
    assert (entry.user, entry.change_message) == (administrator, "Invitation sent to eve@clinic.example.")
    assert choose_password(link_in(mail.outbox[1]), PASSWORD)
    told = len(mail.outbox)
    assert address not in desk.get(f"{PEOPLE}{eve.pk}/change/").content.decode()
    assert "cannot be invited now" in invite_again(desk, eve).content.decode()
    assert len(mail.outbox) == told


def test_an_inactive_account_is_not_invited(desk):
    eve = make_person("Editor", email="eve@clinic.example", password=None, is_active=False)
    assert "cannot be invited now" in invite_again(desk, eve).content.decode()
    assert mail.outbox == []


def test_an_address_that_was_mistyped_gets_no_link_any_more(desk):
    add(desk, email="stranger@home.example")
    first = link_in(mail.outbox[0])
    change(desk, User.objects.get(username="eve"), email="eve@clinic.example")
    assert not choose_password(first, PASSWORD)
    Client().post("/admin/account/password/reset/", {"email": "stranger@home.example"})
    assert len(mail.outbox) == 1
    Client().post("/admin/account/password/reset/", {"email": "eve@clinic.example"})
    assert mail.outbox[1].to == ["eve@clinic.example"]


def test_only_a_superuser_sets_somebodys_password_by_hand(desk):
    eve, boss = make_person("Editor"), Client()
    sign_in(boss, make_person(is_superuser=True))
    address, data = f"{PEOPLE}{eve.pk}/password/", {"password1": "new new new new", "password2": "new new new new"}
    assert address not in desk.get(f"{PEOPLE}{eve.pk}/change/").content.decode()
    assert desk.post(address, data | {"usable_password": "true"}).status_code == 403
    assert address in boss.get(f"{PEOPLE}{eve.pk}/change/").content.decode()
    assert boss.get(address).status_code == 200
    boss.post(address, data | {"usable_password": "true", "set-password": "1"})
    eve.refresh_from_db()
    assert eve.check_password("new new new new")


@pytest.mark.parametrize("field", ["is_superuser", "user_permissions"])
def test_an_administrator_cannot_grant_the_rights_of_a_superuser(desk, field):
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


def test_an_administrator_does_not_change_the_permissions_of_a_role(desk):
    group = Group.objects.get(name="Administrator")
    assert desk.get(f"/admin/auth/group/{group.pk}/change/").status_code == 200
    every = list(Permission.objects.values_list("pk", flat=True))
    answer = desk.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Administrator", "permissions": every})
    assert answer.status_code == 403


def test_the_list_of_people_cannot_be_filtered_by_passwords(desk):
    make_person(username="eve")
    assert desk.get(PEOPLE, {"password__startswith": "pbkdf2"}).status_code == 400


def test_an_account_is_closed_and_not_deleted(desk):
    eve, client = make_person("Editor"), Client()
    sign_in(client, eve)
    assert desk.post(f"{PEOPLE}{eve.pk}/delete/", {"post": "yes"}).status_code == 403
    change(desk, eve, is_active="")
    assert not eve.is_active
    assert client.get("/admin/").url.startswith("/admin/login/")


def remove_second_factor(client: Client, person: User):
    return client.post(f"{PEOPLE}{person.pk}/second-factor/", follow=True)


def test_a_second_factor_is_removed_only_after_a_question(desk):
    eve = make_person("Editor", first_name="Eve", last_name="Low")
    address = f"{PEOPLE}{eve.pk}/second-factor/"
    assert address not in desk.get(f"{PEOPLE}{eve.pk}/change/").content.decode()
    give_app(eve)
    assert address in desk.get(f"{PEOPLE}{eve.pk}/change/").content.decode()
    assert "Remove the second factor of Eve Low?" in desk.get(address).content.decode()
    assert Authenticator.objects.filter(user=eve).exists()


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


def test_an_administrator_cannot_remove_a_superusers_or_their_own_second_factor(desk, administrator):
    boss = make_person(username="boss", is_superuser=True)
    give_app(boss)
    assert [remove_second_factor(desk, person).status_code for person in (boss, administrator)] == [403, 403]
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
    desk.post(f"{PEOPLE}{eve.pk}/change/", data | {"email": "eve@clinic.example"})
    assert StaffProfile.of(eve) == ("Eve Low", "MD")
    assert not eve.profile.wants_digest


def test_the_form_of_a_person_has_one_profile_and_shows_no_hash(desk):
    eve = make_person("Editor", first_name="Eve", last_name="Low")
    for _ in range(2):
        page = desk.get(f"{PEOPLE}{eve.pk}/change/").content.decode()
        assert page.count("What the public and the weekly e-mail use") == 1
        assert page.count('name="profile-0-credentials"') == 1
        assert page.count("Add another") == 0
        assert re.findall("md5|pbkdf2", page) == []
        StaffProfile.objects.get_or_create(user=eve)


def words(page: str) -> str:
    """The visible text of a page."""
    text = re.sub(r"<(script|style|svg|title)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


@pytest.mark.parametrize("address", [PEOPLE, f"{PEOPLE}add/", f"{PEOPLE}%s/change/", f"{PEOPLE}%s/history/"])
def test_the_pages_about_people_speak_the_clinics_language(desk, address):
    eve = make_person("Editor", first_name="Eve", last_name="Low")
    page = words(desk.get(address.replace("%s", str(eve.pk))).content.decode())
    assert "Staff › People" in page
    assert re.findall(r"Authentication and Authorization|\busers?\b(?! name)|\bgroups?\b|\bactive\b", page, re.I) == []


def test_the_list_of_people_shows_access_and_second_factors(desk):
    make_person("Editor", first_name="Eve", last_name="Low", username="eve")
    make_person("Clinician", first_name="Ben", last_name="Orr", username="ben", password=None)
    page = words(desk.get(PEOPLE).content.decode())
    assert "Eve Low Editor Yes Not yet Never" in page
    assert "Ben Orr Clinician Invited Not yet Never" in page
    assert "ada Administrator Yes Set up" in page


def test_roles_are_described_and_name_their_people(desk):
    make_person("Editor", first_name="Eve", last_name="Low")
    make_person("Editor", first_name="Gone", last_name="Away", is_active=False)
    listed = words(desk.get("/admin/auth/group/").content.decode())
    assert "Editor Writes pages and sends them for review. Publishes nothing. Eve Low" in listed
    role = Group.objects.get(name="Editor")
    page = words(desk.get(f"/admin/auth/group/{role.pk}/change/").content.decode())
    assert "What it may do: Writes pages and sends them for review." in page
    assert re.findall("Permissions|Gone Away", page) == []


def test_a_superuser_sees_and_changes_the_permissions_of_a_role():
    boss, role = Client(), Group.objects.get(name="Editor")
    sign_in(boss, make_person(is_superuser=True))
    assert b"Permissions" in boss.get(f"/admin/auth/group/{role.pk}/change/").content
    boss.post(f"/admin/auth/group/{role.pk}/change/", {"name": "Editor", "permissions": []})
    assert role.permissions.count() == 0


def test_every_role_that_the_migration_makes_is_described():
    assert set(ROLES) == set(WRITTEN)
