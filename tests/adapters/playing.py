"""The whole bot in this process, its platform a fake that speaks the wire: people write on the
platform, and what they see there is what counts.
"""

import asyncio
import contextlib
import importlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from bot.app import App
from bot.platforms import listening
from bot.sandbox import demo
from bot.settings import Settings
from tests.fakes.stage import Seen, Stage
from tests.servers.postgres import wanted

PLATFORMS = {"telegram": "TelegramStage", "feishu": "FeishuStage", "wecom": "WeComStage"}
START = "2026-11-23T08:40:00+08:00"
PATIENCE = 20.0


def stage_of(platform: str) -> Stage:
    """A platform's fake."""
    room = importlib.import_module(f"tests.fakes.{platform}")
    stage: Stage = getattr(room, PLATFORMS[platform])()
    return stage


def world(stage: Stage) -> dict[str, Any]:
    """The demo factory, with everybody on the platform and its group for production."""
    found = dict(demo())
    for part in ("people", "customers"):
        found[part] = [
            {**row, "addresses": [{"platform": stage.platform, "user": stage.user(row["id"])}]}
            for row in found[part]
        ]
    group = {"platform": stage.platform, "chat": stage.group, "kind": "production_group"}
    found["groups"] = [{**group, "title": "生产群"}]
    return found


async def until(true: Callable[[], object], what: str = "") -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"waited in vain: {what}"
        await asyncio.sleep(0.01)


class Play:
    """What a test does on the platform, and what it looks at."""

    def __init__(self, app: App, stage: Stage) -> None:
        assert app.sandbox is not None
        self.app, self.stage, self.sandbox = app, stage, app.sandbox
        self.group = stage.group

    @property
    def adapter(self) -> Any:
        """The adapter under test."""
        return self.app.adapters[self.stage.platform]

    def user(self, name: str) -> str:
        """A person's id on the platform."""
        return self.stage.user(name)

    def private(self, name: str) -> str:
        """A person's private chat with the bot."""
        return self.stage.private(self.stage.user(name))

    async def settled(self, message_id: str) -> None:
        """The platform counts the message as delivered, and nothing is left to do for it."""
        end = time.monotonic() + PATIENCE
        while not await self.known(message_id):
            assert time.monotonic() < end, f"{message_id} was not heard"
            await asyncio.sleep(0.01)
        await until(lambda: self.stage.acknowledged(message_id), f"{message_id} acknowledged")
        await self.sandbox.idle()

    async def known(self, message_id: str) -> bool:
        """Whether the message is in the inbox."""
        found = await self.app.store.run(
            lambda ledger: ledger.inbox.find(self.stage.platform, "", message_id)
        )
        return found is not None

    async def say(
        self,
        name: str,
        text: str,
        photos: tuple[bytes, ...] = (),
        *,
        chat: str = "",
        reply_to: str = "",
    ) -> str:
        """Somebody writes (in the production group, if nothing else is said)."""
        said = await self.stage.say(
            chat or self.group, self.user(name), text, photos, reply_to=reply_to
        )
        await self.settled(said)
        return said

    async def press(self, seen: Seen, label: str, name: str) -> None:
        """Somebody presses a button, and what follows is done."""
        before = await self.handled()
        await self.stage.press(seen, label, self.user(name))
        end = time.monotonic() + PATIENCE
        while await self.handled() == before:
            assert time.monotonic() < end, f"the press of {label} was not heard"
            await asyncio.sleep(0.01)
        await self.sandbox.idle()

    async def handled(self) -> int:
        """How many messages the inbox holds."""
        found = await self.app.store.run(
            lambda ledger: ledger.sql.value("SELECT COUNT(*) FROM inbox")
        )
        return int(found)

    async def turn(self, how: str) -> None:
        """Turn the factory's clock."""
        await self.sandbox.turn(how, "")
        await self.sandbox.idle()

    def seen(self, chat: str, text: str) -> Seen:
        """The newest message of the bot in a chat that has a text in it."""
        found = [s for s in self.stage.said(chat) if text in s.text]
        assert found, [s.text for s in self.stage.said(chat)]
        return found[-1]

    def texts(self, chat: str) -> list[str]:
        """All that the bot said in a chat."""
        return [s.text for s in self.stage.said(chat)]

    async def node(self, order_no: str, key: str) -> Any:
        """A node as it stands."""
        order = await self.app.store.run(lambda ledger: ledger.order(order_no))
        assert order is not None
        return order.nodes[key]

    async def photos(self, order_no: str, key: str) -> int:
        """How many pictures a node has."""
        order = await self.app.store.run(lambda ledger: ledger.order(order_no))
        assert order is not None
        return len([p for p in order.photos if p.node == key])

    async def events(self, order_no: str) -> list[str]:
        """The types of an order's events."""
        history = await self.app.store.run(lambda ledger: ledger.history(order_no))
        return [e.type for e in history]


def settings_of(folder: Path, stage: Stage, **more: Any) -> Settings:
    """The settings that make the program talk to a stage."""
    named: dict[str, Any] = {
        k.removeprefix("VITRINE_").lower(): v for k, v in stage.settings().items()
    }
    named |= {"database_url": wanted(folder), **more}
    return Settings(data_dir=folder, sandbox=True, _env_file=None, **named)  # type: ignore[call-arg]


@contextlib.asynccontextmanager
async def playing(folder: Path, stage: Stage) -> AsyncIterator[Play]:
    """The program on a stage that has been started, the demo factory in its books."""
    app = App(settings_of(folder, stage))
    tasks = [asyncio.create_task(listening(a, app.intake.hear)) for a in app.adapters.values()]
    tasks.append(asyncio.create_task(app.courier.run()))
    try:
        assert app.sandbox is not None
        await app.intake.recover()
        await app.sandbox.reset(world(stage), START)
        await asyncio.wait_for(stage.connected(), PATIENCE)
        await app.sandbox.idle()
        yield Play(app, stage)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for adapter in app.adapters.values():
            await adapter.close()
        app.store.close()
