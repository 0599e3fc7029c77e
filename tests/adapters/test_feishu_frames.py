"""The frames of the long connection, its pace, and the fake against lark-oapi itself."""

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.chat.feishu.frames import BrokenFrame, load
from adapters.chat.feishu.options import Options
from adapters.chat.feishu.pace import Pace
from adapters.chat.feishu.parts import Crooked, Parts
from tests.fakes.feishu import FeishuStage
from tests.fakes.feishu_frames import CONTROL, DATA, Frame, read, write
from tests.fakes.feishu_lent import until


@pytest.fixture
async def stage() -> AsyncIterator[FeishuStage]:
    stage = FeishuStage()
    await stage.start()
    yield stage
    await stage.stop()


def test_what_the_server_asks_for_is_bounded() -> None:
    options = Options("a", "b")
    pace = Pace.first(options).told(
        {"ReconnectNonce": 900, "ReconnectInterval": 7200, "PingInterval": 86400}, options
    )
    assert (pace.nonce, pace.interval, pace.ping) == (10.0, 60.0, 120.0)
    nonsense = {"ReconnectNonce": -1, "ReconnectInterval": "x", "PingInterval": True}
    assert pace.told(nonsense, options) == pace
    assert pace.told(None, options) == pace
    low = pace.told({"ReconnectNonce": 2, "ReconnectInterval": 5, "PingInterval": 30}, options)
    assert (low.nonce, low.interval, low.ping) == (2.0, 5.0, 30.0)
    pauses = [pace.pause(tries, options) for tries in range(1, 12)]
    assert pauses[0] <= 2.0
    assert max(pauses) <= 60.0
    assert pauses[-1] >= 30.0


async def test_our_frames_and_the_library_s_are_the_same() -> None:
    codec = await asyncio.to_thread(load)
    headers = {"type": "event", "message_id": "m1", "sum": "1", "seq": "0", "trace_id": "t"}
    there = Frame(DATA, 33554678, headers, "裁切完成".encode() * 300, 2**40, 2**63)
    frame = codec.read(write(there))
    assert (frame.method, dict(frame.headers), frame.payload) == (DATA, headers, there.payload)
    back = read(codec.answer(frame, 200, "e30=", 12))
    assert (back.seq, back.log, back.service) == (2**40, 2**63, 33554678)
    assert back.headers == {**headers, "biz_rt": "12"}
    assert back.payload == b'{"code": 200, "data": "e30="}'
    ping = read(codec.ping(7))
    assert (ping.method, ping.service, ping.headers) == (CONTROL, 7, {"type": "ping"})
    for raw in (b"\x08", b"\xff" * 9, b"\x08\x01"):
        with pytest.raises(BrokenFrame):
            codec.read(raw)


async def test_parts_that_do_not_belong_together() -> None:
    codec = await asyncio.to_thread(load)
    parts = Parts()

    def frame(name: str, total: str, place: str) -> Any:
        headers = {"message_id": name, "sum": total, "seq": place}
        return codec.read(write(Frame(DATA, 1, headers, b"x")))

    assert parts.whole(frame("a", "2", "0")) is None
    for crooked in (("a", "3", "1"), ("b", "2", "2"), ("b", "999", "1"), ("", "2", "0")):
        with pytest.raises(Crooked):
            parts.whole(frame(*crooked))
    assert parts.whole(frame("a", "2", "1")) == b"xx"
    for number in range(64):
        assert parts.whole(frame(f"c{number}", "2", "0")) is None
    with pytest.raises(Crooked):
        parts.whole(frame("one too many", "2", "0"))


LIBRARY = """
    import sys, threading, warnings
    warnings.simplefilter("ignore")
    from adapters.chat.feishu.frames import load
    load()
    assert "lark_oapi" not in sys.modules
    import lark_oapi as lark
    from lark_oapi.api.im.v1 import CreateMessageRequest, CreateMessageRequestBody
    base, app_id, secret = sys.argv[1:]
    client = lark.Client.builder().app_id(app_id).app_secret(secret).domain(base).build()

    def heard(event):
        body = CreateMessageRequestBody.builder().receive_id(event.event.message.chat_id)
        body = body.msg_type("text").content(event.event.message.content).uuid("u1").build()
        request = CreateMessageRequest.builder().receive_id_type("chat_id")
        answer = client.im.v1.message.create(request.request_body(body).build())
        print(answer.code, flush=True)

    handler = lark.EventDispatcherHandler.builder("", "")
    handler = handler.register_p2_im_message_receive_v1(heard).build()
    lark.ws.Client(app_id, secret, event_handler=handler, domain=base).start()
"""


async def test_the_fake_speaks_to_the_real_library(stage: FeishuStage) -> None:
    """What the fake says is what lark-oapi's own client takes for Feishu; and the library can be
    imported whole after we have taken its frames out of it.
    """
    process = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-c", textwrap.dedent(LIBRARY), stage.base, stage.app_id, stage.secret],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(90):
            await stage.push.arrived.wait()
        said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        await until(lambda: stage.acknowledged(said), 20)
        assert [s.text for s in stage.said(stage.group)] == ["#A102 裁切完成"]
        await until(lambda: stage.push.counts["ping"] >= 2, 20)
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)
