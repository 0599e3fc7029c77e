"""A message as clauses: each is judged on its own, with what reaches over from its neighbours.

Punctuation splits first; inside, a new order or node that follows a finished report starts a new
clause, as people leave the commas out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.understanding.lexicon import NONE
from bot.understanding.tokens import Token

REPORTING = frozenset(
    [
        "done",
        "done_after",
        "begin",
        "blocked",
        "postponed",
        "failed",
        "reworked",
        "resumed",
        "half",
        "arrived",
        "doing_after",
    ]
)
_PULLED = frozenset(
    [
        "plan",
        "hope",
        "order_given",
        "first",
        "neg",
        "at_work",
        "begin",
        "hearsay",
        "fill",
        "weak_cond",
        "cond",
    ]
)


@dataclass(slots=True)
class Clause:
    """Some tokens between two stops, and what blocks them.

    `orders`, `strangers`, `nodes` and `amounts` are what is in the tokens, each order once.
    """

    tokens: list[Token]
    stop: str = ""
    blocks: set[str] = field(default_factory=set)
    group: int = 0  # clauses of one punctuated piece share a question mark
    number: int = 0  # its place in the message
    dates: list[Token] = field(default_factory=list)  # own, or of a heading
    tags: frozenset[str] = field(init=False)
    orders: list[str] = field(init=False)
    strangers: list[str] = field(init=False)
    nodes: list[Token] = field(init=False)
    amounts: list[Token] = field(init=False)

    def __post_init__(self) -> None:
        self.tags = NONE.union(*[token.tags for token in self.tokens])
        self.orders, self.strangers, self.nodes, self.amounts = [], [], [], []
        for token in self.tokens:
            if token.kind == "node":
                self.nodes.append(token)
            elif token.kind == "amount":
                self.amounts.append(token)
            elif token.kind == "stranger":
                self.strangers.append(token.text)
            elif token.mention and token.mention.order and token.mention.order not in self.orders:
                self.orders.append(token.mention.order)

    def naming(self, spans: Mapping[int, Token]) -> "Clause":
        """The same clause about the orders that stand at these places."""
        tokens = [spans[t.start] if t.kind == "order" else t for t in self.tokens]
        return Clause(tokens, self.stop, self.blocks, self.group, self.number, self.dates)

    def tagged(self, *tags: str) -> list[Token]:
        if self.tags.isdisjoint(tags):
            return []
        return [t for t in self.tokens if not t.tags.isdisjoint(tags)]

    def has(self, *tags: str) -> bool:
        return not self.tags.isdisjoint(tags)

    def kind(self, kind: str) -> list[Token]:
        return [t for t in self.tokens if t.kind == kind]

    def bare(self, *kinds: str) -> bool:
        """Whether nothing but tokens of these kinds and filling words stands here."""
        return all(t.kind in (*kinds, "mark") or "fill" in t.tags for t in self.tokens)


def split_clauses(tokens: list[Token]) -> list[Clause]:
    """Clauses in order; what blocks them is worked out afterwards."""
    clauses: list[Clause] = []
    for group, (piece, stop) in enumerate(_pieces(tokens)):
        for part in _parts(piece):
            clauses.append(Clause(part, stop, group=group, number=len(clauses)))
    return clauses


def _pieces(tokens: list[Token]) -> Iterator[tuple[list[Token], str]]:
    piece: list[Token] = []
    for n, token in enumerate(tokens):
        if token.kind == "stop" and token.text != "\n" and _asked_next(tokens, n):
            continue  # 完成!? asks
        if token.kind == "stop" or (token.text == ":" and _is_heading(piece)):
            if piece:
                yield piece, token.text
                piece = []
            elif token.text == "?":
                yield [], "?"
        else:
            piece.append(token)
    if piece:
        yield piece, ""


def _asked_next(tokens: list[Token], n: int) -> bool:
    return (
        n + 1 < len(tokens) and tokens[n + 1].text == "?" and tokens[n].end == tokens[n + 1].start
    )


def _is_heading(piece: list[Token]) -> bool:
    return bool(piece) and not any(t.kind in ("order", "node", "stranger") for t in piece)


def _parts(piece: list[Token]) -> list[list[Token]]:
    """Cut a piece where a finished report is followed by another order or node."""
    kinds = [token.kind for token in piece]
    if kinds.count("node") < 2 and kinds.count("order") + kinds.count("stranger") < 2:
        return [piece] if piece else []
    parts: list[list[Token]] = [[]]
    seen = _Seen()
    for index, token in enumerate(piece):
        if _starts_new(token, seen, piece, index):
            parts.append(_pull_back(parts[-1]) if token.kind == "node" else [])
            seen = _Seen()
        parts[-1].append(token)
        seen.note(token)
    return [part for part in parts if part]


@dataclass(slots=True)
class _Seen:
    order: bool = False
    order_last: bool = False  # the first order came after its report
    node: bool = False
    report: bool = False
    amount: bool = False

    def note(self, token: Token) -> None:
        if token.kind in ("order", "stranger"):
            self.order_last = self.order_last or (self.report and not self.order)
            self.order = True
        elif token.kind == "node":
            self.node = True
            self.report = self.report or "perfect" in token.tags
        elif token.tags & REPORTING or (
            token.amount and token.amount.kind in ("of", "pieces", "percent")
        ):
            self.report = True


def _starts_new(token: Token, seen: _Seen, piece: list[Token], index: int) -> bool:
    complete = seen.report and (seen.node or seen.order)
    if token.kind in ("order", "stranger"):
        return complete and seen.order and not (seen.order_last and _listed(piece, index))
    if token.kind == "node" and seen.node and seen.report:
        return seen.order_last or not _listed(piece, index)
    return "begin" in token.tags and seen.node and seen.report and _node_follows(piece, index)


def _listed(piece: list[Token], index: int) -> bool:
    """Whether a token is joined to one of its kind before it (A102、A103)."""
    return (
        index > 0
        and piece[index - 1].text in ("、", "和", "跟", "及", "与", "/", "+", "&")
        and any(t.kind == piece[index].kind for t in piece[max(0, index - 2) : index])
    )


def _node_follows(piece: list[Token], index: int) -> bool:
    return any(t.kind == "node" for t in piece[index + 1 : index + 3])


def _pull_back(part: list[Token]) -> list[Token]:
    """Words after the report that belong to what follows (裁切完成 | 明天绣花)."""
    last = max((n for n, t in enumerate(part) if t.tags & REPORTING or t.amount), default=len(part))
    tail = part[last + 1 :]
    if not tail or "after_done" in tail[0].tags or tail[0].text == "了":
        tail = [] if not tail or "after_done" in tail[0].tags else tail[1:]
    if (
        tail
        and all(t.kind == "date" or t.tags & _PULLED for t in tail)
        and not any(t.text == "后" for t in tail)
    ):
        del part[len(part) - len(tail) :]
        return tail
    return []
