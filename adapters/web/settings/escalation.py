"""Who hears of what, as sentences, with the TOML that says so beside them."""

import re
import tomllib
from dataclasses import dataclass

from aiohttp import web

from adapters.web.access.visitor import visitor_of
from adapters.web.bodies import read_small_pairs
from adapters.web.doors import DOORS, present
from adapters.web.settings.page import back, refusal, shown
from adapters.web.settings.route_text import line_of
from adapters.web.settings.rules_port import Rules
from adapters.web.site import language_of, site_of
from adapters.web.words import Words
from domain.errors import DomainError, Refused, RouteFault
from domain.escalation import KINDS, Policy, Step, from_toml

MOST = 128 * 2**10
_CHAIN = r"^\s*\[\[\s*chain\s*\.\s*[\"']?{kind}[\"']?\s*\]\]"


@dataclass(frozen=True, slots=True)
class Wrong:
    """What cannot be in a declaration: its line (0 where it has none), kind and step."""

    code: str
    line: int = 0
    kind: str = ""
    step: int = 0
    detail: str = ""


def rules_of(request: web.Request) -> Rules:
    """The port, or 404 where the house has none."""
    return present(request.app[DOORS].rules)


async def chains(request: web.Request) -> web.StreamResponse:
    """The chains in force."""
    return await _page(request)


async def _page(
    request: web.Request, text: str | None = None, wrong: Wrong | None = None, said: str = ""
) -> web.StreamResponse:
    found = await rules_of(request).chains()
    policy, looked = found.policy, False
    if text is not None and wrong is None:
        policy, looked = from_toml(text), text != found.text
    words = Words(site_of(request).house, language_of(request, visitor_of(request).person.language))
    told = request.query.get("told", "")
    return shown(
        request, "settings-escalation.html", "escalation", 422 if wrong or said else 200,
        found=found, text=found.text if text is None else text, wrong=wrong, said=said,
        looked=looked, policy=policy,
        rows=[(kind, sentences(policy, kind, words)) for kind in KINDS],
        quiet=words("rules.and").join(f"{a:%H:%M}–{b:%H:%M}" for a, b in policy.quiet),
        report=_plain(policy.report), overdue=_plain(policy.overdue), near=_near(text, wrong),
        told=told if told in ("kept", "reset") and request.method == "GET" else "",
    )  # fmt: skip


def sentences(policy: Policy, kind: str, words: Words) -> list[str]:
    """A chain as people say it, a sentence a step."""
    return [_sentence(step, words, policy) for step in policy.chain(kind)]


def _sentence(step: Step, words: Words, policy: Policy) -> str:
    span = _time(step.after, words)
    after = words("rules.after", t=span) if step.after else words("rules.at_once")
    parts = [words("rules.step", when=after, to=_whom(step.to, words, policy))]
    if step.times > 1 and step.at:
        clocks = words("rules.and").join(f"{c:%H:%M}" for c in step.at)
        parts.append(words("rules.again_at", clocks=clocks, n=step.times))
    elif step.times > 1 and step.every:
        parts.append(words("rules.again", t=_time(step.every, words), n=step.times))
    parts.append(words(f"rules.loud_{step.loud.name.lower()}"))
    if step.always:
        parts.append(words("rules.always"))
    return words("rules.comma").join(parts)


def _whom(to: str, words: Words, policy: Policy) -> str:
    known = ("team_lead", "supervisor", "manager", "merchandiser")
    named = policy.roles.get(to, ())
    shown_as = words(f"rules.to_{to}") if to in known else to
    return f"{shown_as} ({', '.join(named)})" if to not in known and named else shown_as


def _time(minutes: float, words: Words) -> str:
    """`30 分钟`, `2 小时`."""
    if minutes >= 60 and minutes % 60 == 0:
        return words("rules.hours", n=int(minutes // 60))
    return words("rules.minutes", n=_plain(minutes))


def _plain(number: float) -> float:
    """`2` instead of `2.0`."""
    return int(number) if float(number).is_integer() else number


def _near(text: str | None, wrong: Wrong | None) -> str:
    """The line at which something is wrong."""
    lines = (text or "").splitlines()
    at = wrong.line if wrong else 0
    return lines[at - 1].strip()[:80] if 0 < at <= len(lines) else ""


def look(text: str) -> Wrong | None:
    """What cannot be in a declaration, with its line."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        return Wrong("not-toml", line_of(str(error), text))
    try:
        policy = from_toml(text)
    except RouteFault as error:
        kind, step = str(error.facts.get("chain", "")), int(str(error.facts.get("step", 0)))
        detail = str(error.facts.get("detail", ""))
        return Wrong("step" if kind else "value", _line(text, kind, step), kind, step + 1, detail)
    strange = next((k for k in policy.chains if k not in KINDS), "")
    if strange:
        return Wrong("no-such-kind", _line(text, strange, 0), strange)
    parts = {"quiet", "clocks", "supervisors", "roles", "reasons", "chain"}
    lost = next((k for k in data if k not in parts), "")
    if lost:
        return Wrong("no-such-part", _first(text, lost), lost)
    return None if policy.chains else Wrong("empty")


def _line(text: str, kind: str, step: int) -> int:
    """The line at which a step begins."""
    if not kind:
        return 0
    head = re.compile(_CHAIN.format(kind=re.escape(kind)))
    lines = [n for n, line in enumerate(text.splitlines(), 1) if head.match(line)]
    return lines[step] if step < len(lines) else 0


def _first(text: str, word: str) -> int:
    return next((n for n, line in enumerate(text.splitlines(), 1) if word in line), 0)


async def change(request: web.Request) -> web.StreamResponse:
    """Check another declaration, or keep it."""
    form = dict(await read_small_pairs(request, MOST))
    text = form.get("text", "").replace("\r\n", "\n")
    wrong = look(text)
    if wrong is not None or form.get("do") != "keep":
        return await _page(request, text, wrong)
    try:
        await rules_of(request).keep_chains(text, visitor_of(request).person)
    except DomainError as error:
        return await _page(request, text, None, refusal(request, error))
    raise back(request, "/settings/escalation", told="kept")


async def reset(request: web.Request) -> web.StreamResponse:
    """The declaration that comes with us."""
    await read_small_pairs(request)
    try:
        await rules_of(request).keep_chains("", visitor_of(request).person)
    except Refused as error:
        return await _page(request, None, None, refusal(request, error))
    raise back(request, "/settings/escalation", told="reset")


ROUTES = [
    web.get("/settings/escalation", chains),
    web.post("/settings/escalation", change),
    web.post("/settings/escalation/reset", reset),
]
