"""The fake WeCom's HTTP side: the group robot, the self-built application's API, and the callbacks
that tell the application what members say.
"""

import asyncio
import base64
import hashlib
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.fakes.wecom_books import Books, Line, card_fault, card_text
from tests.fakes.wecom_seal import seal, sign


@dataclass(slots=True)
class Call:
    """A callback as it went out: its address with the query, its body and the answers."""

    query: dict[str, str]
    body: str
    statuses: list[int] = field(default_factory=list)


class Office:
    """One company with one application and one group robot. `codes[path]` are errcodes of the next
    calls, `slow` seconds before an answer, `hang[path]` how many answers get lost, `raw[path]`
    status and body of the answers after the deed, `trusted` whether our address is on the list.
    """

    def __init__(self, books: Books, group: str) -> None:
        self.books, self.group = books, group
        self.corp_id, self.agent_id, self.secret = "ww8f3e2a1b0c9d7e6f", "1000002", "app-s3cret"
        self.token = "QmF5T2tlbg"
        self.aes_key = base64.b64encode(hashlib.sha256(b"vitrine").digest()).decode()[:43]
        self.key = "693a91f6-7a0c-4bc4-97a0-0ec2aaaaaaaa"
        self.codes: defaultdict[str, deque[int]] = defaultdict(deque)
        self.hang: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.slow, self.trusted, self.enforce = 0.0, True, False
        self.members: set[str] | None = None
        self.tokens: set[str] = set()
        self.media: dict[str, tuple[bytes, float]] = {}
        self.response_codes: dict[str, str] = {}
        self.tasks: set[str] = set()
        self.sent: deque[tuple[float, str]] = deque(maxlen=100)
        self.robot_at: list[float] = []
        self.callback = ""
        self.raw: dict[str, tuple[int, str]] = {}
        self.pause = 0.01

    def routes(self) -> list[web.RouteDef]:
        api = {
            "message/send": self._send,
            "message/update_template_card": self._update,
            "media/upload": self._upload,
            "agent/get": self._agent,
        }

        def wrapped(path: str) -> Any:
            async def handle(request: web.Request) -> web.StreamResponse:
                return await self._api(request, path, api[path])

            return handle

        return [
            web.get("/cgi-bin/gettoken", self._gettoken),
            web.get("/cgi-bin/media/get", self._get),
            web.post("/cgi-bin/webhook/send", self._robot),
            *(web.route("*", f"/cgi-bin/{path}", wrapped(path)) for path in api),
        ]

    async def _answer(self, path: str, answer: dict[str, Any]) -> web.StreamResponse:
        if self.slow:
            await asyncio.sleep(self.slow)
        if self.hang[path] > 0:
            self.hang[path] -= 1
            await asyncio.sleep(30)
        if path in self.raw:
            status, text = self.raw[path]
            return web.Response(status=status, text=text)
        return web.json_response(answer)

    def _wrong(self, code: int) -> dict[str, Any]:
        where = "from ip: 203.0.113.7, more info at https://open.work.weixin.qq.com/devtool"
        return {"errcode": code, "errmsg": f"refused, hint: [1764], {where}"}

    def _fault(self, why: str) -> dict[str, Any]:
        self.books.faults.append(why)
        return self._wrong(40058)

    async def _gettoken(self, request: web.Request) -> web.StreamResponse:
        self.calls["gettoken"] += 1
        query = request.query
        if self.codes["gettoken"]:
            return await self._answer("gettoken", self._wrong(self.codes["gettoken"].popleft()))
        if query.get("corpid") != self.corp_id or query.get("corpsecret") != self.secret:
            return await self._answer("gettoken", self._wrong(40001))
        token = self.books.next("token")
        self.tokens.add(token)
        done = {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200}
        return await self._answer("gettoken", done)

    async def _api(self, request: web.Request, path: str, act: Any) -> web.StreamResponse:
        self.calls[path] += 1
        if self.codes[path]:
            answer = self._wrong(self.codes[path].popleft())
        elif request.query.get("access_token") not in self.tokens:
            answer = self._wrong(40014)
        elif not self.trusted:
            answer = self._wrong(60020)
        else:
            answer = await act(request)
        return await self._answer(path, answer)

    async def _agent(self, request: web.Request) -> dict[str, Any]:
        known = request.query.get("agentid") == self.agent_id
        return {"errcode": 0, "agentid": int(self.agent_id)} if known else self._wrong(40056)

    async def _send(self, request: web.Request) -> dict[str, Any]:
        body = await request.json()
        user, kind = body["touser"], body["msgtype"]
        if body["agentid"] != int(self.agent_id):
            return self._wrong(40056)
        if self.members is not None and user not in self.members:
            return {"errcode": 0, "errmsg": "ok", "invaliduser": user, "msgid": "x"}
        content = f"{user} {body[kind]}"
        if body.get("enable_duplicate_check"):
            for at, before in self.sent:
                if before == content and time.monotonic() - at < body["duplicate_check_interval"]:
                    return {"errcode": 0, "errmsg": "ok", "msgid": "duplicate"}
        done: dict[str, Any] = {"errcode": 0, "errmsg": "ok", "invaliduser": ""}
        done["msgid"] = self.books.next("app")
        line = Line(done["msgid"], user, raw=body, channel="application")
        if self.books.lately(user, 60, "application") >= 30:
            return done  # as the platform does: dropped without a word
        match kind:
            case "text":
                line.text = body["text"]["content"].replace("\u200b", "")
                if not 0 < len(body["text"]["content"].encode()) <= 2048:
                    return self._fault("text length")
            case "template_card":
                card = body["template_card"]
                if why := card_fault(card, self.tasks):
                    return self._fault(f"card: {why}")
                self.tasks.add(card["task_id"])
                line.id, line.text = card["task_id"], card_text(card)
                line.keys = {b["text"]: b["key"] for b in card["button_list"]}
                done["response_code"] = self._code(card["task_id"])
            case "image":
                line.picture = self.media[body["image"]["media_id"]][0]
            case _:
                return self._fault(f"msgtype {kind}")
        self.sent.append((time.monotonic(), content))
        self.books.write(line)
        return done

    def _code(self, task: str) -> str:
        code = self.books.next("response-code")
        self.response_codes[code] = task
        return code

    async def _update(self, request: web.Request) -> dict[str, Any]:
        body = await request.json()
        task = self.response_codes.pop(body["response_code"], "")
        if not task:
            return self._wrong(42022)
        card = body["template_card"]
        if why := card_fault(card, set()):
            return self._fault(f"card: {why}")
        line = self.books.find(task)
        line.text, line.edited = card_text(card), True
        line.keys = {b["text"]: b["key"] for b in card.get("button_list", []) if b["text"] != "✓"}
        return {"errcode": 0, "errmsg": "ok"}

    async def _upload(self, request: web.Request) -> dict[str, Any]:
        form = await request.post()
        field_ = form["media"]
        assert isinstance(field_, web.FileField)
        if request.query.get("type") != "image" or not field_.filename:
            return self._fault("upload")
        return {"errcode": 0, "media_id": self.keep(field_.file.read()), "type": "image"}

    def keep(self, raw: bytes, life: float = 3 * 86400) -> str:
        """A media id for bytes."""
        name = self.books.next("mediaid")
        self.media[name] = (raw, time.monotonic() + life)
        return name

    async def _get(self, request: web.Request) -> web.StreamResponse:
        self.calls["media/get"] += 1
        if self.codes["media/get"]:
            return web.json_response(self._wrong(self.codes["media/get"].popleft()))
        if request.query.get("access_token") not in self.tokens:
            return web.json_response(self._wrong(42001))
        raw, until = self.media.get(request.query["media_id"], (b"", 0.0))
        if time.monotonic() > until:
            return web.json_response(self._wrong(40007))
        return web.Response(body=raw, content_type="image/jpeg")

    async def _robot(self, request: web.Request) -> web.StreamResponse:
        self.calls["robot"] += 1
        body = await request.json()
        if request.query.get("key") != self.key:
            return await self._answer("robot", self._wrong(93000))
        if self.codes["robot"]:
            return await self._answer("robot", self._wrong(self.codes["robot"].popleft()))
        return await self._answer("robot", self._spoken(body))

    def _spoken(self, body: dict[str, Any]) -> dict[str, Any]:
        kind = body.get("msgtype")
        if kind not in ("markdown", "image"):
            return self._wrong(40008)
        now = time.monotonic()
        if self.enforce and sum(now - at < 60 for at in self.robot_at) >= 20:
            return self._wrong(45009)
        self.robot_at.append(now)
        line = Line(self.books.next("robot"), self.group, raw=body, channel="robot")
        if kind == "markdown":
            if not 0 < len(body["markdown"]["content"].encode()) <= 4096:
                return self._fault("markdown length")
            line.text = self.books.plain(body["markdown"]["content"])
        else:
            line.picture = base64.b64decode(body["image"]["base64"], validate=True)
            wrong = hashlib.md5(line.picture).hexdigest() != body["image"]["md5"]
            if wrong or len(line.picture) > 2 * 1024 * 1024:
                return self._fault("image")
        self.books.write(line)
        return {"errcode": 0, "errmsg": "ok"}

    def call(self, xml: str, *, age: float = 0, forged: bool = False, receiver: str = "") -> Call:
        """A callback, ready to go out."""
        sealed = seal(self.aes_key, receiver or self.corp_id, xml.encode())
        stamp, nonce = str(int(time.time() - age)), str(time.monotonic_ns())
        signature = sign("somebody-else" if forged else self.token, stamp, nonce, sealed)
        query = {"msg_signature": signature, "timestamp": stamp, "nonce": nonce}
        body = (
            f"<xml><ToUserName><![CDATA[{self.corp_id}]]></ToUserName>"
            f"<AgentID><![CDATA[{self.agent_id}]]></AgentID>"
            f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        )
        return Call(query, body)

    async def deliver(self, call: Call, tries: int = 3) -> list[int]:
        """Bring it to our address, three times if it is not taken; the answers' statuses."""
        async with aiohttp.ClientSession() as session:
            for _ in range(tries):
                async with session.post(
                    self.callback, params=call.query, data=call.body.encode()
                ) as answer:
                    call.statuses.append(answer.status)
                    if answer.status == 200:
                        break
                await asyncio.sleep(self.pause)
        return call.statuses

    async def verify(self, echo: str = "1616140317555161061", **kinds: Any) -> tuple[int, str]:
        """The console's question whether the address is ours."""
        call = self.call(echo, **kinds)
        sealed = call.body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
        async with (
            aiohttp.ClientSession() as session,
            session.get(self.callback, params={**call.query, "echostr": sealed}) as answer,
        ):
            return answer.status, await answer.text()
