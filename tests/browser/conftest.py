"""A Chromium, if there is one, and pages that report their own faults."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.app.served import Served

ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SKIPPED = "needs Chromium: apt-get install chromium"
REQUIRED = os.environ.get("VITRINE_REQUIRE_BROWSER") == "1"


def chromium() -> str | None:
    """Where Chromium is."""
    for place in (os.environ.get("VITRINE_CHROMIUM", ""), "/usr/bin/chromium"):
        if place and Path(place).exists():
            return place
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    place = chromium()
    if place is None:
        if REQUIRED:
            pytest.fail(SKIPPED)
        pytest.skip(SKIPPED)
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=place, args=ARGS)
        yield found
        await found.close()


class Faults(list[str]):
    """What went wrong on a page: errors of scripts and refusals of the content policy."""

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("console", lambda m: self._said(m.type, m.text))

    def _said(self, kind: str, text: str) -> None:
        if kind == "error" and "net::" not in text:  # the server leaves before the page does
            self.append(text)


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A desktop page; its faults are the test's."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    found = await context.new_page()
    faults = Faults()
    faults.watch(found)
    yield found
    await context.close()
    assert faults == []


@pytest.fixture
async def phone(browser: Browser) -> AsyncIterator[Page]:
    """A phone, without scripts: customers' pages need none."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    found = await context.new_page()
    yield found
    await context.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The real program with the demo factory, one for all tests of a file."""
    found = Served(tmp_path_factory.mktemp("served") / "data")
    found.folder.mkdir()
    yield found.start()
    found.stop()
