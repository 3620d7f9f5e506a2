"""Every answer has the security headers, and no page violates the policy that it sends."""

import re

import pytest
from playwright.sync_api import Page

from tests.browsing import ERRORS, PUBLIC, STATES, comes_true, states
from tests.plainhttp import Answer, Staff, fetch

MACHINES = {"sitemap": "/sitemap.xml", "robots": "/robots.txt", "live": "/livez", "ready": "/readyz"}
REDIRECTS = {"no slash": "/conditions", "admin": "/admin/", "no answer": "/conditions/brain-calcification/helpful/"}
SUGGESTIONS = {"suggestions": "/search/suggestions/?q=cal"}
ADDRESSES = PUBLIC | ERRORS | MACHINES | REDIRECTS | SUGGESTIONS
ADMIN = {
    "index": "/admin/",
    "conditions": "/admin/conditions/condition/",
    "add condition": "/admin/conditions/condition/add/",
    "questions": "/admin/conditions/faq/",
    "add question": "/admin/conditions/faq/add/",
    "pages": "/admin/conditions/generalpage/",
    "add page": "/admin/conditions/generalpage/add/",
    "tags": "/admin/conditions/tag/",
    "add tag": "/admin/conditions/tag/add/",
    "editions": "/admin/conditions/edition/",
    "feedback": "/admin/conditions/feedback/",
    "clinic": "/admin/calcsite/clinicdetails/",
    "users": "/admin/auth/user/",
    "password": "/admin/account/password/",
    "second factor": "/admin/account/second-factor/",
}
# Reports violations of the policy in each document to the test.
LISTEN = """document.addEventListener("securitypolicyviolation", event =>
    console.error(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));"""


def missing_headers(answer: Answer) -> list[str]:
    """The required headers that a response lacks."""
    headers = answer.headers
    policy = headers["Content-Security-Policy"] or ""
    permissions = headers["Permissions-Policy"] or ""
    carried = {
        "default-src 'none'": "default-src 'none'" in policy,
        "object-src 'none'": "object-src 'none'" in policy,
        "base-uri 'none'": "base-uri 'none'" in policy,
        "frame-ancestors 'none'": "frame-ancestors 'none'" in policy,
        "no unsafe source": policy != "" and not re.search(r"unsafe-|\*|https?:", policy),
        "nosniff": headers["X-Content-Type-Options"] == "nosniff",
        "Referrer-Policy": headers["Referrer-Policy"] == "same-origin",
        "Cross-Origin-Opener-Policy": headers["Cross-Origin-Opener-Policy"] == "same-origin",
        "Permissions-Policy": all(f"{name}=()" in permissions for name in ["camera", "geolocation", "microphone"]),
        "X-Frame-Options": headers["X-Frame-Options"] == "DENY",
        "no name of the server": "X-Powered-By" not in headers,
    }
    return [name for name, there in carried.items() if not there]


@pytest.mark.parametrize("path", ADDRESSES.values(), ids=ADDRESSES.keys())
def test_every_answer_carries_the_headers(site, path):
    assert missing_headers(fetch(site, path)) == []


@pytest.mark.parametrize("path", ["/", "/conditions/brain-calcification/", "/about/"])
def test_an_answer_from_memory_carries_the_headers_too(site, path):
    first, second = fetch(site, path), fetch(site, path)
    assert missing_headers(second) == []
    assert first.body == second.body


def test_a_page_that_is_still_true_is_not_sent_again(site):
    first = fetch(site, "/conditions/brain-calcification/")
    second = fetch(site, "/conditions/brain-calcification/", headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status, second.body) == (304, b"")
    assert second.headers["Cache-Control"] == first.headers["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "OPTIONS"])
def test_an_answer_to_another_method_carries_the_headers(site, method):
    answer = fetch(site, "/", method=method)
    assert answer.status in {403, 405}
    assert missing_headers(answer) == []


def test_an_unknown_host_is_refused_with_the_headers(site):
    answer = fetch(site, "/", headers={"Host": "evil.example"})
    assert answer.status == 400
    assert missing_headers(answer) == []


def test_an_answer_from_another_site_is_refused_with_the_headers(site):
    path = "/conditions/brain-calcification/helpful/"
    answer = fetch(site, path, form={"answer": "yes"}, headers={"Origin": "https://evil.example"})
    assert answer.status == 403
    assert missing_headers(answer) == []


def test_a_form_without_its_token_is_refused_in_our_own_words(site):
    answer = fetch(site, "/admin/login/", form={"login": "a", "password": "b"})
    assert answer.status == 403
    assert "We could not accept that" in answer.text
    assert missing_headers(answer) == []


def test_a_server_error_has_the_headers_and_no_detail(broken_site):
    answer = fetch(broken_site, "/")
    assert answer.status == 500
    assert missing_headers(answer) == []
    assert "something went wrong" in answer.text
    assert not re.search("Traceback|no such table|does not exist|Django", answer.text)


def test_a_site_without_its_database_is_alive_and_not_ready(broken_site):
    live, ready = fetch(broken_site, "/livez"), fetch(broken_site, "/readyz")
    assert (live.status, ready.status) == (200, 503)
    assert "table" not in ready.text


@pytest.mark.parametrize("pattern", [r"/static/css/[^\"]+\.css", r"/static/js/[^\"]+\.js", r"/static/img/[^\"]+\.svg"])
def test_a_file_of_the_site_carries_the_headers(site, pattern):
    address = re.search(pattern, fetch(site, "/").text)[0]
    answer = fetch(site, address)
    assert answer.status == 200
    assert missing_headers(answer) == []


def test_a_picture_of_the_content_may_draw_itself_and_nothing_else(site):
    address = re.search(r'/media/[^"]+\.svg', fetch(site, "/conditions/brain-calcification/").text)[0]
    answer = fetch(site, address)
    assert answer.headers["Content-Type"] == "image/svg+xml"
    policy = {part.strip() for part in answer.headers["Content-Security-Policy"].split(";")}
    assert {"default-src 'none'", "sandbox"} <= policy
    assert not any(part.startswith("script-src") for part in policy)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", [*ADMIN.values(), "/admin/login/", "/admin/nothing/"])
def test_the_admin_carries_the_headers_and_is_not_cached(site, path):
    answer = Staff(site).get(path)
    assert missing_headers(answer) == []
    assert "no-store" in (answer.headers["Cache-Control"] or "") or answer.status in {302, 404}


def test_cookies_of_staff_are_out_of_reach_for_scripts_and_other_sites(site):
    stranger = Staff(site, signed_in=False)
    stranger.post("/admin/login/", {"login": site.staff_name, "password": site.staff_password})
    received = stranger.received
    assert {cookie.partition("=")[0] for cookie in received} == {"csrftoken", "sessionid"}
    assert [cookie for cookie in received if "HttpOnly" not in cookie or "SameSite=Lax" not in cookie] == []


def complaints(page: Page) -> list[str]:
    """A list that collects the browser's errors from now on."""
    heard: list[str] = []
    page.add_init_script(LISTEN)
    page.on("console", lambda message: heard.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def without_expected(heard: list[str]) -> list[str]:
    """Chromium also reports the error statuses that some states need."""
    return [text for text in heard if not re.search(r"responded with a status of (400|403|404)", text)]


@pytest.mark.looks
def test_no_public_page_breaks_the_policy(site, old_edition, open_tab):
    page = open_tab()
    heard = complaints(page)
    for state in STATES:
        states(site, old_edition)[state](page)
        assert without_expected(heard) == [], state


def test_a_breach_of_the_policy_would_be_heard(open_tab):
    page = open_tab()
    heard = complaints(page)
    page.goto("/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    page.evaluate("document.head.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
    assert page.evaluate("window.ran") is None
    assert any("style-src" in text for text in heard)
    assert any("script-src" in text for text in heard)


@pytest.mark.looks
def test_no_page_of_the_admin_breaks_the_policy(site, open_tab):
    page = open_tab()
    page.context.add_cookies([site.session_cookie])
    heard = complaints(page)
    for path in ADMIN.values():
        page.goto(path)
        assert comes_true(
            page,
            """[...document.querySelectorAll("[data-django-prose-editor-configurable]")].every(
            field => field.id.includes("__prefix__") || field.parentElement.querySelector("[contenteditable]"))""",
        )
        assert heard == [], path
    page.goto("/admin/conditions/condition/")
    page.get_by_role("link", name="Brain calcification").first.click()
    page.locator("#sections-0 [contenteditable=true]").wait_for()
    page.get_by_text("Add a section").click()
    page.locator("[id^=sections-] [contenteditable=true]").last.wait_for()
    assert heard == []
    change = page.url
    for way in [
        "Preview",
        "Compare",
        "Send it for review as it is",
        "Preview links",
        "Editions and steps",
        "Publish without review",
    ]:
        page.goto(change)
        page.get_by_role("link", name=way, exact=True).click()
        page.wait_for_load_state()
        assert heard == [], way
