"""Which platforms the settings ask for, and what each of them is lent.

A platform's files are loaded only when it is configured: its client library costs start-up time
and memory that nobody else should pay.
"""

import asyncio
import importlib
import json
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.chat.port import ChatAdapter, Check, Heard, Lent, Memory
from bot.clocks import RealClock
from bot.settings import Settings
from domain.events import stamp
from storage.ledger import Ledger
from storage.store import Store

log = logging.getLogger("vitrine.platforms")
MEMORY = "memory/"
FOUND = "checks/"
"""Where the running program leaves for the doctor what it found, by platform."""
LOOK = 24 * 3600.0
"""Seconds between two looks at what a platform lacks: asking costs calls."""
GLANCE, SOON, FRESH = 30.0, 0.5, 60.0
"""Seconds between two glances at the state: the usual, and those of the first FRESH seconds."""
Alarm = Callable[[str, str, Mapping[str, str]], Awaitable[None]]
"""Platform, code, facts."""


@dataclass(slots=True)
class Remembered:
    """A platform's small texts, in the settings table."""

    store: Store
    platform: str

    async def get(self, name: str) -> str:
        """See `adapters.chat.port.Memory`."""
        return await self.store.run(lambda ledger: ledger.settings.get(self._key(name)))

    async def put(self, name: str, value: str) -> None:
        """See `adapters.chat.port.Memory`."""
        await self.store.run(lambda ledger: ledger.settings.put(self._key(name), value))

    async def count(self, name: str, more: int) -> int:
        """See `adapters.chat.port.Memory`."""
        return await self.store.run(lambda ledger: ledger.settings.add(self._key(name), more))

    def _key(self, name: str) -> str:
        return f"{MEMORY}{self.platform}/{name}"


def configured(s: Settings) -> dict[str, dict[str, Any]]:
    """The options of every platform that the settings ask for, by platform."""
    found: dict[str, dict[str, Any]] = {}
    if s.telegram_token or s.telegram_webhook_secret:
        found["telegram"] = {
            "token": s.telegram_token,
            "base_url": s.telegram_base_url,
            "proxy": s.telegram_proxy,
            "webhook_secret": s.telegram_webhook_secret,
            "public_url": s.base_url,
        }
    if s.feishu_app_id or s.feishu_app_secret or s.feishu_encrypt_key:
        found["feishu"] = {
            "app_id": s.feishu_app_id,
            "app_secret": s.feishu_app_secret,
            "base_url": s.feishu_base_url,
            "mode": s.feishu_mode,
            "encrypt_key": s.feishu_encrypt_key,
            "verification_token": s.feishu_verification_token,
            "monthly_calls": s.feishu_monthly_calls,
        }
    application = (s.wecom_corp_id, s.wecom_agent_id, s.wecom_agent_secret, s.wecom_aes_key)
    if any((s.wecom_bot_id, s.wecom_bot_secret, s.wecom_group_webhook, *application)):
        found["wecom"] = {
            "bot_id": s.wecom_bot_id,
            "bot_secret": s.wecom_bot_secret,
            "ws_url": s.wecom_ws_url,
            "group_webhook": s.wecom_group_webhook,
            "group_chat": s.wecom_group_chat,
            "corp_id": s.wecom_corp_id,
            "agent_id": s.wecom_agent_id,
            "agent_secret": s.wecom_agent_secret,
            "token": s.wecom_token,
            "aes_key": s.wecom_aes_key,
            "base_url": s.wecom_base_url,
        }
    return found


def assemble(settings: Settings, store: Store, alarm: Alarm) -> dict[str, ChatAdapter]:
    """The adapters of all configured platforms. Raises ValueError, whose text says which setting
    is wrong.
    """
    found = {}
    for name, options in configured(settings).items():
        room = importlib.import_module(f"adapters.chat.{name}.adapter")
        memory: Memory = Remembered(store, name)
        lent = Lent(memory, _bound(alarm, name), RealClock().now)
        adapter: ChatAdapter = room.build(room.Options(**options), lent)
        found[name] = adapter
    return found


def _bound(alarm: Alarm, platform: str) -> Callable[[str, Mapping[str, str]], Awaitable[None]]:
    async def raised(code: str, facts: Mapping[str, str]) -> None:
        await alarm(platform, code, facts)

    return raised


async def looking(adapter: ChatAdapter, store: Store) -> None:
    """Ask a platform now and then what works, and leave what is known of it for the doctor."""
    told: tuple[Check, ...] = ()
    asked = -LOOK
    began = asyncio.get_running_loop().time()
    while True:
        now = asyncio.get_running_loop().time()
        if adapter.state == "ok" and now - asked > LOOK:
            asked = now
            await adapter.examine()
        if adapter.checks != told:
            told = adapter.checks
            rows = [[c.code, c.well, dict(c.facts)] for c in told]
            try:
                await store.run(lambda ledger, rows=rows: _leave(ledger, adapter.platform, rows))  # type: ignore[misc]
            except Exception as error:  # the books cannot be reached: told next time
                log.warning(
                    "%s: what was found is not kept: %s", adapter.platform, type(error).__name__
                )
                told = ()
        await asyncio.sleep(SOON if now - began < FRESH else GLANCE)


def _leave(ledger: Ledger, platform: str, rows: list[list[Any]]) -> None:
    doc = {"at": stamp(ledger.clock.now()), "checks": rows}
    ledger.settings.put(FOUND + platform, json.dumps(doc))


async def listening(adapter: ChatAdapter, heard: Heard) -> None:
    """Listen for ever: a platform that breaks is begun again and takes nobody else down."""
    pause = 1.0
    while True:
        try:
            await adapter.listen(heard)
        except Exception:
            log.exception("%s stopped listening; it is begun again", adapter.platform)
        await asyncio.sleep(pause * (1 + random.random()))
        pause = min(pause * 2, 60)
