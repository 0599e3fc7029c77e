"""What every page must pass: nothing that axe finds, nothing wider than the screen."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page


async def well_made(page: Page) -> None:
    """No violation of WCAG that axe finds, and no sideways scrolling."""
    found = await Axe().run(page)
    told = [
        f"{v['id']}: {n['target']} {n['failureSummary']}"
        for v in found.response["violations"]
        for n in v["nodes"]
    ]
    assert told == []
    wide = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 1, f"{wide} px wider than the screen"
