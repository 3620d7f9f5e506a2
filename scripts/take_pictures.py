"""Take the README's pictures anew from a site of their own, with its demonstration data: make pictures"""

import io
import os
import signal
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from chromium import find_chromium, find_node
from demonstration import demonstration_site
from picture_scenes import SCENES, open_tabs
from serve import ROOT

FOLDER = ROOT / "docs" / "img"
STARTS = datetime(2026, 11, 30, 8, 5, tzinfo=ZoneInfo("Europe/London"))  # a Monday, when two clinicians work
LARGEST_BYTES = 200_000
OPTIONS = ["--disable-gpu", "--disable-background-networking", "--font-render-hinting=none"]


def take_picture(page: Page) -> bytes:
    """The visible part of the tab, as a PNG of at most 256 colours."""
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    small = io.BytesIO()
    shot.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def take_all(home: Path) -> dict[str, bytes]:
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    with demonstration_site(home, STARTS) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=[*OPTIONS, *alone])
        cast = open_tabs(site, browser)
        pictures = {}
        for name, come_to_scene in SCENES.items():
            print(f"{name} …", flush=True)
            pictures[name] = take_picture(come_to_scene(cast))
        return pictures


def main() -> int:
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = find_node()
    with tempfile.TemporaryDirectory() as home:
        pictures = take_all(Path(home))
    too_large = [name for name, content in pictures.items() if len(content) > LARGEST_BYTES]
    if too_large:
        print(f"Larger than {LARGEST_BYTES} bytes: {', '.join(too_large)}.", file=sys.stderr)
        return 1
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for name, content in pictures.items():
        (FOLDER / f"{name}.png").write_bytes(content)
    return 0


if __name__ == "__main__":
    # As an exception, so that the site is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
