"""Bytes behind WeCom's refs: locked, short-lived, bounded, and only from where they may be."""

import json
import time
from collections import deque
from typing import Any

import pytest

from adapters.chat.wecom import media
from adapters.chat.wecom.media import Downloads, owner
from adapters.chat.wecom.wire import Public, Wire, is_inside, public
from domain.errors import PhotoFault
from tests.fakes.wecom_house import QUICK, House, house, jpeg


async def fetched(here: House, ref: str) -> bytes:
    return b"".join([piece async for piece in here.adapter.fetch(ref)])


async def fault(here: House, ref: str) -> str:
    with pytest.raises(PhotoFault) as caught:
        await fetched(here, ref)
    return caught.value.code


def ref(offered: dict[str, str], kind: str = "photo", age: float = 0) -> str:
    facts: dict[str, Any] = {"from": "bot", "kind": kind, "at": time.time() - age}
    return json.dumps(facts | {"url": offered["url"], "key": offered["aeskey"]})


def only(here: House) -> Any:
    (file,) = here.stage.bot.files.values()
    return file


async def test_a_ref_outlives_the_process() -> None:
    async with house() as here:
        lead, photo = here.stage.user("李红梅"), jpeg(size=900)
        await here.stage.photo(lead, lead, photo)
        (message,) = await here.until(1)
        await here.restart()
        assert await fetched(here, message.media[0].ref) == photo


async def test_what_is_gone_is_expired() -> None:
    async with house() as here:
        assert (
            await fault(here, ref(here.stage.bot.offer(jpeg(), here.stage.base, -1))) == "expired"
        )


@pytest.mark.parametrize("statuses", [[500], [502, 429]])
async def test_passing_trouble_passes(statuses: list[int]) -> None:
    async with house() as here:
        photo = jpeg()
        wanted = ref(here.stage.bot.offer(photo, here.stage.base))
        only(here).faults = deque(statuses)
        assert await fetched(here, wanted) == photo


async def test_lasting_trouble_is_unreachable_and_at_last_expired() -> None:
    async with house() as here:
        offered = here.stage.bot.offer(jpeg(), here.stage.base)
        only(here).faults = deque([500] * 6)
        assert await fault(here, ref(offered)) == "unreachable"
        assert await fault(here, ref(offered, age=400)) == "expired"


async def test_a_broken_download_is_taken_up_where_it_ended() -> None:
    async with house() as here:
        photo = jpeg(size=1200)
        wanted = ref(here.stage.bot.offer(photo, here.stage.base))
        only(here).cut = len(photo) // 2
        assert await fetched(here, wanted) == photo


async def test_a_wrong_key_is_unreachable() -> None:
    async with house() as here:
        offered = here.stage.bot.offer(jpeg(), here.stage.base)
        other = here.stage.bot.offer(jpeg(), here.stage.base)
        assert await fault(here, ref(offered | {"aeskey": other["aeskey"]})) == "unreachable"
        assert await fault(here, ref(offered | {"aeskey": "!"})) == "unreachable"


@pytest.mark.parametrize("kind", ["photo", "video"])
async def test_too_large(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "PHOTO", 1000)
    monkeypatch.setattr(media, "VIDEO", 3000)
    async with house() as here:
        wanted = ref(here.stage.bot.offer(b"x" * 2000, here.stage.base), kind)
        if kind == "video":
            assert len(await fetched(here, wanted)) == 2000
        else:
            assert await fault(here, wanted) == "too-large"
        assert await fault(here, ref(here.stage.bot.offer(b"x" * 4000, here.stage.base), kind)) == (
            "too-large"
        )


async def test_redirects_stay_with_the_owner() -> None:
    async with house() as here:
        photo = jpeg()
        target = here.stage.bot.offer(photo, here.stage.base)
        name = here.stage.books.next("file")
        here.stage.bot.files[name] = type(only(here))(b"", time.monotonic() + 9, deque())
        moved = here.stage.bot.files[name]
        away = target | {"url": f"{here.stage.base}/media/{name}"}
        moved.location = target["url"]
        assert await fetched(here, ref(away)) == photo
        moved.location = target["url"].replace("127.0.0.1", "127.0.0.2")
        assert await fault(here, ref(away)) == "unreachable"
        moved.location = f"/media/{name}"
        assert await fault(here, ref(away)) == "unreachable"  # for ever in a circle


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/x",
        "http://localhost/x",
        "http://[::1]/x",
        "http://10.0.0.1/x",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "ftp://example.com/x",
        "http://",
    ],
)
async def test_our_own_network_is_out_of_reach(url: str) -> None:
    wire = Wire(QUICK, inside=False)
    facts = {"from": "bot", "kind": "photo", "url": url, "key": "", "at": time.time()}
    with pytest.raises(PhotoFault, match="unreachable"):
        _ = [x async for x in Downloads(wire, QUICK, None).fetch(json.dumps(facts))]
    await wire.close()


async def test_names_of_our_own_network_are_out_of_reach() -> None:
    resolver = Public()
    with pytest.raises(OSError, match="public"):
        await resolver.resolve("localhost", 80)
    await resolver.close()
    assert public("8.8.8.8")
    assert not public("fd00::1")
    assert not public("example")


def test_inside() -> None:
    assert is_inside("ws://127.0.0.1:8000/ws")
    assert is_inside("ws://localhost/ws")
    assert not is_inside("wss://openws.work.weixin.qq.com")


def test_owners() -> None:
    assert owner("https://a.b.myqcloud.com/x") == "myqcloud.com"
    assert owner("https://img.wecom.com.cn/x") == "wecom.com.cn"
    assert owner("https://1.2.3.4/x") == "1.2.3.4"
    assert owner("https://localhost/x") == "localhost"


@pytest.mark.parametrize("broken", ["", "{}", "[]", "null", '{"from": "bot"}', '{"from": []}', "x"])
async def test_refs_that_are_none(broken: str) -> None:
    async with house() as here:
        assert await fault(here, broken) == "unreachable"


async def test_ids_of_the_application_without_an_application() -> None:
    async with house() as here:
        assert await fault(here, '{"from": "app", "kind": "photo", "id": "x"}') == "unreachable"
