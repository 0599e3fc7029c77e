"""The wire of api.telegram.org: calls, long polling, downloads, and the webhook's deliveries."""

import asyncio
import json
import time
from typing import Any

import aiohttp
from aiohttp import web

from tests.fakes.telegram_faults import AFTER, BEFORE, Faults, Refusal, Traffic
from tests.fakes.telegram_methods import Methods
from tests.fakes.telegram_world import Pending, Refused, World

RETRY = 0.05


class Server:
    """One bot's Telegram on the loopback."""

    def __init__(self, world: World, token: str) -> None:
        self.world, self.token = world, token
        self.faults, self.traffic = Faults(), Traffic()
        self.methods = Methods(world, self.faults, self.traffic)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.port = 0
        self.waiting = 0
        self._generation = 0
        self._runner: web.AppRunner | None = None
        self._deliveries: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    async def start(self) -> None:
        """Serve; after a stop on the same port again."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        self._over.clear()
        self._runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._deliveries = asyncio.create_task(self._deliver_for_ever())

    async def stop(self) -> None:
        """Hang up on everybody."""
        self._over.set()
        if self._deliveries:
            self._deliveries.cancel()
            await asyncio.gather(self._deliveries, return_exceptions=True)
        if self._runner:
            await self._runner.cleanup()
        self._runner = self._deliveries = None

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"].lower()
        if self.faults.half_open:
            await self._over.wait()
        params = await _params(request)
        self.calls.append((method, params))
        if request.match_info["token"] != self.token:
            return _answer(Refusal(401, "Unauthorized"))
        met = self.faults.take(method)
        if isinstance(met, int | float):
            await asyncio.sleep(met)
        if isinstance(met, Refusal):
            return _answer(met)
        if met == BEFORE:
            return _hang_up(request)
        try:
            result = await self._act(request, method, params)
        except Refused as refused:
            return _answer(Refusal(refused.status, refused.description, refused.parameters))
        if isinstance(result, web.StreamResponse):
            return result
        return (
            _hang_up(request) if met == AFTER else web.json_response({"ok": True, "result": result})
        )

    async def _act(self, request: web.Request, method: str, params: dict[str, Any]) -> Any:
        if method == "getupdates":
            return await self._updates(request, params)
        return self.methods.call(method, params)

    async def _updates(self, request: web.Request, params: dict[str, Any]) -> Any:
        self._generation += 1
        mine = self._generation
        if self.faults.silent_poll:
            await self._over.wait()
        if self.faults.trickling_poll:
            return await self._trickle(request)
        if self.world.hook:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook"
                " to delete the webhook first",
            )
        if "allowed_updates" in params:
            self.world.allowed = json.loads(params["allowed_updates"]) or None
        self.world.confirm(int(params.get("offset", 0)))
        end = time.monotonic() + float(params.get("timeout", 0))
        self.waiting += 1
        try:
            return await self._wait(request, mine, int(params.get("limit", 100)), end)
        finally:
            self.waiting -= 1

    async def _wait(self, request: web.Request, mine: int, limit: int, end: float) -> Any:
        while True:
            if self.faults.second_poller or self._generation != mine:
                raise Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot"
                    " instance is running",
                )
            self.world.news.clear()
            ready = [p for p in self.world.pending if self._wanted(p)][:limit]
            gone = request.transport is None or request.transport.is_closing()
            if ready or gone or time.monotonic() >= end:
                for entry in ready:
                    entry.shown = True
                updates = [p.update for p in ready]
                return updates[::-1] if self.faults.backwards else updates
            try:
                async with asyncio.timeout(min(0.05, max(0.0, end - time.monotonic()))):
                    await self.world.news.wait()
            except TimeoutError:
                pass

    def _wanted(self, entry: Pending) -> bool:
        kinds = set(entry.update) - {"update_id"}
        return self.world.allowed is None or not kinds or bool(kinds & set(self.world.allowed))

    async def _trickle(self, request: web.Request) -> web.StreamResponse:
        """An answer that never gets anywhere, byte by byte."""
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while not self._over.is_set():
            await response.write(b" ")
            await asyncio.sleep(0.02)
        return response

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        kept = next((f for f in self.world.files.values() if f.path == path), None)
        if request.match_info["token"] != self.token or kept is None or kept.expired:
            return web.json_response(
                {"ok": False, "error_code": 404, "description": "Not Found"}, status=404
            )
        start = 0 if self.faults.no_ranges else _start(request)
        raw = kept.raw[start:]
        headers = {"Content-Length": str(len(raw)), "Content-Type": "application/octet-stream"}
        response = web.StreamResponse(status=206 if start else 200, headers=headers)
        await response.prepare(request)
        if self.faults.truncated or self.faults.stalled:
            await response.write(raw[: len(raw) // 2])
            if self.faults.truncated:
                self.faults.truncated -= 1
                return _hang_up(request, response)
            self.faults.stalled -= 1
            await self._over.wait()
        await response.write(raw)
        return response

    async def _deliver_for_ever(self) -> None:
        """The webhook: in order, again and again until it is taken."""
        async with aiohttp.ClientSession() as session:
            while True:
                hook = self.world.hook
                ready = [p for p in self.world.pending if self._wanted(p)] if hook else []
                for entry in ready:
                    if not await self._deliver(session, hook, entry):
                        await asyncio.sleep(RETRY)
                        break
                if not ready:
                    self.world.news.clear()
                    await self.world.news.wait()

    async def _deliver(
        self, session: aiohttp.ClientSession, hook: dict[str, Any], entry: Pending
    ) -> bool:
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook["secret"]} if hook["secret"] else {}
        try:
            wait = aiohttp.ClientTimeout(5)
            url, body = hook["url"], entry.update
            async with session.post(url, json=body, headers=headers, timeout=wait) as answer:
                if 200 <= answer.status < 300:
                    self.world.done(entry)
                    return True
                fault = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError):
            fault = "Connection refused"
        hook |= {"last_error_date": int(time.time()), "last_error_message": fault}
        return False


async def _params(request: web.Request) -> dict[str, Any]:
    """Fields as text, files as bytes: query, form, multipart and JSON are all the same here."""
    found: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        doc = await request.json()
        found |= {k: v if isinstance(v, str) else json.dumps(v) for k, v in doc.items()}
    elif request.method == "POST":
        for name, value in (await request.post()).items():
            found[name] = value.file.read() if isinstance(value, web.FileField) else value
            if isinstance(value, web.FileField):
                value.file.close()
    return found


def _answer(refusal: Refusal) -> web.Response:
    if refusal.body:
        return web.Response(status=refusal.status, text=refusal.body, content_type="text/html")
    doc: dict[str, Any] = {"ok": False, "error_code": refusal.status}
    doc["description"] = refusal.description
    if refusal.parameters:
        doc["parameters"] = dict(refusal.parameters)
    return web.json_response(doc, status=refusal.status)


def _hang_up(
    request: web.Request, response: web.StreamResponse | None = None
) -> web.StreamResponse:
    """As a line that breaks."""
    if request.transport:
        request.transport.abort()
    return response or web.Response()


def _start(request: web.Request) -> int:
    given = request.headers.get("Range", "")
    return int(given.removeprefix("bytes=").rstrip("-")) if given else 0
