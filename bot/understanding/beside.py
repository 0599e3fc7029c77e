"""What stands right beside an order number and changes what it means: a place, a second number."""

import re
from dataclasses import replace

from bot.understanding.behind import ALSO, PLACE
from bot.understanding.gate import MAX_OFFERED, Outcome, ask
from bot.understanding.lexicon import MARKERS
from bot.understanding.model import Update
from bot.understanding.scene import Scene
from bot.understanding.statements import Statement

_LISTING = frozenset("/和与及跟、&+")
_LAST_GROUP = re.compile(r"\d+$")


def glued_to_place(statement: Statement, order_no: str, scene: Scene) -> bool:
    """B7区, A102号车间, B7螺丝: the number may be that of a place, a machine or a part."""
    if not scene.followed:
        return False
    for clause in statement.clauses:
        for token in clause.tokens:
            if token.mention is None or token.mention.order != order_no:
                continue
            match = PLACE.match(scene.text, token.end)
            if match is None or _is_node(scene, token.end, match.end()):
                continue
            if not match["one"] or _word_at(scene, match.end()):
                return True
    return False


def _word_at(scene: Scene, at: int) -> bool:
    """B7区|喷漆, but A102层板: one character is a place only where a known word goes on."""
    text = scene.text
    if at >= len(text) or not text[at].isalnum():
        return True
    return bool(scene.world.words.longest(text, at) or MARKERS.longest(text, at))


def _is_node(scene: Scene, start: int, end: int) -> bool:
    """A102组装, A102线切割: a node word begins here and runs on behind the place."""
    words = scene.world.words
    return any(
        at + len(alias) >= end
        for at in range(start, end)
        if (alias := words.longest(scene.text, at))
    )


def second_numbers(statement: Statement, updates: list[Update], scene: Scene, out: Outcome) -> None:
    """A102和103裁切完成: a short second number is asked for, never passed over."""
    if not scene.followed:
        return
    for token in scene.tokens:
        order = token.mention.order if token.mention else None
        if order is None or order not in statement.orders:
            continue
        end = token.end
        while match := ALSO.match(scene.text, end):
            group = _LAST_GROUP.search(token.text)
            read = {t.start for t in scene.tokens if t.mention is not None}
            if group is None:
                break
            digits, end = match[2], match.end()
            if match.start(2) in read:
                break
            quantity = int(digits) == scene.entry(order).quantity
            if match[1] not in _LISTING and (quantity or len(digits) != len(group.group())):
                break
            pending = [replace(u, order=None) for u in updates if u.order == order]
            ending = scene.world.ending(digits, scene.universe)
            question = ask("suffix", "order", pending, ending[:MAX_OFFERED])
            if question not in out.asks:
                out.asks.append(question)
