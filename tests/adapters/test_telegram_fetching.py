"""Photos through bad lines, what the doctor finds, links, and the wording of it all."""

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from string import Formatter

import pytest

from adapters.chat.port import Check
from domain.errors import PhotoFault
from tests.fakes.telegram import TelegramStage
from tests.fakes.telegram_bench import Bench, Notes, jpeg, listening, served
from tests.fakes.telegram_faults import BEFORE, TROUBLE, Refusal

WORDING = Path(__file__).parents[2] / "bot" / "wording"
MB = 1024 * 1024


@pytest.fixture
async def stage() -> AsyncIterator[TelegramStage]:
    async with served() as made:
        yield made


@pytest.fixture
async def bench(stage: TelegramStage) -> AsyncIterator[Bench]:
    async with listening(stage) as made:
        yield made


async def ref_of(bench: Bench, raw: bytes) -> str:
    await bench.stage.photo(bench.stage.group, bench.stage.user("李"), raw)
    await bench.until(lambda: bench.heard)
    return bench.heard[-1].media[0].ref


async def fetched(bench: Bench, ref: str) -> bytes:
    return b"".join([piece async for piece in bench.adapter.fetch(ref)])


async def fault(bench: Bench, ref: str) -> str:
    with pytest.raises(PhotoFault) as caught:
        await fetched(bench, ref)
    assert caught.value.__cause__ is None
    assert bench.stage.token not in str(caught.value)
    return caught.value.code


async def test_a_photo_is_fetched_even_after_a_restart(stage: TelegramStage) -> None:
    raw = jpeg()
    async with listening(stage) as bench:
        ref = await ref_of(bench, raw)
    async with listening(stage) as bench:
        assert await fetched(bench, ref) == raw


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("switch", ["truncated", "stalled"])
async def test_a_broken_download_goes_on_where_it_broke(
    bench: Bench, switch: str, ranges: bool
) -> None:
    raw = jpeg((1600, 1200))
    ref = await ref_of(bench, raw)
    bench.stage.faults.no_ranges = not ranges
    setattr(bench.stage.faults, switch, 2)
    assert await fetched(bench, ref) == raw


async def test_a_download_that_always_breaks(bench: Bench) -> None:
    ref = await ref_of(bench, jpeg())
    bench.stage.faults.truncated = 9
    assert await fault(bench, ref) == "unreachable"
    assert bench.stage.faults.truncated == 6


async def test_a_reader_that_stops_early_leaves_nothing_open(bench: Bench) -> None:
    ref = await ref_of(bench, jpeg((3000, 2000)))
    pieces = bench.adapter.fetch(ref)
    assert await anext(pieces)
    await pieces.aclose()  # type: ignore[attr-defined]
    assert bench.adapter.state == "ok"


async def test_trouble_with_the_address_passes(bench: Bench) -> None:
    raw = jpeg()
    ref = await ref_of(bench, raw)
    bench.stage.faults.on("getFile", TROUBLE, BEFORE)
    assert await fetched(bench, ref) == raw
    bench.stage.faults.on("getFile", Refusal(429, "", {"retry_after": 1}))
    assert await fetched(bench, ref) == raw
    bench.stage.faults.on("getFile", TROUBLE, TROUBLE, TROUBLE)
    assert await fault(bench, ref) == "unreachable"


async def test_a_photo_that_is_gone(bench: Bench) -> None:
    ref = await ref_of(bench, jpeg())
    for kept in bench.stage.world.files.values():
        kept.expired = True
    assert await fault(bench, ref) == "expired"
    bench.stage.faults.on("getFile", Refusal(400, "Bad Request: invalid file_id"))
    assert await fault(bench, ref) == "expired"
    assert await fault(bench, "photo:0:unknown") == "expired"
    for other in ("", "photo", "photo:1", "photo:x:y", "film:1:y"):
        assert await fault(bench, other) == "expired"


async def test_an_address_that_is_gone(bench: Bench) -> None:
    """Telegram knows the id, yet the download is 404."""
    ref = await ref_of(bench, jpeg())
    file_id = ref.split(":", 2)[2]
    kept = bench.stage.world.files[file_id]
    bench.stage.world.files[file_id] = type(kept)(kept.raw, kept.size, "photos/other.jpg")
    bench.stage.world.files["x"] = type(kept)(kept.raw, kept.size, "photos/other.jpg", expired=True)
    bench.stage.world.files = dict(reversed(bench.stage.world.files.items()))
    assert await fault(bench, ref) == "expired"


async def test_what_is_too_large(bench: Bench) -> None:
    world = bench.stage.world
    assert await fault(bench, f"photo:{20 * MB + 1}:AgAC") == "too-large"
    assert await fault(bench, f"video:{50 * MB + 1}:AgAC") == "too-large"
    for size in (20 * MB + 1, 30 * MB):
        film = world.keep_file(b"film", "videos", "mp4", size)
        assert await fault(bench, f"video:{size}:{film}") == "too-large"
    liar = world.keep_file(b"x" * (20 * MB + 1), "photos", "jpg", 1)
    assert await fault(bench, f"photo:0:{liar}") == "too-large"


def check(checks: tuple[Check, ...], code: str) -> Check:
    (found,) = [c for c in checks if c.code == f"telegram.{code}"]
    return found


async def test_what_the_doctor_finds(bench: Bench) -> None:
    assert bench.adapter.checks == ()
    found = await bench.adapter.examine()
    assert [c.well for c in found] == [True] * 4
    assert bench.adapter.checks == found
    bench.stage.world.privacy = True
    bench.stage.world.hook = {"url": "https://old.example", "secret": ""}
    found = await bench.adapter.examine()
    assert check(found, "privacy").well is False
    assert dict(check(found, "privacy").facts)["bot"] == "@vitrine_test_bot"
    assert check(found, "webhook").well is False


async def test_what_the_doctor_can_not_find_out(bench: Bench) -> None:
    bench.stage.faults.on("getMe", Refusal(401, "Unauthorized"))
    assert [c.well for c in await bench.adapter.examine()] == [True, False, None, None]
    bench.stage.faults.on("getWebhookInfo", TROUBLE)
    assert [c.well for c in await bench.adapter.examine()] == [True, True, True, None]
    await bench.stage.stop()
    assert [c.well for c in await bench.adapter.examine()] == [False, None, None, None]


async def test_deep_links(stage: TelegramStage) -> None:
    notes = Notes()
    async with listening(stage, Bench(stage, notes)) as bench:
        assert bench.adapter.deep_link("c-7Qm2Xw") == "https://t.me/vitrine_test_bot?start=c-7Qm2Xw"
        for bad in ("", "a b", "x" * 65, "代码"):
            assert bench.adapter.deep_link(bad) == ""
    await stage.stop()
    async with listening(stage, Bench(stage, notes), wait=False) as bench:
        await bench.until(lambda: bench.adapter.deep_link("x"))
    async with listening(stage, Bench(stage), wait=False) as bench:
        assert bench.adapter.deep_link("x") == ""


async def test_a_broken_memory_does_not_keep_us_from_listening(stage: TelegramStage) -> None:
    notes = Notes()
    notes.kept["telegram.me"] = "{"
    async with listening(stage, Bench(stage, notes)) as bench:
        assert bench.adapter.deep_link("x")


def sentences(language: str) -> dict[str, dict[str, str]]:
    path = WORDING / f"telegram.{language}.toml"
    return dict(tomllib.loads(path.read_text(encoding="utf-8")))


def gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
async def test_every_check_and_alarm_is_worded(bench: Bench, language: str) -> None:
    said, first = sentences(language), sentences("zh-CN")
    assert set(said) == {"check", "alarm"}
    checks = await bench.adapter.examine()
    assert set(said["check"]) == {f"{c.code}{end}" for c in checks for end in ("", ".todo")}
    assert set(said["alarm"]) == {"telegram.conflict", "telegram.token"}
    for found in checks:
        facts = dict(found.facts)
        for end in ("", ".todo"):
            assert said["check"][found.code + end].format(**facts)
    for section, rows in first.items():
        assert {k: gaps(v) for k, v in said[section].items()} == {
            k: gaps(v) for k, v in rows.items()
        }
