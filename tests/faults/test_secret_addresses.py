"""The secret address in an e-mail, with a real browser and server: referrers of its page, and the log."""

from playwright.sync_api import Request

from tests.plainhttp import fetch

TOKEN = "Qm3vXo0d-hTz1_aKcW8rYbN5sJ2eLpG7uF4iVxD9qRk"  # as long as a real one
LINK = f"/appointment/{TOKEN}/"


def test_a_browser_sends_the_address_of_the_link_to_no_other_site(site, open_tab):
    page = open_tab()
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    page.goto(LINK)
    page.get_by_role("main").get_by_role("link", name="link").first.click()
    page.get_by_role("heading", name="Send me my link again").wait_for()
    onward = [request for request in sent if request.url != f"{site.url}{LINK}"]
    referrers = {request.all_headers().get("referer", "") for request in onward}
    assert len(onward) >= 3
    assert f"{site.url}/" in referrers
    assert [found for found in [*referrers, *(request.url for request in onward), page.url] if TOKEN in found] == []


def test_the_log_of_a_server_that_fails_at_everything_holds_no_secret(broken_site):
    for path in [LINK, f"/calendar/{TOKEN}.ics", f"/preview/{TOKEN}/", f"/nothing/{TOKEN}/", f"{LINK}%00"]:
        assert fetch(broken_site, path).status in {400, 404, 500}
    assert fetch(broken_site, LINK, headers={"Host": "elsewhere.example"}).status >= 400
    log = broken_site.log.read_text()
    assert "Internal Server Error: /appointment/[masked]/" in log
    assert TOKEN[:20] not in log
