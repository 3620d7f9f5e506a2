"""Signing in as staff do: with a password and a code, a recovery code, or a passkey."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from calcsite.tests.people import code_of
from tests.faults.test_headers import complaints, without_expected
from tests.looks.test_accessibility import violations_in_every_look
from tests.running import Site

WORK = "/admin/conditions/condition/"


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def at_work(page: Page) -> None:
    expect(page).to_have_url(re.compile("/admin/$"))


def looks_right(page: Page) -> None:
    found = violations_in_every_look(page)
    assert not found, "\n".join(found)
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url


def give_password(page: Page, site: Site) -> None:
    page.get_by_label("User name").fill(site.staff_name)
    page.get_by_label("Password").fill(site.staff_password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def give_code(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.goto("/admin/account/logout/")
    page.get_by_role("button", name="Sign out").click()
    heading(page, "Sign in")


def set_up_app(page: Page) -> str:
    """From the page that asks for a second factor to the recovery codes. Returns the app's secret."""
    page.get_by_role("link", name="Set up an app").click()
    secret = page.locator("#key").inner_text()
    page.get_by_label("Code from the app").fill(code_of(secret, step=-1))
    page.get_by_role("button", name="Set up this app").click()
    heading(page, "Your recovery codes")
    return secret


@pytest.fixture
def newcomer(changing_site: Site, open_tab: Callable[..., Page]) -> Page:
    """A browser at the sign-in page, and an account without a second factor."""
    changing_site.run("manage.py", "remove_second_factor", changing_site.staff_name)
    page = open_tab(base_url=f"http://localhost:{changing_site.port}")  # browsers allow passkeys for host names only
    page.goto(WORK)
    return page


def test_the_first_sign_in_sets_up_an_app_and_leads_to_where_one_wanted_to_go(newcomer, changing_site):
    heard = complaints(newcomer)
    heading(newcomer, "Sign in")
    looks_right(newcomer)
    newcomer.get_by_role("button", name="Sign in", exact=True).click()
    expect(newcomer.get_by_role("alert")).to_contain_text("Fill in: user name.")
    looks_right(newcomer)

    give_password(newcomer, changing_site)
    heading(newcomer, "Set up a second factor")
    looks_right(newcomer)
    newcomer.get_by_role("link", name="Set up an app").click()
    shown = newcomer.get_by_role("img", name="The key below").evaluate("img => img.complete && img.naturalWidth > 0")
    assert shown
    looks_right(newcomer)
    secret = newcomer.locator("#key").inner_text()
    newcomer.get_by_label("Code from the app").fill("000 000")
    newcomer.get_by_role("button", name="Set up this app").click()
    expect(newcomer.get_by_role("alert")).to_contain_text("That was not accepted.")
    assert newcomer.locator("#key").inner_text() == secret
    looks_right(newcomer)
    newcomer.get_by_label("Code from the app").fill(code_of(secret))
    newcomer.get_by_role("button", name="Set up this app").click()
    heading(newcomer, "Your recovery codes")
    looks_right(newcomer)
    newcomer.get_by_role("link", name="I have them").click()
    expect(newcomer).to_have_url(re.compile(f"{WORK}$"))
    assert without_expected(heard) == []


def test_without_the_second_factor_no_page_of_the_admin_opens(newcomer, changing_site):
    give_password(newcomer, changing_site)
    for path in ["/admin/", WORK, "/admin/auth/user/", "/admin/account/password/"]:
        newcomer.goto(path)
        heading(newcomer, "Set up a second factor")


def test_a_code_lets_in_once_and_a_recovery_code_once(newcomer, changing_site):
    give_password(newcomer, changing_site)
    secret = set_up_app(newcomer)
    recovery = newcomer.locator(".codes code").first.inner_text()
    with newcomer.expect_download() as download:
        newcomer.get_by_role("link", name="Keep them as a file").click()
    assert recovery in download.value.path().read_text().splitlines()
    newcomer.reload()
    expect(newcomer.get_by_text("10 of 10 are left.")).to_be_visible()
    looks_right(newcomer)
    sign_out(newcomer)
    expect(newcomer.get_by_text("You have signed out.")).to_be_visible()

    give_password(newcomer, changing_site)
    heading(newcomer, "Now your second factor")
    looks_right(newcomer)
    code = code_of(secret)
    give_code(newcomer, code)
    at_work(newcomer)
    sign_out(newcomer)
    give_password(newcomer, changing_site)
    give_code(newcomer, code)
    expect(newcomer.get_by_role("alert").first).to_contain_text("each code once")
    looks_right(newcomer)

    give_code(newcomer, recovery)
    at_work(newcomer)
    sign_out(newcomer)
    give_password(newcomer, changing_site)
    give_code(newcomer, recovery)
    expect(newcomer.get_by_role("alert").first).to_contain_text("That was not accepted.")


def test_removing_the_last_second_factor_leads_back_to_setting_one_up(newcomer, changing_site):
    give_password(newcomer, changing_site)
    set_up_app(newcomer)
    newcomer.goto("/admin/account/second-factor/")
    looks_right(newcomer)
    newcomer.get_by_role("link", name="Remove the app").click()
    looks_right(newcomer)
    newcomer.get_by_role("button", name="Remove the app").click()
    heading(newcomer, "Set up a second factor")
    newcomer.goto("/admin/")
    heading(newcomer, "Set up a second factor")


@pytest.mark.looks
def test_the_pages_about_ones_own_account_look_right(newcomer, changing_site):
    give_password(newcomer, changing_site)
    set_up_app(newcomer)
    for page in ["password/", "recovery-codes/new/", "passkeys/", "code/confirm/", "logout/", "inactive/"]:
        newcomer.goto(f"/admin/account/{page}")
        looks_right(newcomer)
    newcomer.goto("/admin/account/password/")
    newcomer.get_by_label("Password now").fill("wrong")
    newcomer.locator("#id_password1").fill("short")
    newcomer.get_by_label("New password, once more").fill("shorter")
    newcomer.get_by_role("button", name="Change my password").click()
    expect(newcomer.get_by_role("alert").first).to_contain_text("The password that you have now is not right.")
    looks_right(newcomer)


def test_a_passkey_is_a_second_factor_and_signs_in_alone(newcomer, changing_site):
    devtools = newcomer.context.new_cdp_session(newcomer)
    devtools.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    abilities = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": key | abilities})
    heard = complaints(newcomer)

    give_password(newcomer, changing_site)
    newcomer.get_by_role("link", name="Set up a passkey").click()
    looks_right(newcomer)
    newcomer.get_by_role("button", name="Set up this passkey").click()
    heading(newcomer, "Your recovery codes")
    sign_out(newcomer)

    newcomer.get_by_role("button", name="Sign in with a passkey").click()
    at_work(newcomer)
    newcomer.goto("/admin/account/passkeys/")
    expect(newcomer.get_by_text("last used on")).to_be_visible()
    looks_right(newcomer)
    sign_out(newcomer)

    give_password(newcomer, changing_site)
    newcomer.get_by_role("button", name="Use a passkey instead").click()
    at_work(newcomer)
    assert without_expected(heard) == []


def test_the_page_explains_where_passkeys_cannot_work(changing_site, open_tab):
    page = open_tab(base_url=changing_site.url)
    page.goto("/admin/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot use passkeys at this address")


def test_a_forgotten_password_is_asked_for_and_too_many_tries_are_answered_in_words(changing_site, open_tab):
    page = open_tab(base_url=changing_site.url)
    page.goto("/admin/login/")
    page.get_by_role("link", name="I have forgotten my password").click()
    looks_right(page)
    page.get_by_label("E-mail address").fill("nobody@clinic.example")
    page.get_by_role("button", name="Send the link").click()
    heading(page, "Look into your e-mail")
    looks_right(page)
    page.goto("/admin/account/password/reset/key/1-wrong/")
    heading(page, "This link no longer works")
    looks_right(page)
    page.goto("/admin/login/?ended=idle")
    looks_right(page)
    for _ in range(6):
        page.get_by_label("User name").fill("nobody")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("Wait five minutes")
    looks_right(page)


def test_everything_but_passkeys_works_without_javascript(changing_site, open_tab):
    changing_site.run("manage.py", "remove_second_factor", changing_site.staff_name)
    page = open_tab(base_url=changing_site.url, java_script_enabled=False)
    page.goto("/admin/")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    give_password(page, changing_site)
    set_up_app(page)
    page.get_by_role("link", name="I have them").click()
    at_work(page)


def test_a_form_that_is_being_written_when_the_session_ends_comes_back(changing_site, open_tab):
    page = open_tab(base_url=changing_site.url)
    page.context.add_cookies([changing_site.session_cookie])
    page.goto("/admin/conditions/tag/add/")
    page.get_by_label("Name").fill("Cold fingers")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save", exact=True).click()
    heading(page, "Sign in")
    page.context.add_cookies([changing_site.session_cookie])
    page.go_back()
    expect(page.get_by_label("Name")).to_have_value("Cold fingers")
