"""The whole program with its pages in this process: real books, real rights, a real server on the
loopback.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientResponse, ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from aiohttp.web import AbstractRoute, Application

from adapters.web.access.guard import GUARD
from adapters.web.access.throttle import Throttle
from bot.accounts import new_grant, new_link
from bot.app import App
from bot.clocks import RealClock
from bot.sandbox import demo
from bot.settings import Settings
from bot.worlds import load
from storage.ledger import Ledger
from tests.servers.postgres import wanted

TOKEN = "a-token-for-programs"


@dataclass
class Real:
    """A running house, and people who visit it."""

    app: App
    base: str
    web: Application
    sessions: list[ClientSession] = field(default_factory=list)

    @property
    def routes(self) -> Iterable[AbstractRoute]:
        """Everything that can be asked."""
        return self.web.router.routes()

    def forgive(self) -> None:
        """Forget who guessed: asking everything looks like it."""
        self.web[GUARD].misses = Throttle(120, 60)
        self.web[GUARD].writes = Throttle(60, 60)
        self.web[GUARD].asks = Throttle(6, 3600)

    def stranger(self, **headers: str) -> ClientSession:
        """A browser that is not signed in."""
        jar = CookieJar(unsafe=True)
        found = ClientSession(self.base, cookie_jar=jar, headers=headers, trust_env=False)
        self.sessions.append(found)
        return found

    def program(self, token: str = TOKEN) -> ClientSession:
        """A program with a token."""
        return self.stranger(Authorization=f"Bearer {token}")

    async def sign_in(self, person_id: str) -> ClientSession:
        """A browser in which somebody used a link of theirs."""
        browser = self.stranger()
        path = await self.sign_in_path(person_id)
        answer = await browser.post(path, headers=OWN, allow_redirects=False)
        assert answer.status == 303, await answer.text()
        return browser

    async def sign_in_path(self, person_id: str) -> str:
        """A fresh one-time link."""

        def make(ledger: Ledger) -> str:
            person = ledger.person(person_id)
            assert person is not None
            subject = new_link(ledger, self.app.links, person, RealClock().now())
            return self.app.links.path(ledger, "in", subject, person_id)

        return await self.app.store.run(make)

    async def grant(self, kind: str, person: str = "") -> str:
        """An API token or a kiosk."""
        now = RealClock().now()
        return await self.app.store.run(
            lambda ledger: new_grant(ledger, kind, person, "test", now, None)
        )

    async def link(self, kind: str, subject: str, reader: str = "") -> str:
        """A tokened page."""
        return await self.app.house.link(kind, subject, reader)


OWN = {"Sec-Fetch-Site": "same-origin"}


@contextlib.asynccontextmanager
async def real(
    folder: Path, *, sandbox: bool = False, public_url: str = "", proxies: int = 0
) -> AsyncIterator[Real]:
    """The demo factory; without `sandbox` as a factory has it."""
    settings = Settings(
        data_dir=folder, database_url=wanted(folder), sandbox=sandbox, api_token=TOKEN,
        public_url=public_url, proxies=proxies, _env_file=None,  # type: ignore[call-arg]
    )  # fmt: skip
    app = App(settings)
    loop = asyncio.get_running_loop()
    app.store.on_commit(lambda: _stir(loop, app))
    tasks = [asyncio.create_task(a.listen(app.intake.hear)) for a in app.adapters.values()]
    tasks.append(asyncio.create_task(app.courier.run()))
    site = app.web()
    server, house = TestServer(site), Real(app, "", site)
    try:
        if app.sandbox is not None:
            await app.sandbox.start()
            await app.sandbox.idle()
        else:
            now = app.clock.now()
            await app.store.run(lambda ledger: load(ledger, app.desk, demo(), now, {}))
        await server.start_server()
        house.base = str(server.make_url("/"))
        yield house
    finally:
        for browser in house.sessions:
            await browser.close()
        await server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        app.store.close()


def _stir(loop: asyncio.AbstractEventLoop, app: App) -> None:
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(app._committed)


async def status(answer: ClientResponse) -> int:
    """The status of an answer that nobody reads."""
    answer.release()
    return answer.status
