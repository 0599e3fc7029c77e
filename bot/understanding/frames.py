"""Messages that differ in nothing but the order they name are cut and judged once.

A factory says `… 裁切完成` all day. The frame of a message is its text with the digits of its open
orders as zeros; the lexer then reads the frame itself, so what is remembered for a frame is what
reading it again would find. Only which orders are meant is put in anew.
"""

from dataclasses import dataclass

from bot.understanding.behind import followed
from bot.understanding.blocks import spread
from bot.understanding.claims import Claim
from bot.understanding.clauses import Clause, split_clauses
from bot.understanding.lexicon import NONE
from bot.understanding.routes import AliasTable
from bot.understanding.tokens import Frame, Lexer, Token

_KEPT = 2048  # frames at most; a group's own phrases are a few hundred
Key = tuple[AliasTable, tuple[AliasTable, ...], tuple[int, ...]]
Said = dict[Key, tuple[list[Claim], bool, list[Clause]]]


@dataclass(frozen=True, slots=True)
class Reading:
    """Tokens and judged clauses of a frame, and what else does not depend on its orders.

    `claims` fills up: by the route, all routes and the numbers of the clauses, what is claimed and
    what the statement keeps.
    """

    tokens: list[Token]
    clauses: list[Clause]
    tags: frozenset[str]
    followed: bool
    claims: Said


def judged(tokens: list[Token], lexer: Lexer) -> Reading:
    """The tokens as clauses with their blocks."""
    clauses = split_clauses(tokens)
    spread(clauses, lexer.now)
    tags = NONE.union(*[clause.tags for clause in clauses])
    return Reading(tokens, clauses, tags, followed(tokens, lexer.text), {})


def framed(lexer: Lexer) -> tuple[list[Token], list[Clause], Reading]:
    """Tokens and clauses of a message, and the reading of its frame."""
    frame = lexer.frame()
    readings = lexer.world.voice.readings
    known: Reading | None = readings.get(frame) if frame else None
    if known is None:
        known = judged(lexer.tokens(), lexer)
        if frame:
            _keep(readings, frame, known)
        return known.tokens, known.clauses, known
    if not lexer.mentions:
        return known.tokens, known.clauses, known
    spans = lexer.spans
    tokens = [spans[t.start] if t.kind == "order" else t for t in known.tokens]
    return tokens, [c.naming(spans) if c.orders else c for c in known.clauses], known


def _keep(readings: dict[Frame, Reading], frame: Frame, reading: Reading) -> None:
    if len(readings) >= _KEPT:
        del readings[next(iter(readings))]
    readings[frame] = reading
