"""Pages are light, hold still while they load, come from here alone, and leave nothing with the reader."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import brotli
import pytest
from playwright.sync_api import Page

from tests.browsing import CONDITIONS, ERRORS, PUBLIC, comes_true, let_it_draw
from tests.plainhttp import fetch

pytestmark = pytest.mark.looks

PAGE_LIMIT = 50_000  # bytes of a first visit without pictures
HTML_LIMIT = 15_000  # bytes
SHIFTS = """
window.shifts = [];
const source = ({node}) => (node instanceof Element ? node.outerHTML : String(node?.nodeValue)).slice(0, 80);
new PerformanceObserver(list => list.getEntries().forEach(entry =>
    window.shifts.push(`${entry.value} at ${entry.startTime} ms: ${entry.sources.map(source)}`)))
    .observe({type: "layout-shift", buffered: true});
"""
every_condition = pytest.mark.parametrize("path", CONDITIONS.values(), ids=CONDITIONS.keys())


@dataclass
class Loaded:
    kind: str
    url: str
    size: int = 0  # bytes over the network, headers included


def first_visit(page: Page, path: str) -> list[Loaded]:
    """All resources that a browser with an empty cache loads for a page, read to its end."""
    loaded: dict[str, Loaded] = {}

    def started(event: dict) -> None:
        loaded[event["requestId"]] = Loaded(event["type"], event["request"]["url"])

    def finished(event: dict) -> None:
        loaded[event["requestId"]].size = event["encodedDataLength"]

    network = page.context.new_cdp_session(page)
    network.on("Network.requestWillBeSent", started)
    network.on("Network.loadingFinished", finished)
    network.send("Network.enable")
    page.goto(path, wait_until="networkidle")
    page.keyboard.press("End")
    page.wait_for_load_state("networkidle")
    return [found for found in loaded.values() if not found.url.startswith("data:")]


@every_condition
def test_a_first_visit_to_a_condition_page_is_light(open_tab, path):
    loaded = first_visit(open_tab(), path)
    html = [found.size for found in loaded if found.kind == "Document"]
    assert len(html) == 1
    assert 0 < html[0] <= HTML_LIMIT
    assert {found.kind for found in loaded} >= {"Document", "Stylesheet", "Script"}
    assert sum(found.size for found in loaded if found.kind != "Image") <= PAGE_LIMIT


@every_condition
def test_a_condition_page_is_sent_in_the_encoding_that_was_asked_for(site, path):
    plain = fetch(site, path)
    small = fetch(site, path, headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    zipped = fetch(site, path, headers={"Accept-Encoding": "gzip"})
    assert [answer.headers["Content-Encoding"] for answer in (plain, small, zipped)] == [None, "br", "gzip"]
    assert brotli.decompress(small.body) == plain.body
    assert len(small.body) < len(zipped.body) < len(plain.body) / 2
    assert len({answer.headers["ETag"] for answer in (plain, small, zipped)}) == 3
    assert small.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("kind", ["css", "js"])
def test_styles_and_scripts_are_compressed_and_cached_for_ever(site, kind):
    page = fetch(site, "/").text
    address = page.partition(f'"/static/{kind}/')[2].partition('"')[0]
    answer = fetch(site, f"/static/{kind}/{address}", headers={"Accept-Encoding": "br"})
    assert answer.status == 200
    assert answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_moves_while_a_page_loads(open_tab, width):
    page = open_tab(viewport={"width": width, "height": 700})
    page.add_init_script(SHIFTS)
    for path in ["/", "/conditions/", *CONDITIONS.values(), "/search/?q=calcium", "/faqs/", "/second-opinion/"]:
        page.goto(path, wait_until="networkidle")
        page.mouse.wheel(0, 3_000)
        let_it_draw(page)
        assert page.evaluate("window.shifts") == [], path


def test_a_shift_would_be_noticed(open_tab):
    page = open_tab()
    page.add_init_script(SHIFTS)
    page.goto("/")
    page.evaluate("document.querySelector('main').style.paddingTop = '300px'")
    assert comes_true(page, "window.shifts.length > 0")


def test_nothing_is_loaded_from_another_origin_and_nothing_fails_to_load(site, open_tab):
    page = open_tab()
    answers = {}
    page.on("response", lambda response: answers.update({response.url: response.status}))
    failed = []
    # Requests cancelled by the browser, as the test goes on to the next page, have not failed.
    page.on("requestfailed", lambda request: None if "ABORTED" in request.failure else failed.append(request.url))
    for path in [*PUBLIC.values(), *ERRORS.values()]:
        page.goto(path)
    assert {url for url in answers if not url.startswith((f"{site.url}/", "data:"))} == set()
    expected = {f"{site.url}{path}" for path in ERRORS.values()}
    assert {url for url, status in answers.items() if status >= 400} == expected
    assert failed == []


def test_a_reader_leaves_without_a_cookie_and_with_nothing_stored(site, open_tab):
    page = open_tab()
    for path in [*PUBLIC.values(), *ERRORS.values()]:
        page.goto(path)
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.goto("/conditions/brain-calcification/")
    page.get_by_role("region", name="Was this page helpful?").get_by_role("button").first.click()
    page.get_by_label("What could be better?").fill("A drawing of where it is.")
    page.locator("main").get_by_role("button").click()
    page.get_by_role("heading", name="Thank you", exact=True).wait_for()
    assert page.context.cookies() == []
    sent = [path for path in [*PUBLIC.values(), *ERRORS.values()] if fetch(site, path).headers["Set-Cookie"]]
    assert sent == []


def test_no_link_of_the_public_pages_is_broken(site, tab):
    """The page exists, and so does the part that the link names."""
    wanted: dict[str, set[str]] = {}
    for path in PUBLIC.values():
        tab.goto(path)
        for address in tab.locator("a[href]").evaluate_all("all => all.map(link => link.href)"):
            parts = urlsplit(address)
            if parts.netloc == urlsplit(site.url).netloc:
                query = f"?{parts.query}" if parts.query else ""
                wanted.setdefault(f"{parts.path}{query}", set()).add(parts.fragment)
    assert len(wanted) > 40
    broken = []
    for address, fragments in wanted.items():
        answer = fetch(site, address)
        if answer.status != 200:
            broken.append(f"{address}: {answer.status}")
        broken += [f"{address}#{part}" for part in fragments if part and f'id="{part}"' not in answer.text]
    assert broken == []
