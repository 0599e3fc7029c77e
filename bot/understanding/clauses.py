"""A message as clauses: each is judged on its own, with what reaches over from its neighbours.

Punctuation splits first; inside, a new order or node that follows a finished report starts a new
clause, as people leave the commas out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bot.understanding.tokens import Token

REPORTING = frozenset(
    "done done_after begin blocked postponed failed reworked resumed half arrived doing_after".split()
)
QUESTION = frozenset("ask how_far when who which".split())
_CARRIED = frozenset("plan hope cond hearsay order_given header_plan".split())
_PULLED = frozenset(
    "plan hope order_given first neg at_work begin hearsay fill weak_cond cond".split()
)
_OPENERS = frozenset("is are was were has did does do can could will would should any".split())
_TRAILING_NO = frozenset("没 没有 未 不 冇 木有 没得 伐 未呀 no".split())


@dataclass(slots=True)
class Clause:
    """Some tokens between two stops, and what blocks them."""

    tokens: list[Token]
    stop: str = ""
    blocks: set[str] = field(default_factory=set)
    group: int = 0  # clauses of one punctuated piece share a question mark
    dates: list[Token] = field(default_factory=list)  # own, or of a heading

    def tagged(self, *tags: str) -> list[Token]:
        return [t for t in self.tokens if any(tag in t.tags for tag in tags)]

    def has(self, *tags: str) -> bool:
        return any(tag in t.tags for t in self.tokens for tag in tags)

    def kind(self, kind: str) -> list[Token]:
        return [t for t in self.tokens if t.kind == kind]

    @property
    def orders(self) -> list[str]:
        named = (t.mention.order for t in self.tokens if t.mention and t.mention.order)
        return list(dict.fromkeys(named))

    @property
    def strangers(self) -> list[str]:
        return [t.text for t in self.tokens if t.kind == "stranger"]

    @property
    def nodes(self) -> list[Token]:
        return self.kind("node")

    def bare(self, *kinds: str) -> bool:
        """Whether nothing but tokens of these kinds and filling words stands here."""
        return all(t.kind in (*kinds, "mark") or "fill" in t.tags for t in self.tokens)


def split_clauses(tokens: list[Token], now: datetime) -> list[Clause]:
    """Clauses in order, with their blocks computed and carried."""
    clauses: list[Clause] = []
    for group, (piece, stop) in enumerate(_pieces(tokens)):
        for part in _parts(piece):
            clauses.append(Clause(part, stop, group=group))
    for clause in clauses:
        clause.dates = clause.kind("date")
        clause.blocks = own_blocks(clause, now)
    _spread_within_groups(clauses)
    _spread_headings(clauses, now)
    _spread_tags_back(clauses)
    return clauses


def _pieces(tokens: list[Token]) -> Iterator[tuple[list[Token], str]]:
    piece: list[Token] = []
    for token in tokens:
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


def _is_heading(piece: list[Token]) -> bool:
    return bool(piece) and not any(t.kind in ("order", "node", "stranger") for t in piece)


def _parts(piece: list[Token]) -> list[list[Token]]:
    """Cut a piece where a finished report is followed by another order or node."""
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
    if not tail or "after_done" in tail[0].tags or "了" == tail[0].text:
        tail = [] if not tail or "after_done" in tail[0].tags else tail[1:]
    if (
        tail
        and all(t.kind == "date" or t.tags & _PULLED for t in tail)
        and not any(t.text == "后" for t in tail)
    ):
        del part[len(part) - len(tail) :]
        return tail
    return []


def own_blocks(clause: Clause, now: datetime) -> set[str]:
    """What in the clause itself forbids to take it for a report."""
    blocks = {tag for tag in ("hope", "cond", "hearsay") if clause.has(tag)}
    if clause.stop == "?" or clause.has(*QUESTION) or _trailing_no(clause) or _english_question(clause):
        blocks.add("question")
    elif clause.has("neg"):
        blocks.add("neg")
    if clause.has("plan", "header_plan"):
        blocks.add("plan")
    if any(is_future(t, now) for t in clause.dates) or _deadline(clause):
        blocks.add("future")
    if clause.has("order_given") or (clause.has("first") and not _perfective(clause)):
        blocks.add("order_given")
    if _after_done(clause) or _waits_for_work(clause):
        blocks.add("cond")
    return blocks


def _english_question(clause: Clause) -> bool:
    """is A102 done: the verb comes first."""
    words = [t for t in clause.tokens if t.kind != "mark"]
    return len(words) > 1 and words[0].text in _OPENERS


def _deadline(clause: Clause) -> bool:
    """周五前 is a plan, whatever the day."""
    return any(
        a.kind == "date" and a.end == b.start and b.text in ("前", "之前", "以前")
        for a, b in zip(clause.tokens, clause.tokens[1:], strict=False)
    )


def is_future(token: Token, now: datetime) -> bool:
    """A later day, or a later hour of today."""
    found = token.date
    if found is None:
        return False
    if found.past is not None and found.past <= now.date() and found.date > now.date():
        return (
            True  # a weekday or day of the month: read as coming, unless the clause is perfective
        )
    if found.date != now.date():
        return found.date > now.date()
    if found.time is not None:
        return found.time > now.time()
    return found.part_ends is not None and _part_begins(found.part_ends) > now.hour


def _part_begins(ends: int) -> int:
    return {6: 0, 8: 5, 9: 5, 12: 7, 13: 11, 18: 12, 19: 17, 23: 18, 22: 18}.get(ends, 0)


def _trailing_no(clause: Clause) -> bool:
    """完成没, 裁好了没有: a question without a mark."""
    words = [t for t in clause.tokens if t.kind != "mark"]
    if len(words) < 2 or words[-1].text not in _TRAILING_NO:
        return False
    return bool(words[-2].tags & REPORTING) or words[-2].kind == "node" or words[-2].text == "了"


def _perfective(clause: Clause) -> bool:
    return any(t.text == "了" or t.text.endswith("了") for t in clause.tokens)


def _after_done(clause: Clause) -> bool:
    """完成后, 好了就, 裁完再: what is reported is only the condition of something else."""
    for before, token in zip(clause.tokens, clause.tokens[1:], strict=False):
        if "after_done" in token.tags and (before.tags & REPORTING or before.text == "了"):
            return True
        if (
            "after_done" in token.tags
            and before.kind == "node"
            and token.text in ("后", "之后", "以后", "之前", "以前", "前", "时")
        ):
            return True
    return False


def _waits_for_work(clause: Clause) -> bool:
    """等A102裁完: waiting for work is a condition; waiting for goods is a delay."""
    for n, token in enumerate(clause.tokens):
        if "waits" in token.tags or token.text == "待":
            rest = clause.tokens[n + 1 :]
            if any(
                t.tags & {"done", "done_after", "arrived"} or t.text in ("再", "就", "才", "后")
                for t in rest
            ):
                return not any(
                    t.text == "才" and "plan" in u.tags
                    for t, u in zip(rest, rest[1:], strict=False)
                )
    return False


def _spread_within_groups(clauses: list[Clause]) -> None:
    """A question covers its whole piece; a plan or hearsay what follows it in the piece."""
    for group in {c.group for c in clauses}:
        members = [c for c in clauses if c.group == group]
        if any("question" in c.blocks for c in members):
            for member in members:
                member.blocks.add("question")
        carried: set[str] = set()
        for member in members:
            member.blocks |= carried
            carried |= member.blocks & {"cond", "hearsay", "hope", "order_given"}


def _spread_headings(clauses: list[Clause], now: datetime) -> None:
    """明天：…, 计划：…, 如果…，…: a heading or a condition reaches into the following clauses."""
    heading: set[str] = set()
    dates: list[Token] = []
    for n, clause in enumerate(clauses):
        clause.blocks |= heading
        if dates and not clause.dates and not clause.orders == []:
            clause.dates = list(dates)
        if clause.stop == ":" and not clause.nodes and not clause.orders:
            heading = clause.blocks & {
                "plan",
                "future",
                "hope",
                "hearsay",
                "cond",
                "order_given",
                "question",
            }
            heading |= {"plan"} if clause.has("header_plan") else set()
            dates = clause.kind("date")
        if n + 1 < len(clauses):
            _hand_on(clause, clauses[n + 1])


def _hand_on(clause: Clause, after: Clause) -> None:
    if after.group == clause.group:
        return
    has_report = any(t.tags & REPORTING for t in clause.tokens)
    if (
        "cond" in clause.blocks
        and clause.has("cond", "waits", "weak_cond")
        and clause.stop in (",", "")
    ):
        after.blocks.add("cond")
    if (
        "hearsay" in clause.blocks
        and clause.has("hearsay")
        and clause.stop in (",", ":")
        and (not has_report or not after.orders)
    ):
        after.blocks.add("hearsay")
    if clause.bare("date") and clause.dates and clause.stop == ",":
        after.blocks |= clause.blocks & {"future"}
        after.dates = after.dates or clause.dates


def _spread_tags_back(clauses: list[Clause]) -> None:
    """对吗?, 是不是, 听说的: a clause of nothing else belongs to the one before it."""
    for before, clause in zip(clauses, clauses[1:], strict=False):
        content = [t for t in clause.tokens if t.kind not in ("mark",) and "fill" not in t.tags]
        tail = {"question", "hearsay", "future", "plan", "cond"} & clause.blocks
        if (
            tail
            and not clause.orders
            and not clause.nodes
            and all(
                t.tags & (QUESTION | {"hearsay", "plan", "hope", "cond", "done"})
                or t.kind == "date"
                for t in content
            )
            and not any(t.tags & {"when", "who", "which", "how_far"} for t in content)
        ):
            if not content and clause.stop != "?":
                continue
            for earlier in clauses:
                if earlier.group == before.group:
                    earlier.blocks |= tail
