"""A WeCom adapter in a house of nothing but an inbox, for the tests."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from PIL import Image

from adapters.chat.port import ChatAdapter, InboundMessage, Lent
from adapters.chat.wecom.adapter import Options, build
from adapters.chat.wecom.times import Times
from domain.person import Address
from tests.fakes.wecom import WeComStage

QUICK = Times(
    connect=1,
    ping=0.1,
    pong=0.15,
    ack=0.4,
    first=0.02,
    longest=0.1,
    steady=5,
    kicked=0.3,
    refused=0.3,
    press=5,
    http=0.6,
    download=2,
    heard=(0.01, 0.02, 0.03),
    busy=(0.01, 0.02, 0.03),
    fetch=(0.01, 0.02),
)


class Remembered:
    """The memory that is lent; it outlives an adapter."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.broken = False

    async def get(self, name: str) -> str:
        if self.broken:
            raise RuntimeError("broken")
        return self.kept.get(name, "")

    async def put(self, name: str, value: str) -> None:
        if self.broken:
            raise RuntimeError("broken")
        self.kept[name] = value

    async def count(self, name: str, more: int) -> int:
        self.kept[name] = str(int(self.kept.get(name, "0")) + more)
        return int(self.kept[name])


@dataclass
class House:
    """An adapter that listens, and what it told."""

    stage: WeComStage
    adapter: ChatAdapter
    options: Options
    memory: Remembered
    heard: list[InboundMessage] = field(default_factory=list)
    alarms: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    trouble: int = 0
    deaf_admins: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _listening: asyncio.Task[None] | None = None

    async def take(self, message: InboundMessage) -> bool:
        """The inbox: may be locked for a while, knows what it has."""
        await self.gate.wait()
        if self.trouble:
            self.trouble -= 1
            raise RuntimeError("locked")
        new = all(message.message_id != known.message_id for known in self.heard)
        if new:
            self.heard.append(message)
        self.news.set()
        return new

    async def until(self, count: int) -> list[InboundMessage]:
        """What was heard, once it is so much."""
        async with asyncio.timeout(5):
            while len(self.heard) < count:
                self.news.clear()
                await self.news.wait()
        return self.heard

    async def until_state(self, state: str) -> None:
        async with asyncio.timeout(5):
            while self.adapter.state != state:  # noqa: ASYNC110 - a state has no event
                await asyncio.sleep(0.005)

    async def restart(self, **options: Any) -> None:
        """Another process with the same memory."""
        await self.end()
        self.options = replace(self.options, **options)
        self.begin()

    def begin(self) -> None:
        async def alarm(code: str, facts: Mapping[str, str]) -> None:
            if self.deaf_admins:
                raise RuntimeError("no admin")
            self.alarms.append((code, facts))

        self.adapter = build(self.options, Lent(self.memory, alarm, lambda: datetime.now(UTC)))
        self._listening = asyncio.create_task(self.adapter.listen(self.take))

    async def end(self) -> None:
        if self._listening:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
        await self.adapter.close()

    def to(self, chat: str) -> Address:
        return Address("wecom", chat)


def options_of(stage: WeComStage, times: Times = QUICK) -> Options:
    """The stage's settings as options."""
    given = {k.removeprefix("VITRINE_WECOM_").lower(): v for k, v in stage.settings().items()}
    return Options(**given, times=times)


@contextlib.asynccontextmanager
async def house(
    robot: bool = False, application: bool = False, times: Times = QUICK, bot: bool = True
) -> AsyncIterator[House]:
    """A stage, an adapter that is connected to it, and an end to both."""
    stage = WeComStage(robot, application)
    await stage.start()
    options = options_of(stage, times)
    if not bot:
        options = replace(options, bot_id="", bot_secret="")
    memory = Remembered()
    lent = Lent(memory, _nothing, lambda: datetime.now(UTC))
    here = House(stage, build(options, lent), options, memory)
    here.gate.set()
    here.begin()
    served = await _serve(here) if application else None
    try:
        if bot:
            await stage.connected()
            await here.until_state("ok")
        else:
            await asyncio.sleep(0)
        yield here
    finally:
        await here.end()
        if served:
            await served.cleanup()
        await stage.stop()


async def _nothing(code: str, facts: Mapping[str, str]) -> None:
    raise AssertionError(code)


async def _serve(here: House) -> web.AppRunner:
    """Our web server with the adapter's hooks, as the composition root mounts them."""
    app = web.Application()
    for hook in here.adapter.hooks:
        app.router.add_route(hook.method, hook.path, hook.handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    here.stage.office.callback = f"http://{host}:{port}/webhooks/wecom"
    return runner


def jpeg(colour: str = "teal", size: int = 64) -> bytes:
    """A real photo."""
    raw = io.BytesIO()
    Image.effect_noise((size, size), 90).convert("RGB").save(raw, "JPEG", quality=90)
    return raw.getvalue() + colour.encode()


def png(size: int = 64) -> bytes:
    """A real picture of ours."""
    raw = io.BytesIO()
    Image.effect_noise((size, size), 90).convert("RGB").save(raw, "PNG")
    return raw.getvalue()
