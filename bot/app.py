"""The one composition root: settings → store, desk, adapters, courier, clock, web. Everything is
put together here and nowhere else.
"""

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters.chat.port import ChatAdapter, Check, Hook, InboundMessage
from adapters.chat.webchat import WebChat
from adapters.web.doors import Doors
from adapters.web.server import build
from bot.accounts import Accounts, new_link
from bot.auditor import Auditor
from bot.books import Transcripts
from bot.clocks import RealClock, TurnedClock
from bot.clockwork import ARMED, Clockwork
from bot.courier import Courier
from bot.customers import Customers
from bot.gauges import Gauges
from bot.house import House
from bot.insight import Insights
from bot.intake import Intake
from bot.keeping import Keeping
from bot.keys import master_keys
from bot.limits import Limits, configured
from bot.links import Links
from bot.logs import about
from bot.losses import Losses
from bot.measures import Measures, Tally
from bot.office import Office
from bot.orderbook import Orderbook
from bot.parcels import Packer
from bot.pins import Pins
from bot.platforms import assemble, listening, looking
from bot.privacy import Privacy
from bot.replies import Replies
from bot.rules import Rules
from bot.ruling import Ruling
from bot.sandbox import Sandbox
from bot.settings import Settings, secret_key
from bot.sharing import Sharing, connection
from bot.signing import Signing
from bot.supplier_house import SupplierHouse
from bot.talk import Talk, Ticket
from bot.terminal import Terminal
from bot.wording.voice import Voice
from domain.calendar import WorkCalendar
from domain.desk import Desk
from domain.errors import DomainError
from domain.person import Person
from scheduler.clock import every
from storage.ledger import Ledger
from storage.migrate import upgrade
from storage.photos import Photos
from storage.retention import Keep
from storage.sealing import seal_plain
from storage.store import Store

log = logging.getLogger("vitrine")
CLOCK = "clock"
"""The lease of what the clock causes."""


@dataclass(slots=True)
class App:
    """All rooms, put together."""

    settings: Settings
    clock: RealClock | TurnedClock = field(init=False)
    store: Store = field(init=False)
    rules: Rules = field(init=False)
    calendar: WorkCalendar = field(init=False)
    desk: Desk = field(init=False)
    links: Links = field(init=False)
    photos: Photos = field(init=False)
    adapters: dict[str, ChatAdapter] = field(default_factory=dict)
    house: House = field(init=False)
    intake: Intake = field(init=False)
    packer: Packer = field(init=False)
    losses: Losses = field(init=False)
    courier: Courier = field(init=False)
    clockwork: Clockwork = field(init=False)
    auditor: Auditor = field(init=False)
    measures: Measures = field(default_factory=Measures)
    sharing: Sharing = field(init=False)
    sandbox: Sandbox | None = None

    def __post_init__(self) -> None:
        s = self.settings
        self.clock = TurnedClock(RealClock().now()) if s.sandbox else RealClock()
        upgrade(s.books)
        keys = master_keys(s)
        if isinstance(s.books, Path):
            seal_plain(s.books, keys)
        self.store = Store(s.books, self.clock, keys, portable=s.database_portable)
        self.sharing = Sharing(self.store, s.sandbox or not self.store.shared)
        self.store.zone, self.store.meter = s.zone, self.measures
        self.rules = Rules(s.zone, s.work_week, s.escalation)
        self.store.now(self.rules.take)
        self.store.on_stale(self.rules.take)
        self.calendar, self.desk = self.rules.calendar, self.rules.desk
        self.links = Links(secret_key(s), s.base_url)
        self.photos = Photos(s.data_dir / "photos")
        self.house = House(
            self.store,
            self.clock,
            self.calendar,
            self.desk,
            self.links,
            self.photos,
            s.data_dir / "pictures",
            self._platforms,
            self._counts,
            lambda: [f.code for f in self.auditor.findings],
            s.sandbox,
            s.language,
            s.factory,
        )
        self.losses = Losses(self.desk)
        replies = Replies(self.desk)
        rooms = (Signing(replies, self._new_link), Pins(replies))
        talk = Talk(self.desk, self._ticket, self._checks, self._doors, rooms)
        self.intake = Intake(
            self.store, talk, self.photos, self.adapters, self._stir, self.measures
        )
        limits = Limits(self.adapters, configured(s.limits))
        board = f"{s.base_url}/board"
        self.packer = Packer(self.adapters, self.voice, self.photos, limits, board, s.factory)
        self.courier = Courier(
            self.store,
            self.adapters,
            self.packer,
            limits,
            self.losses,
            self._quiet,
            self.measures,
            self._ours,
        )
        self.clockwork = Clockwork(
            self.store,
            self.desk,
            time.fromisoformat(s.standup),
            Keep(s.retention_messages, s.retention_looks),
        )
        try:
            self.adapters |= assemble(s, self.store, self._alarm)
        except ValueError:
            self.store.close()
            raise
        self.auditor = Auditor(self.store, self.adapters, self.clockwork, self.losses)
        if s.sandbox:
            self._add_sandbox()
        self.store.platforms = tuple(self.adapters)
        self.store.now(self._armed)

    def _armed(self, ledger: Ledger) -> None:
        """Orders of a version without timers get theirs, once."""
        if not ledger.settings.get(ARMED):
            self.clockwork.arm(ledger)

    def _add_sandbox(self) -> None:
        assert isinstance(self.clock, TurnedClock)
        chat = WebChat(
            Transcripts(self.store), self.clock.now, self._shown, self.house.keep_picture
        )
        self.adapters[chat.platform] = chat
        self.sandbox = Sandbox(
            self.store,
            self.clock,
            self.clockwork,
            chat,
            self.intake,
            self.courier,
            self.desk,
            self.photos,
            self.house.keep_picture,
            self.house.link,
            self._rename,
            self.rules.take,
            self.settings.sandbox_history,
        )

    async def _shown(self, raw: bytes) -> str:
        """A received picture for the sandbox's chat: cleaned like any; empty if it is none."""

        def show() -> str:
            try:
                digest = self.photos.spool(raw)
                kept = self.photos.keep(digest)
                return self.house.keep_picture(self.photos.open(kept.thumb))
            except DomainError:
                return ""

        return await asyncio.to_thread(show)

    def _rename(self, name: str) -> None:
        """The factory's name on pages and cards: the world's, else the setting's."""
        self.house.factory = self.packer.factory = name or self.settings.factory

    def voice(self, ledger: Ledger) -> Voice:
        """Words notices, as the books stand."""
        return Voice(
            self.calendar,
            lambda kind, subject, reader: self.links.full(ledger, kind, subject, reader),
            f"{self.settings.base_url}/board",
            self.settings.standup,
        )

    def _ticket(self, ledger: Ledger, text: str) -> Ticket | None:
        """The order and node that a work ticket's code names."""
        token = self.links.ticket_in(text)
        found = self.links.opened(ledger, "t", token) if token else None
        if found is None:
            return None
        order_no, _, node = found[0].partition("\x1f")
        return Ticket(order_no, node)

    def _new_link(self, ledger: Ledger, person: Person) -> str:
        """A one-time link that signs somebody in."""
        return new_link(ledger, self.links, person, RealClock().now())

    def _checks(self, platform: str) -> tuple[Check, ...]:
        """What a platform was found to lack when it was last looked at."""
        adapter = self.adapters.get(platform)
        return adapter.checks if adapter else ()

    def _doors(self, code: str) -> list[str]:
        """Addresses that open a chat with us and say a code."""
        return [link for a in self.adapters.values() if (link := a.deep_link(code))]

    async def _alarm(self, platform: str, code: str, facts: Mapping[str, str]) -> None:
        """Tell those who lead what they have to see to on a platform."""
        log.warning("%s: %s", platform, code)
        self.measures.alarmed(platform, code)
        await self.store.run(lambda ledger: self.losses.alarm(ledger, platform, code, facts))

    async def _hear(self, message: InboundMessage) -> bool:
        """What an adapter heard, on its way in; lines about it say so."""
        with about(message_id=message.message_id, platform=message.platform, chat=message.chat):
            new = await self.intake.hear(message)
        self.measures.heard(message.platform, new=new)
        return new

    def _counts(self) -> Mapping[str, Mapping[str, int]]:
        return {name: adapter.counts for name, adapter in self.adapters.items()}

    def _platforms(self) -> Mapping[str, str]:
        return {n: a.state if self._here(a) else "standby" for n, a in self.adapters.items()}

    def _here(self, adapter: ChatAdapter) -> bool:
        """Whether this process listens on a platform; else it stands by."""
        return not adapter.alone or self._ours(adapter.platform)

    def _stir(self) -> None:
        """Messages were handled: there may be something to carry."""
        self.courier.wake()
        self._quiet()

    def _ours(self, platform: str) -> bool:
        """Whether this process is the one that sends on a platform."""
        return self.sharing.holds(connection(platform))

    def _quiet(self) -> None:
        if self.sandbox is not None:
            self.sandbox.stirred()

    async def serve(self, ready: threading.Event | None = None) -> None:
        """Run until cancelled or told to stop."""
        loop = asyncio.get_running_loop()
        self.store.on_commit(lambda: _ignore(loop.call_soon_threadsafe(self._committed)))
        hooks = [h for adapter in self.adapters.values() for h in adapter.hooks]
        server = self.web(hooks)
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=2)
        self.sharing.names[:] = [CLOCK, *map(connection, self.adapters)]
        jobs = [self.sharing.run(), self.courier.run(), self.intake.adopting()]
        for name, adapter in self.adapters.items():
            adapter.attend(self._hear)
            jobs += self._connected(connection(name), adapter)
        stop = every(5, self._tick, self.settings.zone) if self.sandbox is None else None
        if self.sandbox is None:
            jobs.append(self.sharing.hold(CLOCK, self.auditor.run))
        tasks = [asyncio.create_task(job) for job in jobs]
        watcher = self.store.watch()
        tally = Tally(self.measures)
        logging.getLogger().addHandler(tally)
        try:
            await self._begin()
            await runner.setup()
            site = web.TCPSite(runner, self.settings.http_host, self.settings.http_port)
            await site.start()
            print(f"Vitrine ready: {self.settings.address}", flush=True)
            if ready is not None:
                ready.set()
            await asyncio.gather(*tasks)
        finally:
            if stop is not None:
                stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await runner.cleanup()
            for adapter in self.adapters.values():
                await adapter.close()
            if watcher is not None:
                await asyncio.to_thread(watcher.close)
            with contextlib.suppress(Exception):
                await self.sharing.leave()
            self.store.close()
            logging.getLogger().removeHandler(tally)

    def _connected(self, name: str, adapter: ChatAdapter) -> list[Coroutine[Any, Any, None]]:
        """What is done for a platform: by whoever holds its connection, or by everybody."""

        async def listen() -> None:
            await listening(adapter, self._hear)

        async def look() -> None:
            await self.courier.take_over(adapter.platform)
            await looking(adapter, self.store)

        heard = self.sharing.hold(name, listen) if adapter.alone else listen()
        return [heard, self.sharing.hold(name, look)]

    def web(self, hooks: Sequence[Hook] = ()) -> web.Application:
        """The pages of this house."""
        s = self.settings
        doors = Doors(
            accounts=Accounts(self.store, self.links, RealClock()),
            customers=Customers(
                self.store, self.links, self.desk, self.calendar, self.photos, self.house,
                timedelta(days=s.link_days),
            ),
            terminal=Terminal(self.store, self.desk, Keeping(self.store, self.photos), RealClock()),
            insight=Insights(self.store, self.clock, self.calendar),
            people=Privacy(
                self.store, self.clock, self.calendar, self.desk, self.photos,
                s.data_dir / "photos" / "temp", self.voice, self.intake.talk.registry.forget,
                s.language,
            ),
            records=Orderbook(self.store, self.clock, self.desk),
            office=Office(self.store, RealClock(), self._doors),
            rules=Ruling(self.store, self.rules, self.clock, RealClock(), self._committed),
            supplies=SupplierHouse(self.store, self.clock, self.desk, self.photos),
            measured=self.gauges(),
        )  # fmt: skip
        return build(
            self.house,
            self.sandbox,
            doors,
            api_token=s.api_token,
            hooks=hooks,
            proxies=s.proxies,
            public=s.base_url,
        )

    def gauges(self) -> Gauges:
        """What Prometheus is told."""
        limits, folder = self.courier.limits, self.settings.data_dir
        return Gauges(self.store, self.adapters, self.clockwork, limits, self.measures, folder)

    async def _begin(self) -> None:
        """Handle what an earlier process left; the sandbox's factory into empty books."""
        waiting = await self.intake.recover()
        if waiting:
            log.info("%d messages waited from before", waiting)
        if self.sandbox is not None:
            await self.sandbox.start()

    async def _tick(self) -> None:
        if self.sharing.holds(CLOCK):
            await self.clockwork.tick(lambda ledger: self.sharing.still(ledger, CLOCK))
        self.courier.wake()

    def _committed(self) -> None:
        self.courier.wake()
        self.house.changed()


def _ignore(_: object) -> None:
    """Some calls hand back what nobody needs."""


async def run(app: App) -> None:
    """Serve until Ctrl-C or a TERM."""
    serving = asyncio.create_task(app.serve())
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving
