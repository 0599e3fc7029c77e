"""What forbids to take a clause for a report, and how far that reaches over its neighbours."""

from datetime import datetime
from itertools import pairwise

from bot.understanding.clauses import REPORTING, Clause
from bot.understanding.tokens import Token

QUESTION = frozenset(["ask", "how_far", "when", "who", "which"])
_CARRIED = frozenset(["hope", "cond", "hearsay"])
_PLANNED = frozenset(["plan", "header_plan"])
_OPENERS = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "has",
        "did",
        "does",
        "do",
        "can",
        "could",
        "will",
        "would",
        "should",
        "any",
    ]
)
_TRAILING_NO = frozenset(["没", "没有", "未", "不", "冇", "木有", "没得", "伐", "未呀", "no"])


def spread(clauses: list[Clause], now: datetime) -> None:
    """Give every clause its blocks, its own and those that reach over from its neighbours."""
    for clause in clauses:
        clause.dates = clause.kind("date")
        clause.blocks = own_blocks(clause, now)
    if len(clauses) > 1:
        _spread_within_groups(clauses)
        _spread_headings(clauses, now)
        _spread_tags_back(clauses)


def own_blocks(clause: Clause, now: datetime) -> set[str]:
    """What in the clause itself forbids to take it for a report."""
    tags, texts = clause.tags, [t.text for t in clause.tokens]
    blocks = set(tags & _CARRIED)
    if "cond" in blocks and _waits_for_a_day(clause):
        blocks.remove("cond")
    if clause.stop == "?" or not QUESTION.isdisjoint(tags) or _asked_in_words(clause):
        blocks.add("question")
    elif "neg" in tags:
        blocks.add("neg")
    if (
        not _PLANNED.isdisjoint(tags)
        or ("得" in texts and _has_to(clause))
        or (clause.amounts and _takes_days(clause))
        or ("after_done" in tags and _soon(clause, now))
    ):
        blocks.add("plan")
    if clause.dates and (any(is_future(t, now) for t in clause.dates) or _deadline(clause)):
        blocks.add("future")
    if "order_given" in tags or ("first" in tags and not _perfective(clause)):
        blocks.add("order_given")
    if ("after_done" in tags and _after_done(clause)) or (
        ("waits" in tags or "待" in texts) and _waits_for_work(clause)
    ):
        blocks.add("cond")
    return blocks


def _has_to(clause: Clause) -> bool:
    """A102得裁完: 得 behind the order is an obligation, behind a verb a praise."""
    return any(b.text == "得" and a.kind in ("order", "date") for a, b in pairwise(clause.tokens))


def _takes_days(clause: Clause) -> bool:
    """裁切两天完成: how long it takes, unless 了 says it is over."""
    if _perfective(clause):
        return False
    return any(
        a.amount is not None and a.amount.kind == "days" and b.tags & {"done", "done_after"}
        for a, b in pairwise(clause.tokens)
    )


def _soon(clause: Clause, now: datetime) -> bool:
    """裁切就完成了 is about to be, unless the day it speaks of is over (昨天就完成了)."""
    if not clause.has("formal"):
        return False
    if not any(a.text == "就" and b.text.startswith(("完成", "完工", "完毕"))
               for a, b in pairwise(clause.tokens)):  # fmt: skip
        return False
    return not any(t.date and t.date.date < now.date() for t in clause.dates)


def _waits_for_a_day(clause: Clause) -> bool:
    """备料等到周五: a delay; 等到周五裁完再发 is none."""
    if any(t.tags & {"done", "done_after"} or t.text in ("再", "就") for t in clause.tokens):
        return False
    return all(
        t.text == "等到" and n + 1 < len(clause.tokens) and clause.tokens[n + 1].kind == "date"
        for n, t in enumerate(clause.tokens)
        if "cond" in t.tags
    )


def _asked_in_words(clause: Clause) -> bool:
    """is A102 done, where the verb comes first; 完成没, 裁好了没有, without a mark."""
    words = [t for t in clause.tokens if t.kind != "mark"]
    if len(words) < 2:
        return False
    if words[0].text in _OPENERS:
        return True
    if words[-1].text not in _TRAILING_NO:
        return False
    return bool(words[-2].tags & REPORTING) or words[-2].kind == "node" or words[-2].text == "了"


def _deadline(clause: Clause) -> bool:
    """周五前 is a plan, whatever the day."""
    return any(
        a.kind == "date" and a.end == b.start and b.text in ("前", "之前", "以前")
        for a, b in pairwise(clause.tokens)
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


def _perfective(clause: Clause) -> bool:
    return any(t.text == "了" or t.text.endswith("了") for t in clause.tokens)


def _after_done(clause: Clause) -> bool:
    """完成后, 好了就, 裁完再: what is reported is only the condition of something else."""
    for before, token in pairwise(clause.tokens):
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
                return not any(t.text == "才" and "plan" in u.tags for t, u in pairwise(rest))
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


def _done_heading(clause: Clause, now: datetime) -> bool:
    """已完成：, 昨天完成：; a bare 今天完成： may be the plan of the day."""
    if clause.blocks or not clause.has("formal") or clause.kind("text"):
        return False
    over = any(t.date and t.date.date < now.date() for t in clause.dates)
    return over or _perfective(clause) or any(t.text.startswith("已") for t in clause.tokens)


def _finish(clause: Clause) -> None:
    """Let a line of a list under such a heading say what the heading says."""
    if clause.orders and clause.nodes:
        end = clause.tokens[-1].end
        tags = frozenset({"done", "formal"})
        clause.tokens = [*clause.tokens, Token("word", "完成", end, end, tags)]
        clause.tags |= tags


def _spread_headings(clauses: list[Clause], now: datetime) -> None:
    """明天：…, 计划：…, 如果…，…: a heading or a condition reaches into the following clauses."""
    heading: set[str] = set()
    dates: list[Token] = []
    done = False
    for n, clause in enumerate(clauses):
        clause.blocks |= heading
        if done and not clause.blocks and clause.bare("order", "node", "amount", "date"):
            _finish(clause)
        if dates and not clause.dates and clause.orders:
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
            done = _done_heading(clause, now)
        if n + 1 < len(clauses):
            _hand_on(clause, clauses[n + 1])


def _hand_on(clause: Clause, after: Clause) -> None:
    """What reaches over a comma: 听说…，…, 如果…，…, 明天，…."""
    if after.group == clause.group:
        return
    has_report = any(t.tags & REPORTING for t in clause.tokens)
    waits = "cond" in clause.blocks and clause.has("waits", "weak_cond") and not after.orders
    if clause.stop in (",", "") and (clause.has("cond") or waits):
        after.blocks.add("cond")
    if (
        "hearsay" in clause.blocks
        and clause.stop in (",", ":", "")
        and (not has_report or not after.orders or not clause.orders)
    ):
        after.blocks.add("hearsay")
    if clause.bare("date") and clause.dates and clause.stop == ",":
        after.blocks |= clause.blocks & {"future"}
        after.dates = after.dates or clause.dates


def _spread_tags_back(clauses: list[Clause]) -> None:
    """对吗?, 是不是, 听说的: a clause of nothing else belongs to the one before it."""
    for before, clause in pairwise(clauses):
        content = [t for t in clause.tokens if t.kind not in ("mark",) and "fill" not in t.tags]
        tail = {"question", "hearsay", "future", "plan", "cond"} & clause.blocks
        if clause.has("done", "done_after"):
            tail -= {"future", "plan"}  # 组装中，明天好 says two things
        if "hearsay" in tail and clause.tokens[0].text.startswith(("听", "据")):
            content = []
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
            if not content and clause.stop != "?" and "hearsay" not in tail:
                continue
            for earlier in clauses:
                if earlier.group == before.group:
                    earlier.blocks |= tail
