"""One message in its surroundings: who speaks, to whom, about which orders it may be."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.understanding.clauses import Clause
from bot.understanding.frames import Said, framed, judged
from bot.understanding.lexicon import NONE
from bot.understanding.model import Message, OrderState, Previous
from bot.understanding.normalise import fold, normalise
from bot.understanding.orders import find_orders
from bot.understanding.tokens import Lexer, Token
from bot.understanding.world import OrderEntry, PersonEntry, World

NEARBY_SECONDS = 60  # the last message of the same sender may supply an order
_QUOTE = re.compile(
    '「[^「」]*」|『[^『』]*』|“[^“”]*”|"[^"]{3,}"|(?m:^\\s*>.*$)|(?m:^[-—–_=\\s]{5,}$)'
)
_AT_NAME = re.compile("@(?:[^\\s,:;。!?@#a-z0-9]{1,8}|[a-z][a-z0-9_.]*)")
# without any of these nothing is quoted, copied or a chain
_BORROWED = re.compile(r'[「『“">\-—–_=接转聊]|\s{5}|fw')
_CHAIN = re.compile("接龙|接力报名")
_COPIED = re.compile("^\\s*(?:【?转发】?|\\[?聊天记录\\]?|fwd?:|转自|转:|\\[转发\\])")


@dataclass(slots=True)
class Scene:
    """What every step of the reading needs to know; `tags` are those of all its tokens."""

    world: World
    message: Message
    text: str = ""
    quoted: str = ""
    names_bot: bool = False
    names_other: bool = False
    tokens: list[Token] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    tags: frozenset[str] = NONE
    followed: bool = False  # something may stand behind a number that changes what it means
    known: Said = field(default_factory=dict)  # claims that were read before
    person: PersonEntry | None = field(init=False)
    customer: str | None = field(init=False)
    outsider: bool = field(init=False)  # somebody who may update nothing at all

    def __post_init__(self) -> None:
        sender = self.message.sender
        self.person = self.world.people.get(sender or "")
        self.customer = sender if sender in self.world.customers else None
        self.outsider = sender is not None and self.person is None

    # people

    @property
    def manager(self) -> bool:
        person = self.person
        return self.message.sender is None or (person is not None and person.may_all)

    def may(self, node: str) -> bool:
        return self.manager or (self.person is not None and node in self.person.nodes)

    # orders

    def visible(self, order_no: str) -> bool:
        """A customer knows of no orders but their own."""
        entry = self.world.get(order_no)
        return entry is not None and (self.customer is None or entry.customer == self.customer)

    @property
    def universe(self) -> tuple[str, ...] | None:
        """The orders that may be offered; None for all of them."""
        return self.world.of_customer(self.customer) if self.customer else None

    def state(self, order_no: str) -> OrderState | None:
        return self.message.state.get(order_no)

    def entry(self, order_no: str) -> OrderEntry:
        return self.world.order(order_no)

    def own_previous(self) -> list[Previous]:
        sender = self.message.sender
        return [p for p in self.message.previous if p.sender == sender and sender is not None]

    def orders_in(self, text: str) -> list[str]:
        found = (m.order for m in find_orders(normalise(text), self.world))
        return list(dict.fromkeys(no for no in found if no and self.visible(no)))

    def supplied(self) -> tuple[list[str], str]:
        """Orders that the surroundings name, and what named them: card, message, recent or ""."""
        reply = self.message.reply_to
        if reply is not None and reply.order and self.visible(reply.order):
            return [reply.order], "card"
        if reply is not None and reply.text:
            named = self.orders_in(reply.text)
            if named:
                return named, "message"
        if self.quoted:
            named = self.orders_in(self.quoted)
            if named:
                return named, "message"
        own = self.own_previous()
        if own and own[-1].seconds_ago <= NEARBY_SECONDS:
            named = [no for no in _applied_orders(own[-1]) if self.visible(no)]
            named = named or self.orders_in(own[-1].text)
            if named:
                return named, "recent"
        if self.customer:
            mine = self.world.of_customer(self.customer)
            if len(mine) == 1:
                return list(mine), "customer"
        return [], ""

    @property
    def private(self) -> bool:
        return self.message.channel == "private"

    @property
    def on_card(self) -> bool:
        reply = self.message.reply_to
        return reply is not None and reply.kind in ("bot_card", "bot_question")


def _applied_orders(previous: Previous) -> list[str]:
    return list(dict.fromkeys(u.order for u in previous.applied if u.order))


def look(world: World, message: Message) -> Scene | None:
    """The scene of a message, or None where its text is no report at all (copied, a chain)."""
    raw = normalise(message.text)
    scene = Scene(world, message)
    text = raw
    if _BORROWED.search(raw):
        if _CHAIN.search(raw) or _COPIED.match(raw):
            return None
        scene.quoted = " ".join(_QUOTE.findall(raw))
        text = _QUOTE.sub(" ", raw) if scene.quoted else raw
        if "「" in text and "」" not in text:
            text = text[: text.index("「")]
    scene.text = _without_names(scene, text)
    scene.names_bot = scene.names_bot or message.mentions_bot
    _read(scene, Lexer(scene.text, message.at, world))
    return None if _copied_from_person(scene) else scene


def _read(scene: Scene, lexer: Lexer) -> None:
    if scene.customer:
        scene.tokens = _hide_foreign(scene, lexer.tokens())
        read = judged(scene.tokens, lexer)
        scene.clauses = read.clauses
    else:
        scene.tokens, scene.clauses, read = framed(lexer)
    scene.tags, scene.followed, scene.known = read.tags, read.followed, read.claims


def _without_names(scene: Scene, text: str) -> str:
    """Take out @names and a bot that is spoken to; note who was meant."""
    if scene.world.bot_named.search(text) is None:
        return text
    for name in scene.world.bot_names:
        if "@" + name in text:
            scene.names_bot = True
            text = text.replace("@" + name, " ")
        elif name in text and re.match(rf"\s*{re.escape(name)}(?![a-z0-9])", text):
            scene.names_bot = True
            text = text.replace(name, " ", 1)
    if "@" not in text:
        return text
    for everyone in ("@所有人", "@all", "@全体成员", "@大家"):
        text = text.replace(everyone, " ")
    for name in sorted(_called(scene.world), key=len, reverse=True):
        if "@" + name in text:
            scene.names_other = True
            text = text.replace("@" + name, " ")
    if _AT_NAME.search(text):
        scene.names_other = True
        text = _AT_NAME.sub(" ", text)
    return text


def _called(world: World) -> Iterable[str]:
    for person in world.people.values():
        yield normalise(person.name)
        if person.title:
            yield normalise(person.title)


def _hide_foreign(scene: Scene, tokens: list[Token]) -> list[Token]:
    """To a customer, another customer's order number is an unknown one."""
    for token in tokens:
        if token.mention and token.mention.order and not scene.visible(token.mention.order):
            token.kind, token.mention = "stranger", None
    return tokens


def _copied_from_person(scene: Scene) -> bool:
    """王建军：A104 绣花完成, pasted by somebody else."""
    tokens = scene.tokens
    if len(tokens) < 3 or tokens[1].text != ":" or "name" not in tokens[0].tags:
        return False
    person = scene.person
    return person is None or normalise(person.name) != tokens[0].text


def shown(text: str) -> str:
    """A text as it was written, for courier numbers."""
    return fold(text)
