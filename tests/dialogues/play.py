"""Plays a chat transcript against the whole bot: the transcript is the test and the manual's
example.

P03@production: #A102 裁切完成 +photo      somebody says something, perhaps with sample photos
✍                                          the message before carries this mark; `no mark`: none
bot@private-C05: 裁切完成                  the bot said something there that holds these words
silent@production                          the bot said nothing there (its living card apart)
A102/cut done 120 photos=1                 a node's state, perhaps its pieces and photos
press P01@management 知悉                  somebody presses the newest button of that label
reply P01@management 缺料: 交给王建军       somebody answers our newest message with those words
edit P03@production: …   recall P03@production   of the message before
clock PT5M                                 the clock is turned
"""

import re
from pathlib import Path
from typing import Any

from bot.demo.pictures import sample
from tests.app.running import Running

SAID = re.compile(r"(?P<who>[A-Z]\d+)@(?P<chat>[\w-]+): ?(?P<text>.*)", re.ASCII | re.DOTALL)
NODE = re.compile(
    r"(?P<order>[\w-]+)/(?P<node>\w+) (?P<status>\w+)(?: (?P<pieces>\d+))?"
    r"(?: photos=(?P<photos>\d+))?",
    re.ASCII,
)
QUIET = ("card",)


class Play:
    """One transcript, line by line."""

    def __init__(self, bot: Running) -> None:
        self.bot = bot
        self.last: tuple[str, str, str] = ("", "", "")
        self.seen: dict[str, list[dict[str, Any]]] = {}

    async def line(self, text: str) -> None:
        """Do or check one line."""
        verb, _, rest = text.partition(" ")
        if verb == "clock":
            moment = rest if "T" in rest and "-" in rest else ""
            await self.bot.sandbox.turn("" if moment else rest, moment)
        elif verb == "press":
            who, _, where = rest.partition("@")
            chat, _, label = where.partition(" ")
            await self.bot.press(who, chat, label)
        elif verb == "edit":
            match = SAID.fullmatch(rest)
            assert match, text
            name = self.last[2]
            await self.bot.sandbox.post(
                match["chat"], match["who"], match["text"], [], "", "", name
            )
            await self.bot.sandbox.idle()
        elif verb == "recall":
            await self.bot.sandbox.recall(self.last[1], self.last[2], self.last[0])
            await self.bot.sandbox.idle()
        elif text in ("✍", "no mark"):
            message = await self.bot.message(self.last[1], self.last[2])
            assert message["reactions"] == ([] if text == "no mark" else [text]), message
        elif text.startswith("bot@"):
            await self._heard(text[4:])
        elif text.startswith("silent@"):
            new = await self._new(text[7:])
            assert not new, [m["text"] for m in new]
        elif text.startswith("reply "):
            await self._reply(text[6:])
        elif match := NODE.fullmatch(text):
            await self._node(match)
        else:
            match = SAID.fullmatch(text)
            assert match, f"not understood: {text}"
            await self._say(match)

    async def _say(self, match: re.Match[str]) -> None:
        words, _, tail = match["text"].partition(" +photo")
        count = int(tail.strip(" ×") or 1) if "+photo" in match["text"] else 0
        if match["text"].startswith("+photo"):
            words, count = "", 1
        photos = tuple(sample("cut") + bytes([n]) for n in range(count))
        name = await self.bot.say(match["chat"], match["who"], words.replace("\\n", "\n"), photos)
        self.last = (match["who"], match["chat"], name)

    async def _reply(self, text: str) -> None:
        """`P01@management 设备故障: 交给王建军` answers our newest message with those words."""
        match = SAID.fullmatch(text.replace(" ", ": ", 1))
        assert match, f"not understood: {text}"
        words, _, answer = match["text"].partition(": ")
        said = [m for m in await self.bot.all(match["chat"]) if m["from"] == "bot"]
        target = next(m for m in reversed(said) if words in m["text"])
        name = await self.bot.say(
            match["chat"], match["who"], answer, reply_to=target["message_id"]
        )
        self.last = (match["who"], match["chat"], name)

    async def _new(self, chat: str) -> list[dict[str, Any]]:
        found = await self.bot.new(chat)
        return [m for m in found if m["from"] == "bot" and m["kind"] not in QUIET]

    async def _heard(self, text: str) -> None:
        chat, _, words = text.partition(": ")
        self.seen.setdefault(chat, []).extend(await self._new(chat))
        for place, message in enumerate(self.seen[chat]):
            shown = [message["text"], *(b["label"] for b in message["buttons"])]
            if words in "\n".join(shown):
                self.seen[chat].pop(place)
                return
        said = [m["text"] for m in self.seen[chat]]
        raise AssertionError(f"nobody said {words!r} in {chat}; there is {said}")

    async def _node(self, match: re.Match[str]) -> None:
        node = await self.bot.node(match["order"], match["node"])
        assert node.status.value == match["status"], node
        if match["pieces"]:
            assert node.quantity == int(match["pieces"]), node
        if match["photos"]:
            assert len(node.photos) == int(match["photos"]), node


def lines(path: Path) -> list[tuple[int, str]]:
    """The lines of a transcript that do or check something."""
    text = path.read_text(encoding="utf-8").splitlines()
    return [(n, x.strip()) for n, x in enumerate(text, 1) if x.strip() and not x.startswith("#")]
