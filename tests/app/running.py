"""The whole bot in this process, on a folder of its own, spoken to as people do: no web server,
nothing replaced.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bot.app import App
from bot.settings import Settings
from tests.servers.postgres import wanted


class Running:
    """A running sandbox. `settle` comes back when everything was handled and sent."""

    def __init__(self, app: App) -> None:
        assert app.sandbox is not None
        self.app, self.sandbox = app, app.sandbox
        self.cursors: dict[str, str] = {}

    async def say(
        self,
        chat: str,
        sender: str,
        text: str,
        photos: tuple[bytes, ...] = (),
        reply_to: str = "",
        message_id: str = "",
    ) -> str:
        """Say something and wait until it is dealt with."""
        named = [(f"{n}.jpg", raw) for n, raw in enumerate(photos)]
        name = await self.sandbox.post(chat, sender, text, named, reply_to, message_id, "")
        await self.sandbox.idle()
        return name

    async def new(self, chat: str) -> list[dict[str, Any]]:
        """What was said or changed in a chat since the last look."""
        found = await self.sandbox.messages(chat, self.cursors.get(chat, ""))
        self.cursors[chat] = found["cursor"]
        messages: list[dict[str, Any]] = found["messages"]
        return messages

    async def all(self, chat: str) -> list[dict[str, Any]]:
        """Everything in a chat."""
        found: list[dict[str, Any]] = (await self.sandbox.messages(chat, ""))["messages"]
        return found

    async def message(self, chat: str, message_id: str) -> dict[str, Any]:
        """One message as it stands."""
        return next(m for m in await self.all(chat) if m["message_id"] == message_id)

    async def press(self, sender: str, chat: str, label: str) -> None:
        """Press the newest button of that label in a chat."""
        for message in reversed(await self.all(chat)):
            for button in message["buttons"]:
                if button["label"] == label:
                    await self.sandbox.press(message["message_id"], button["id"], sender)
                    await self.sandbox.idle()
                    return
        raise AssertionError(f"no button {label!r} in {chat}")

    async def node(self, order_no: str, key: str) -> Any:
        """A node as it stands."""
        order = await self.app.store.run(lambda ledger: ledger.order(order_no))
        assert order is not None
        return order.nodes[key]


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Running]:
    """The demo factory, running without a web server."""
    app = App(Settings(data_dir=folder, sandbox=True, database_url=wanted(folder), _env_file=None))  # type: ignore[call-arg]
    tasks = [asyncio.create_task(a.listen(app.intake.hear)) for a in app.adapters.values()]
    tasks.append(asyncio.create_task(app.courier.run()))
    try:
        assert app.sandbox is not None
        await app.intake.recover()
        await app.sandbox.start()
        await app.sandbox.idle()
        yield Running(app)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        app.store.close()
