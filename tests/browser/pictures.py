"""Takes the pictures of docs/pictures from the running program: `make pictures`.

They are looked at before they are committed.
"""

import io
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from bot.demo.pictures import sample
from tests.app.served import ROOT, Served, served

TARGET = ROOT / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
MORE = {"VITRINE_SANDBOX_HISTORY": "1"}
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


PHONE, DESK, WALL = (390, 844), (1280, 900), (1920, 1080)
LONGEST = 2600
"""Lines of a picture, at most."""


def shoot(
    browser: Browser, url: str, name: str, size: tuple[int, int], scale: float = 1,
    *, whole: bool = False,
) -> None:  # fmt: skip
    """One page as a picture; `whole` takes what lies below the first screen as well."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, device_scale_factor=scale
    )
    page.goto(url)
    page.wait_for_timeout(2500 if "board" in name or "sandbox" in name else 700)
    raw = page.screenshot(full_page=whole)
    page.close()
    picture = Image.open(io.BytesIO(raw)).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, LONGEST)))
    picture.quantize(192, dither=Image.Dither.NONE).save(TARGET / name, optimize=True)


def story(server: Served) -> None:
    """The first minutes of the demo."""
    server.turn(to="2026-11-23T08:40:00+08:00")
    server.say("production", "P03", "#A102 裁切完成", (sample("cut"),))
    server.idle()
    server.turn(advance="PT5M")
    server.say("production", "P02", "A102 到哪了")
    server.say("production", "P04", "A104 绣花机坏了，修到下午三点")
    server.say("production", "P03", "A102裁切没完成")
    server.say("private-P05", "P05", "/PIN 7306")
    server.idle()


def cards(server: Served) -> None:
    """The two cards, as they were sent."""
    for chat, kind, name in (
        ("production", "digest", "digest-card.png"),
        ("production", "answer", "progress-card.png"),
    ):
        message = next(m for m in server.messages(chat) if m["kind"] == kind and m["image"])
        status, body = server.call("GET", message["image"])
        assert status == 200
        (TARGET / name).write_bytes(body)


def pages(browser: Browser, base: str, links: dict[str, Any]) -> None:
    """Every page, in Chinese and English."""
    orders, supplier = links["orders"], next(iter(links["suppliers"].values()))
    shoot(browser, f"{base}/", "sandbox.png", (1440, 900))
    shoot(browser, f"{base}/?lang=en", "sandbox-phone.png", PHONE, 2)
    tall = {
        "cockpit": "/cockpit", "orders": "/orders", "suppliers": "/suppliers",
        "supplier": supplier, "terminal": orders["A105"]["t"], "client": "/customers/C05",
        "settings": "/settings", "people": "/settings/people/P03", "access": "/settings/access",
        "route": "/settings/routes/garment", "calendar": "/settings/calendar",
        "escalation": "/settings/escalation", "looks": "/settings/looks", "sign-in": "/sign-in",
    }  # fmt: skip
    for language, suffix in (("zh-CN", ""), ("en", "-en")):
        asked = f"?lang={language}"
        shoot(browser, f"{base}/board{asked}", f"board{suffix}.png", WALL)
        shoot(browser, f"{base}/board{asked}&theme=light", f"board-light{suffix}.png", WALL)
        shoot(browser, f"{base}/orders/A104{asked}", f"order{suffix}.png", DESK, whole=True)
        shoot(browser, f"{base}/cockpit{asked}", f"cockpit-desk{suffix}.png", DESK, whole=True)
        for name, path in tall.items():
            shoot(browser, f"{base}{path}{asked}", f"{name}{suffix}.png", PHONE, whole=True)
    for language in ("zh-CN", "zh-TW", "en"):
        suffix = "" if language == "zh-CN" else f"-{language}"
        url = f"{base}{orders['A104']['p']}?lang={language}"
        shoot(browser, url, f"customer{suffix}.png", PHONE, 1.5, whole=True)


def main() -> None:
    """Play the story, take the pictures."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "data", **MORE) as server:
        story(server)
        cards(server)
        base = f"http://127.0.0.1:{server.port}"
        links = server.call("GET", "/api/sandbox/links")[1]
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGS)
            pages(browser, base, links)
            browser.close()


if __name__ == "__main__":
    main()
