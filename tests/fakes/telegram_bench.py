"""The Telegram adapter on the fake Telegram, with what the composition root would lend it."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from PIL import Image

from adapters.chat.port import ChatAdapter, InboundMessage, Lent
from adapters.chat.telegram.adapter import Options, build
from adapters.chat.telegram.times import Times
from domain.person import Address
from tests.fakes.telegram import TelegramStage

QUICK = Times(
    poll=0.3,
    slack=0.3,
    connect=0.5,
    answer=0.5,
    upload=1,
    first=0.02,
    cap=0.1,
    refused=0.1,
    conflict=0.1,
    again=0.02,
    press=0.15,
    webhook=0.1,
    fetch=0.02,
)


class Notes:
    """A memory that outlives an adapter."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def get(self, name: str) -> str:
        return self.kept.get(name, "")

    async def put(self, name: str, value: str) -> None:
        self.kept[name] = value

    async def count(self, name: str, more: int) -> int:
        self.kept[name] = str(int(self.kept.get(name, "0")) + more)
        return int(self.kept[name])


@dataclass
class Bench:
    """One adapter that listens. `before` runs in place of the intake, before it remembers."""

    stage: TelegramStage
    notes: Notes = field(default_factory=Notes)
    heard: list[InboundMessage] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    before: Callable[[InboundMessage], object] = lambda _: None
    adapter: ChatAdapter = field(init=False)

    async def take(self, message: InboundMessage) -> bool:
        await asyncio.sleep(0)
        done = self.before(message)
        if isinstance(done, asyncio.Future):
            await done
        self.heard.append(message)
        return True

    async def alarm(self, code: str, facts: Mapping[str, str]) -> None:
        self.alarms.append(code)

    def lent(self) -> Lent:
        return Lent(self.notes, self.alarm, lambda: datetime.now(UTC))

    def to(self, chat: str = "") -> Address:
        return Address("telegram", chat or self.stage.group)

    async def until(self, true: Callable[[], object], within: float = 8) -> None:
        """Wait for something; a test that waits for ever says for what."""
        try:
            async with asyncio.timeout(within):
                while not true():  # noqa: ASYNC110  anything may be waited for
                    await asyncio.sleep(0.005)
        except TimeoutError:
            state = f"{self.adapter.state} {dict(self.adapter.counts)}"
            raise AssertionError(f"never came true; {state}; heard {len(self.heard)}") from None

    @property
    def texts(self) -> list[str]:
        return [m.text for m in self.heard]


@asynccontextmanager
async def listening(
    stage: TelegramStage, bench: Bench | None = None, wait: bool = True, **options: object
) -> AsyncIterator[Bench]:
    """An adapter that listens to a stage that is served already."""
    bench = bench or Bench(stage)
    given: dict[str, object] = {"token": stage.token, "base_url": stage.url, "times": QUICK}
    bench.adapter = build(Options(**(given | options)), bench.lent())  # type: ignore[arg-type]
    task = asyncio.create_task(bench.adapter.listen(bench.take))
    try:
        if wait:
            await bench.until(lambda: bench.adapter.state == "ok")
        yield bench
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bench.adapter.close()


@asynccontextmanager
async def served(webhook_secret: str = "") -> AsyncIterator[TelegramStage]:
    """A stage while it serves."""
    stage = TelegramStage(webhook_secret)
    await stage.start()
    try:
        yield stage
    finally:
        await stage.stop()


def jpeg(size: tuple[int, int] = (640, 480)) -> bytes:
    """Real bytes of a photo."""
    out = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def png(size: tuple[int, int] = (320, 200)) -> bytes:
    """Real bytes of a card."""
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, "PNG")
    return out.getvalue()
