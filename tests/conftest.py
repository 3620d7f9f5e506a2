"""The running site and the browser that the tests here share. Nothing in them touches this process's own database."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.plainhttp import Staff
from tests.running import PATIENCE, Site, collected_static, drop_model, running_site

# Playwright keeps an event loop in the thread of the tests, and Django then takes every test after it for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

expect.set_options(timeout=PATIENCE * 1000)  # of its own it gives up after five seconds

CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
QUIET = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def shared_by_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this test run, which is one for all its processes."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "sites"


@pytest.fixture(scope="session")
def static_files(tmp_path_factory) -> Path:
    return collected_static(shared_by_all(tmp_path_factory))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The controlling process, or the only one, drops the model database."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        drop_model(shared_by_all(session.config._tmp_path_factory) / "model")


@pytest.fixture(scope="session")
def site(tmp_path_factory, static_files: Path) -> Iterator[Site]:
    """The site with its starter content. Tests leave it as it is, but for answers to "Was this page helpful?"."""
    with running_site(tmp_path_factory.mktemp("site"), static_files) as site:
        yield site
        assert site.errors() == []


@pytest.fixture(scope="module")
def changing_site(tmp_path_factory, static_files: Path) -> Iterator[Site]:
    """A site of the module's own, for tests that publish and withdraw."""
    with running_site(tmp_path_factory.mktemp("changing"), static_files) as site:
        yield site
        assert site.errors() == []


@pytest.fixture(scope="module")
def broken_site(tmp_path_factory, static_files: Path) -> Iterator[Site]:
    """A site whose database has no tables: every page that needs one fails."""
    with running_site(tmp_path_factory.mktemp("broken"), static_files, prepared=False) as site:
        yield site


@pytest.fixture(scope="session")
def old_edition(site: Site) -> str:
    """The address of an edition that is no longer today's page: the page was published again, unchanged."""
    staff = Staff(site)
    changelist = staff.get("/admin/conditions/condition/?q=Calcified").text
    number = changelist.partition("/admin/conditions/condition/")[2].partition("/change/")[0].rpartition("/")[2]
    answer = staff.post(f"/admin/conditions/condition/{number}/publish/", {"reason": "To have an old edition."})
    assert answer.status == 302, "the page could not be published again"
    return "/conditions/calcified-lesions/editions/1/"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    program = next(filter(shutil.which, [os.environ.get("CHROMIUM") or "chromium", *CHROMIUM]), None)
    assert program, "no Chromium on this machine: set CHROMIUM to the path of one"
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    return browser_type_launch_args | {"executable_path": shutil.which(program), "args": [*QUIET, *alone]}


@pytest.fixture(scope="session")
def browser_context_args(site: Site) -> dict:
    return {"base_url": site.url, "locale": "en-GB", "viewport": {"width": 1280, "height": 800}}


def wait_longer(context: BrowserContext) -> BrowserContext:
    """A context whose actions wait as long as `expect` does for the state that they need."""
    context.set_default_timeout(PATIENCE * 1000)
    return context


@pytest.fixture(scope="module")
def tab(browser: Browser, browser_context_args: dict) -> Iterator[Page]:
    """One tab for all tests of a module that only read: opening one takes longer than loading a page."""
    context = wait_longer(browser.new_context(**browser_context_args))
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def plain_tab(browser: Browser, browser_context_args: dict) -> Iterator[Page]:
    """The same with JavaScript off."""
    context = wait_longer(browser.new_context(**browser_context_args, java_script_enabled=False))
    yield context.new_page()
    context.close()


@pytest.fixture
def open_tab(browser: Browser, browser_context_args: dict) -> Iterator[Callable[..., Page]]:
    """Open a new tab with an empty cache, under the given settings."""
    contexts: list[BrowserContext] = []

    def opened(**settings) -> Page:
        contexts.append(wait_longer(browser.new_context(**browser_context_args | settings)))
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()
