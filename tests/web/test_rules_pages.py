"""Routes, calendar and escalation, set by an admin on the real program."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from aiohttp import ClientSession

from adapters.web.settings.escalation import look
from bot.app import App
from bot.settings import Settings
from bot.worlds import template
from domain.alarms import TIMER
from domain.commands import Told
from domain.escalation import DEFAULT
from domain.person import SYSTEM, Person, Role
from domain.plan import forecast
from domain.watch import OVERDUE, SILENT
from storage.ledger import Ledger
from tests.web.forms import Pairs, filled, form_of
from tests.web.real import OWN, Real, real

T = TypeVar("T")
GARMENT = "/settings/routes/garment"
CALENDAR = "/settings/calendar"
CHAINS = "/settings/escalation"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Real]:
    async with real(tmp_path / "data") as found:
        await ask(found, lambda ledger: ledger.folk.keep(Person("A01", "管理员", Role.ADMIN)))
        yield found


@pytest.fixture
async def boss(house: Real) -> ClientSession:
    return await house.sign_in("A01")


async def ask(house: Real, work: Callable[[Ledger], T]) -> T:
    return await house.app.store.run(work)


async def get(browser: ClientSession, path: str) -> str:
    async with browser.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


async def post(browser: ClientSession, path: str, pairs: Pairs) -> tuple[int, str]:
    async with browser.post(path, data=pairs, headers=OWN) as answer:
        return answer.status, await answer.text()


async def route(house: Real, key: str, version: int) -> tuple[str, ...]:
    found = await ask(house, lambda ledger: ledger.orders.route_version(key, version))
    return tuple(n.name for n in found.nodes)


async def test_a_route_by_its_form(house: Real, boss: ClientSession) -> None:
    form = form_of(await get(boss, GARMENT), GARMENT)
    changed = filled(form, **{"2__name": "裁片", "2__standard": "1,5", "2__unit": "days"})
    status, text = await post(boss, GARMENT, [*changed, ("do", "check")])
    assert status == 200
    assert 'name = "裁片"\n' in text.replace("&#34;", '"')  # the TOML follows
    assert (await ask(house, lambda ledger: ledger.route("garment"))).version == 1  # type: ignore[union-attr]
    form = form_of(text, GARMENT)
    status, text = await post(boss, GARMENT, [*form, ("do", "keep")])
    assert status == 200
    assert "现在是版本 2" in text
    assert re.search(r"[1-9]\d* 单在做的按旧版本走完", text)
    newest = await ask(house, lambda ledger: ledger.route("garment"))
    assert newest is not None
    assert (newest.nodes[2].name, newest.nodes[2].standard_hours) == ("裁片", 12.0)
    order = await ask(house, lambda ledger: ledger.order("A102"))
    assert order is not None
    assert (order.route.version, order.route.nodes[2].name) == (1, "裁切")
    assert "存了工艺路线「服装定制 v2」" in await get(boss, "/settings/changes")


async def test_a_route_by_its_toml_and_the_form_follows(house: Real, boss: ClientSession) -> None:
    form = form_of(await get(boss, GARMENT), GARMENT)
    toml = dict(form)["toml"].replace('team = "裁床"', 'team = "一车间" # 搬了')
    status, text = await post(boss, GARMENT, [*filled(form, toml=toml), ("do", "check")])
    assert status == 200
    again = dict(form_of(text, GARMENT))
    assert again["2.team"] == "一车间"
    assert "# 搬了" in again["toml"]  # as it was typed, until it is kept
    status, text = await post(boss, GARMENT, [*form_of(text, GARMENT), ("do", "keep")])
    assert "现在是版本 2" in text
    assert "# 搬了" not in text


async def test_faults_stand_at_their_place_and_nothing_typed_is_lost(
    house: Real, boss: ClientSession
) -> None:
    form = form_of(await get(boss, GARMENT), GARMENT)
    wrong = filled(form, **{"3__standard": "两天", "4__name": " ", "0__team": "前台"})
    status, text = await post(boss, GARMENT, [*wrong, ("do", "keep")])
    assert status == 422
    assert "有 2 处要改" in text
    assert 'id="w-3-standard"' in text
    assert 'id="w-4-name"' in text
    again = dict(form_of(text, GARMENT))
    assert (again["3.standard"], again["0.team"]) == ("两天", "前台")
    mended = filled(form_of(text, GARMENT), **{"3__standard": "2", "4__name": "车缝"})
    assert (await post(boss, GARMENT, [*mended, ("do", "keep")]))[0] == 200
    newest = await ask(house, lambda ledger: ledger.route("garment"))
    assert newest is not None
    assert newest.nodes[0].team == "前台"
    broken = filled(form, toml=dict(form)["toml"].replace('name = "备料"', 'name = "备料', 1))
    status, text = await post(boss, GARMENT, [*broken, ("do", "check")])
    assert status == 422
    assert re.search(r"TOML 写到第 \d+ 行读不下去了", text)
    assert "name = &#34;备料\n" in text
    assert "先把 TOML 改对" in text


async def test_both_sides_changed_asks_which_counts(house: Real, boss: ClientSession) -> None:
    form = form_of(await get(boss, GARMENT), GARMENT)
    toml = dict(form)["toml"].replace('team = "裁床"', 'team = "一车间"')
    both = filled(form, toml=toml, **{"0__team": "前台"})
    status, text = await post(boss, GARMENT, [*both, ("do", "keep")])
    assert status == 422
    assert "两边都改了" in text
    for side, place, team in (("form", 0, "前台"), ("toml", 2, "一车间")):
        status, chosen = await post(boss, GARMENT, [*form_of(text, GARMENT), ("side", side)])
        assert status == 200
        assert dict(form_of(chosen, GARMENT))[f"{place}.team"] == team
    assert (await post(boss, GARMENT, [*form_of(text, GARMENT), ("do", "keep")]))[0] == 422


async def test_nodes_are_moved_added_and_taken_away(house: Real, boss: ClientSession) -> None:
    form = form_of(await get(boss, GARMENT), GARMENT)
    for act in ("up:3", "remove:8", "add:7"):
        status, text = await post(boss, GARMENT, [*form, ("do", act)])
        assert status == 200
        form = form_of(text, GARMENT)
    form = filled(form, **{"8__name": "交车"})
    assert (await post(boss, GARMENT, [*form, ("do", "keep")]))[0] == 200
    names = await route(house, "garment", 2)
    assert names[2:4] == ("绣花/印花", "裁切")
    assert names[-2:] == ("包装入库", "交车")
    newest = await ask(house, lambda ledger: ledger.route("garment"))
    assert newest is not None
    assert newest.nodes[3].after == (newest.nodes[2].key,)


async def test_somebody_else_was_faster(house: Real, boss: ClientSession) -> None:
    mine = form_of(await get(boss, GARMENT), GARMENT)
    other = filled(mine, **{"0__team": "前台"})
    assert (await post(boss, GARMENT, [*other, ("do", "keep")]))[0] == 200
    late = filled(mine, **{"0__team": "后台"})
    status, text = await post(boss, GARMENT, [*late, ("do", "keep")])
    assert status == 422
    assert "这时有人存了版本 2" in text
    assert dict(form_of(text, GARMENT))["0.team"] == "后台"


async def test_a_new_route_from_a_template(house: Real, boss: ClientSession) -> None:
    listed = await get(boss, "/settings/routes")
    assert "服装定制" in listed
    assert "没写路线的新单用它" in listed
    begin = "/settings/new-route?from=template:sign&key={}&name=茶牌"
    for key, said in (("Tea sign", "代号只用小写字母"), ("garment", "已经有一条路线")):
        async with boss.get(begin.format(key)) as answer:
            assert answer.status == 422
            assert said in await answer.text()
    text = await get(boss, begin.format("tea-sign"))
    assert await ask(house, lambda ledger: ledger.route("tea-sign")) is None  # nothing yet
    form = form_of(text, "/settings/new-route")
    status, text = await post(boss, "/settings/new-route", [*form, ("do", "keep")])
    assert status == 200
    made = await ask(house, lambda ledger: ledger.route("tea-sign"))
    assert made is not None
    assert (made.name, made.nodes) == ("茶牌", template("sign").nodes)
    status, text = await post(boss, "/settings/new-route", [*form, ("do", "keep")])
    assert status == 422
    assert "已经有一条路线" in text


async def test_another_key_is_refused(house: Real, boss: ClientSession) -> None:
    form = form_of(await get(boss, GARMENT), GARMENT)
    toml = dict(form)["toml"].replace('key = "garment"', 'key = "bag"', 1)
    status, text = await post(boss, GARMENT, [*filled(form, toml=toml), ("do", "keep")])
    assert status == 422
    assert "代号不能改，还得是 garment" in text
    assert (await ask(house, lambda ledger: ledger.route("bag"))).version == 1  # type: ignore[union-attr]
    assert (await boss.get("/settings/routes/nothing")).status == 404
    assert (await boss.post("/settings/routes/nothing", data=form, headers=OWN)).status == 404


def coming(house: Real) -> date:
    """The next working day."""
    calendar, day = house.app.calendar, house.app.calendar.day(house.app.clock.now())
    day += timedelta(days=1)
    while not calendar.is_workday(day):
        day += timedelta(days=1)
    return day


async def test_a_day_off_holds_at_once_and_forecasts_follow(
    house: Real, boss: ClientSession
) -> None:
    app, day = house.app, coming(house)
    order = await ask(house, lambda ledger: ledger.order("A102"))
    assert order is not None
    now = app.clock.now()
    before = forecast(order, now, app.calendar)
    far = app.clock.now() + timedelta(days=9999)
    await ask(house, app.clockwork.arm)
    timers = await ask(house, lambda ledger: ledger.alerts.timers(far, 9999))
    form: Pairs = [("kind", "off"), ("first", str(day)), ("reason", "停电检修")]
    status, text = await post(boss, CALENDAR, [*form, ("do", "look")])
    assert status == 200
    assert "的预计跟着变" in text
    assert "A102" in text
    assert app.calendar.is_workday(day)  # only looked
    status, text = await post(boss, CALENDAR, [*form, ("do", "keep")])
    assert status == 200
    assert "存好了，已经生效" in text
    assert "停电检修" in text
    assert not app.calendar.is_workday(day)
    assert app.calendar.spans(day) == ()
    assert forecast(order, now, app.calendar) > before
    unmoved = await ask(house, lambda ledger: ledger.order("A102"))
    assert unmoved is not None
    assert {k: n.planned_finish for k, n in unmoved.nodes.items()} == {
        k: n.planned_finish for k, n in order.nodes.items()
    }
    later = await ask(house, lambda ledger: ledger.alerts.timers(far, 9999))
    moved = {(k, s): at for k, s, at in later}
    waits = [
        (k, s, at)
        for k, s, at in timers
        if k in (SILENT, OVERDUE) and at > app.calendar.moment(day, app.calendar.week.shifts[0][0])
    ]
    assert waits
    assert all(moved[k, s] >= at for k, s, at in waits)
    assert any(moved[k, s] > at for k, s, at in waits)
    status, text = await post(boss, f"{CALENDAR}/clear", [("first", str(day)), ("last", str(day))])
    assert "去掉了，已经生效" in text
    assert app.calendar.is_workday(day)
    assert forecast(order, now, app.calendar) == before
    back = {
        (k, s): at for k, s, at in await ask(house, lambda ledger: ledger.alerts.timers(far, 9999))
    }
    assert all(abs(back[k, s] - at) < timedelta(seconds=1) for k, s, at in waits)
    log = await get(boss, "/settings/changes")
    assert f"把 {day} 停电检修 设成放假" in log


async def test_days_outlive_the_program(tmp_path: Path) -> None:
    async with real(tmp_path / "data") as house:
        await ask(house, lambda ledger: ledger.folk.keep(Person("A01", "管理员", Role.ADMIN)))
        boss = await house.sign_in("A01")
        form: Pairs = [
            ("kind", "work"), ("first", "2026-12-06"), ("last", "2026-12-06"), ("do", "keep"),
        ]  # fmt: skip
        assert (await post(boss, CALENDAR, form))[0] == 200
        text = DEFAULT.read_text("utf-8").replace("warn_days = 3", "warn_days = 7")
        assert (await post(boss, CHAINS, [("text", text), ("do", "keep")]))[0] == 200
    again = App(Settings(data_dir=tmp_path / "data", _env_file=None))  # type: ignore[call-arg]
    try:
        assert again.calendar.is_workday(date(2026, 12, 6))
        assert not again.calendar.is_workday(date(2026, 12, 13))
        assert again.desk.policy.warn_days == 7
    finally:
        again.store.close()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"first": "morgen"}, "请写一个日期"),
        ({"first": ""}, "请写一个日期"),
        ({"first": "9999-12-31"}, "请写一个日期"),
        ({"first": "2026-12-05", "last": "2026-12-04"}, "要在开始那天或之后"),
        ({"first": "2026-12-05", "last": "2027-12-04"}, "一次最多 62 天"),
    ],
)
async def test_days_that_cannot_be(
    house: Real, boss: ClientSession, form: dict[str, str], said: str
) -> None:
    pairs = [*form.items(), ("reason", "厂庆"), ("do", "keep")]
    status, text = await post(boss, CALENDAR, pairs)
    assert status == 422
    assert said in text
    assert 'value="厂庆"' in text
    assert await ask(house, lambda ledger: ledger.settings.starting("day/")) == {}


async def test_the_year_is_marked_in_words(house: Real, boss: ClientSession) -> None:
    text = await get(boss, f"{CALENDAR}?year=2026")
    assert re.search(r'k-holiday">1<i>休</i>', text)
    assert re.search(r'k-exchanged">10<i>班</i>', text)
    assert "还没公布" not in text
    assert "2040 年的放假安排国家还没公布" in await get(boss, f"{CALENDAR}?year=2040")
    for odd in ("0", "99999", "-1", "x", "２０２６"):
        assert "<table" in await get(boss, f"{CALENDAR}?year={odd}")


async def test_chains_read_as_sentences_and_change_at_once(
    house: Real, boss: ClientSession
) -> None:
    text = await get(boss, CHAINS)
    assert "30 分钟没人接 → 管理，每 30 分钟一次，最多 5 次，点名" in text
    assert "马上 → 班组主管，点名" in text
    toml = dict(form_of(text, CHAINS))["text"].replace("after = 30\n", "after = 45\n")
    toml = toml.replace("after = 30\r\n", "after = 45\r\n")
    status, checked = await post(boss, CHAINS, [("text", toml), ("do", "check")])
    assert status == 200
    assert "45 分钟没人接 → 管理" in checked
    assert house.app.desk.policy.chain("problem")[1].after == 30
    status, kept = await post(boss, CHAINS, [("text", toml), ("do", "keep")])
    assert "存好了，已经生效" in kept
    assert house.app.desk.policy.chain("problem")[1].after == 45
    assert house.app.desk.alarms.policy.chain("problem")[1].after == 45
    status, text = await post(boss, f"{CHAINS}/reset", [])
    assert "恢复好了" in text
    assert house.app.desk.policy.chain("problem")[1].after == 30
    assert await ask(house, lambda ledger: ledger.settings.get("escalation")) == ""
    log = await get(boss, "/settings/changes")
    assert "改了提醒与升级" in log
    assert "恢复成自带的" in log


async def test_a_waiting_alarm_hears_of_a_faster_chain(house: Real, boss: ClientSession) -> None:
    now = house.app.clock.now()
    far = now + timedelta(days=9999)

    def waiting(ledger: Ledger) -> dict[str, int]:
        due = {s for k, s, _ in ledger.alerts.timers(far, 9999) if k == TIMER}
        found = [a for a in ledger.open_alerts() if a.id in due and a.step and not a.count]
        return {a.id: a.step for a in found}

    def sound(ledger: Ledger) -> None:
        order = ledger.order("A102")
        assert order is not None
        house.app.desk.alarms.silent(ledger, order, order.route.nodes[0].key, told)

    told = Told(SYSTEM, now)
    await ask(house, sound)
    asked = await ask(house, waiting)
    assert asked
    text = DEFAULT.read_text("utf-8").replace("after = 120", "after = 1")
    assert (await post(boss, CHAINS, [("text", text), ("do", "keep")]))[0] == 200
    timers = await ask(house, lambda ledger: ledger.alerts.timers(far, 9999))
    times = {s: at for k, s, at in timers if k == TIMER}
    assert all(times[name] <= house.app.clock.now() for name in asked)
    assert await ask(house, waiting) == asked  # nothing was said for it


TEXT = DEFAULT.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "code", "near"),
    [
        (TEXT.replace('to = "supervisor"', 'to = "nobody"', 1), "step", "[[chain.silent]]"),
        (TEXT.replace("times = 5", "times = 0"), "step", "[[chain.problem]]"),
        (TEXT.replace("after = 30", "after = nan"), "step", "[[chain.problem]]"),
        (TEXT.replace("after = 30", "after = -1"), "step", "[[chain.problem]]"),
        (TEXT.replace("after = 30", "aftr = 30"), "step", "[[chain.problem]]"),
        (TEXT.replace('loud = "quiet"', 'loud = "loudly"'), "step", "[[chain.yellow]]"),
        (TEXT.replace('at = ["10:30"', 'at = ["25:30"'), "step", "[[chain.red]]"),
        (TEXT.replace('"10:30"', '"10:30+08:00"'), "step", "[[chain.red]]"),
        (TEXT.replace("[[chain.draft]]", "[[chain.drafts]]"), "no-such-kind", "[[chain.drafts]]"),
        (TEXT.replace("[clocks]", "[clock]"), "no-such-part", "[clock]"),
        (TEXT.replace("report_hours = 2.0 ", "report_hours = -2 "), "value", ""),
        (TEXT.replace('"18:30-08:00"', '"18:30"'), "value", ""),
        (
            TEXT.replace('purchasing = ["采购", "仓管", "purchas"]', 'purchasing = "采购"'),
            "value",
            "",
        ),
        (TEXT.replace("warn_days = 3", "warn_days = inf"), "value", ""),
        (TEXT + "\nx = [", "not-toml", ""),
        (TEXT.replace("[clocks]", "[clocks"), "not-toml", "[clocks"),
        ("", "empty", ""),
    ],
)
def test_what_cannot_be_in_a_declaration(text: str, code: str, near: str) -> None:
    found = look(text)
    assert found is not None
    assert found.code == code
    if near:
        assert text.splitlines()[found.line - 1].startswith(near)


def test_the_one_that_comes_with_us_is_good() -> None:
    assert look(TEXT) is None


async def test_a_wrong_declaration_stays_in_the_field(house: Real, boss: ClientSession) -> None:
    text = TEXT.replace('to = "manager"', 'to = "老板"', 1)
    status, page = await post(boss, CHAINS, [("text", text), ("do", "keep")])
    assert status == 422
    assert "「problem」的第 2 步要改" in page
    assert "老板" in page
    assert house.app.desk.policy.chain("problem")[1].to == "manager"


async def test_a_file_makes_the_page_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(TEXT.replace("after = 30", "after = 20"), "utf-8")
    monkeypatch.setenv("VITRINE_ESCALATION", str(path))
    async with real(tmp_path / "data") as house:
        await ask(house, lambda ledger: ledger.folk.keep(Person("A01", "管理员", Role.ADMIN)))
        boss = await house.sign_in("A01")
        text = await get(boss, CHAINS)
        assert "这里只能看" in text
        assert "20 分钟没人接" in text
        assert "readonly" in text
        assert "保存" not in text
        for where, form in ((CHAINS, [("text", TEXT), ("do", "keep")]), (f"{CHAINS}/reset", [])):
            status, text = await post(boss, where, form)
            assert status == 422
            assert "这里改不了" in text
        assert house.app.desk.policy.chain("problem")[1].after == 20


async def test_the_sandbox_begins_again_without_them(tmp_path: Path) -> None:
    async with real(tmp_path / "data", sandbox=True) as house:
        browser, day = house.stranger(), coming(house)
        form: Pairs = [("kind", "off"), ("first", str(day)), ("do", "keep")]
        assert (await post(browser, CALENDAR, form))[0] == 200
        text = TEXT.replace("warn_days = 3", "warn_days = 7")
        assert (await post(browser, CHAINS, [("text", text), ("do", "keep")]))[0] == 200
        assert not house.app.calendar.is_workday(day)
        assert house.app.sandbox is not None
        await house.app.sandbox.reset(None, "")
        assert house.app.calendar.is_workday(day)
        assert house.app.desk.policy.warn_days == 3


ONE = '[[nodes]]\nkey = "a"\nname = "b"\n'
ODD = (
    "nodes = 1",
    "nodes = [1]",
    "nodes = []",
    "key = 1\nname = {}\nnodes = [{key = {a = 1}}]",
    "stages = 3\n" + ONE,
    "stages = [1]\n" + ONE,
    ONE + "after = {}\nnames = [1]\naliases = 7\nmaterials = {a = 1}",
    '[[nodes]]\nkey = ["a"]\nname = 2024-01-01\nstandard_days = "x"\nphoto = []\nconfirmed_by = 1',
    ONE + "materials = [1, {item = 2, days = {}}]\nwhat = [[{}], 1.5]",
    ONE + "standard_hours = nan\nminutes_per_piece = inf\nafter = [[1]]",
    ONE + "stage = [1]\nphoto = {a = 1}",
    ONE + "aliases = [[1], {}]\nnames = { en = 1 }\ncustomer_visible = 3\nmilestone = []",
    "\x00",
    "[" * 3000,
    "x = 1e999",
)


@pytest.mark.parametrize("toml", ODD)
async def test_odd_toml_is_refused_kindly(house: Real, boss: ClientSession, toml: str) -> None:
    """Whatever shape it has: said what is wrong, and the form goes on as far as there is one."""
    for do in ("check", "keep"):
        status, text = await post(boss, GARMENT, [("toml", toml), ("seen", "1"), ("do", do)])
        assert status == 422
        assert 'role="alert"' in text
    form = filled(form_of(text, GARMENT), **{"0__team": "前台"})
    for do in ("check", "keep", "up:0", "add:0", "remove:0"):
        status, text = await post(boss, GARMENT, [*form, ("do", do)])
        assert status in (200, 422)
    status, _ = await post(boss, CHAINS, [("text", toml), ("do", "keep")])
    assert status == 422
