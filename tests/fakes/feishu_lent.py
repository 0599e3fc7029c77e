"""What the tests of the Feishu adapter lend it, and who listens: a memory, alarms, an inbox."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from PIL import Image

from adapters.chat.feishu.adapter import Options, build
from adapters.chat.port import ChatAdapter, InboundMessage, Lent
from tests.fakes.feishu import FeishuStage


class Notes:
    """A memory that outlives adapters."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.numbers: dict[str, int] = {}
        self.writes = 0

    async def get(self, name: str) -> str:
        return self.kept.get(name, "")

    async def put(self, name: str, value: str) -> None:
        self.kept[name] = value

    async def count(self, name: str, more: int) -> int:
        self.writes += more > 0
        self.numbers[name] = self.numbers.get(name, 0) + more
        return self.numbers[name]


class Inbox:
    """Keeps what is heard. `trouble` is done before each; it may wait or raise."""

    def __init__(self) -> None:
        self.all: list[InboundMessage] = []
        self.calls = 0
        self.trouble: Callable[[InboundMessage], object] | None = None
        self._ids: set[str] = set()
        self._came = asyncio.Event()

    async def heard(self, message: InboundMessage) -> bool:
        self.calls += 1
        if self.trouble is not None:
            waiting = self.trouble(message)
            if asyncio.iscoroutine(waiting):
                await waiting
        if message.message_id in self._ids:
            return False
        self._ids.add(message.message_id)
        self.all.append(message)
        self._came.set()
        return True

    async def until(self, number: int) -> list[InboundMessage]:
        """Once so many messages are kept."""
        async with asyncio.timeout(15):
            while len(self.all) < number:
                self._came.clear()
                await self._came.wait()
        return self.all


class House:
    """A stage, an adapter that works with it, and what it heard."""

    def __init__(
        self, stage: FeishuStage, adapter: ChatAdapter, inbox: Inbox, notes: Notes
    ) -> None:
        self.stage, self.adapter, self.inbox, self.notes = stage, adapter, inbox, notes
        self.alarms: list[tuple[str, Mapping[str, str]]] = []


def options(stage: FeishuStage, **more: object) -> Options:
    """Real credentials, short times."""
    base = Options(
        stage.app_id,
        stage.secret,
        stage.base,
        mode=stage.mode,
        encrypt_key=stage.push.encrypt_key if stage.mode == "webhook" else "",
        verification_token=stage.push.verification_token if stage.mode == "webhook" else "",
        call_timeout=2.0,
        connect_timeout=1.0,
        discovery_timeout=1.0,
        failure_pause=0.01,
        backoff_start=0.02,
        interval_cap=0.2,
        nonce_cap=0.05,
        refused_pause=0.2,
        fetch_pauses=(0.01, 0.02),
        count_every=0.05,
    )
    return replace(base, **more)  # type: ignore[arg-type]


@asynccontextmanager
async def house(
    stage: FeishuStage, notes: Notes | None = None, *, listen: bool = True, **more: object
) -> AsyncIterator[House]:
    """Everything running; with `listen` the adapter is connected already."""
    notes = notes or Notes()
    inbox = Inbox()
    alarms: list[tuple[str, Mapping[str, str]]] = []

    async def alarm(code: str, facts: Mapping[str, str]) -> None:
        alarms.append((code, facts))

    lent = Lent(notes, alarm, lambda: datetime.now(UTC))
    adapter = build(options(stage, **more), lent)
    found = House(stage, adapter, inbox, notes)
    found.alarms = alarms
    listening = asyncio.create_task(adapter.listen(inbox.heard)) if listen else None
    try:
        if listen:
            await stage.connected()
        yield found
    finally:
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        await adapter.close()


async def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for something that nobody announces."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def jpeg(shade: int = 120, side: int = 64) -> bytes:
    """A real picture."""
    out = io.BytesIO()
    Image.new("RGB", (side, side), (shade, 90, 40)).save(out, "JPEG")
    return out.getvalue()


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (80, 40), (13, 110, 90)).save(out, "PNG")
    return out.getvalue()
