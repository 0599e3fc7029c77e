"""Which settings of WeCom make sense together, and what the adapter then says it can do."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from adapters.chat.port import Edits, Lent
from adapters.chat.wecom.adapter import Options, build
from tests.fakes.wecom_house import Remembered, _nothing, house

BOT = {"bot_id": "b", "bot_secret": "s"}
ROBOT = {"group_webhook": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k"}
APP = {
    "corp_id": "ww1", "agent_id": "1000002", "agent_secret": "s", "token": "t",
    "aes_key": "A" * 43,
}  # fmt: skip
LENT = Lent(Remembered(), _nothing, lambda: datetime.now(UTC))
WORDING = Path(__file__).parents[2] / "bot/wording"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bot_id": "b"},
        {"bot_secret": "s"},
        APP | {"aes_key": "A" * 42},
        APP | {"aes_key": "!" * 43},
        APP | {"agent_id": "one"},
        *[{k: v for k, v in APP.items() if k != left} for left in APP],
        {"corp_id": "ww1"} | BOT,
        {"group_webhook": "qyapi/send?key=k"},
        {"group_webhook": "https:///send?key=k"},
        {"group_webhook": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"},
    ],
)
def test_half_settings_are_refused_in_words(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="WeCom"):
        build(made(options), LENT)


@pytest.mark.parametrize("url", ["", "openws", "ftp://x", "wss://", "wss://[", "wss:x"])
def test_addresses_that_can_not_be_name_their_setting(url: str) -> None:
    with pytest.raises(ValueError, match=r"VITRINE_WECOM_WS_URL.*wss://"):
        build(made(BOT | {"ws_url": url}), LENT)
    with pytest.raises(ValueError, match=r"VITRINE_WECOM_BASE_URL.*https://"):
        build(made(APP | {"base_url": url}), LENT)


@pytest.mark.parametrize(
    ("options", "edits", "buttons", "limit", "hooks"),
    [
        (BOT, Edits.PRESSED, 6, 18_000, 0),
        (ROBOT, Edits.NEVER, 0, 4000, 0),
        (APP, Edits.PRESSED, 6, 2000, 2),
        (BOT | ROBOT, Edits.PRESSED, 6, 4000, 0),
        (BOT | ROBOT | APP, Edits.PRESSED, 6, 2000, 2),
    ],
)
def test_abilities(
    options: dict[str, str], edits: Edits, buttons: int, limit: int, hooks: int
) -> None:
    adapter = build(made(options), LENT)
    assert (adapter.platform, adapter.account) == ("wecom", "")
    can = adapter.can
    assert (can.edits, can.buttons, can.text_limit) == (edits, buttons, limit)
    assert (can.text_unit, can.caption_limit) == ("bytes", limit)
    assert not any((can.reactions, can.whispers, can.hears_group_media, can.idempotent))
    assert len(adapter.hooks) == hooks
    assert adapter.state == ("starting" if "bot_id" in options else "ok")


async def test_the_self_test_speaks_of_what_is_configured() -> None:
    async with house() as here:
        found = {c.code: c.well for c in await here.adapter.examine()}
        assert found == {"wecom.bot": True, "wecom.kicked": True, "wecom.group-hearing": None}


def made(options: dict[str, str]) -> Options:
    given: dict[str, Any] = dict(options)
    return Options(**given)


def sentences(language: str) -> dict[str, set[str]]:
    data = tomllib.loads((WORDING / f"wecom.{language}.toml").read_text(encoding="utf-8"))
    return {
        f"{section}.{key}": {name for _, name, _, _ in Formatter().parse(text) if name}
        for section, rows in data.items()
        for key, text in rows.items()
    }


def test_every_check_and_alarm_is_worded_in_every_language() -> None:
    checks = ("bot", "kicked", "group-hearing", "webhook", "app", "trusted-ip", "callback")
    alarms = ("kicked", "credentials", "app-credentials", "webhook", "trusted-ip", "lost")
    wanted = {f"check.wecom.{c}{todo}" for c in checks for todo in ("", ".todo")}
    wanted |= {f"alarm.wecom.{a}" for a in alarms}
    chinese = sentences("zh-CN")
    assert set(chinese) == wanted
    assert chinese == sentences("zh-TW") == sentences("en")
    assert chinese["alarm.wecom.trusted-ip"] == {"ip"}
