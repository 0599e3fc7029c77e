"""Takes the pictures of docs/pictures from the running program: `make pictures`.

They are looked at before they are committed.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bot.demo.pictures import sample
from tests.app.served import ROOT, Served, served

TARGET = ROOT / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def shoot(browser: Browser, url: str, name: str, size: tuple[int, int], scale: float = 1) -> None:
    """One page as a picture."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, device_scale_factor=scale
    )
    page.goto(url)
    page.wait_for_timeout(2500)
    page.screenshot(path=TARGET / name)
    page.close()


def story(server: Served) -> None:
    """The first minutes of the demo."""
    server.turn(to="2026-11-23T08:40:00+08:00")
    server.say("production", "P03", "#A102 裁切完成", (sample("cut"),))
    server.idle()
    server.turn(advance="PT5M")
    server.say("production", "P02", "A102 到哪了")
    server.say("production", "P04", "A104 绣花机坏了，修到下午三点")
    server.say("production", "P03", "A102裁切没完成")
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


def main() -> None:
    """Play the story, take the pictures."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "data") as server:
        story(server)
        cards(server)
        base = f"http://127.0.0.1:{server.port}"
        links = server.call("GET", "/api/sandbox/links")[1]["orders"]
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGS)
            shoot(browser, f"{base}/", "sandbox.png", (1440, 900))
            shoot(browser, f"{base}/?lang=en", "sandbox-phone.png", (390, 844), 2)
            shoot(browser, f"{base}/board", "board.png", (1920, 1080))
            shoot(browser, f"{base}/orders/A102", "order.png", (1280, 900))
            for language in ("zh-CN", "zh-TW", "en"):
                url = f"{base}{links['A102']['p']}?lang={language}"
                suffix = "" if language == "zh-CN" else f"-{language}"
                shoot(browser, url, f"customer{suffix}.png", (390, 844), 2)
            browser.close()


if __name__ == "__main__":
    main()
