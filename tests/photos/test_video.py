"""A kept video shows and sounds as before and tells nothing else."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import PhotoFault
from storage.videos import clean_video, container_of
from tests.photos.samples import PICTURES, PLACE, SECRET, SOUND, TRACE, mp4, webm


def top_level(data: bytes) -> list[tuple[bytes, int]]:
    found, at = [], 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, size))
        at += size
    return found


@pytest.mark.parametrize("brand", [b"isom", b"mp42", b"qt  ", b"3gp4"])
def test_the_place_is_gone_and_every_offset_stays(brand: bytes) -> None:
    raw = mp4(brand)
    video = clean_video(raw)
    assert video.extension == ("mov" if brand == b"qt  " else "mp4")
    assert len(video.data) == len(raw)
    assert [size for _, size in top_level(video.data)] == [size for _, size in top_level(raw)]
    for told in (PLACE, SECRET, TRACE, b"\xa9xyz", b"xmpmeta", b"location", b"udta", b"uuid"):
        assert told in raw
        assert told not in video.data
    for shown in (PICTURES, SOUND):
        assert video.data.index(shown) == raw.index(shown)
    assert struct.pack(">I", 3_900_000_000) not in video.data


def test_a_phone_held_upright() -> None:
    assert (clean_video(mp4()).width, clean_video(mp4()).height) == (1080, 1920)
    assert clean_video(mp4(upright=False)).width == 1920


@pytest.mark.parametrize("live", [False, True])
def test_webm_tags_are_void(live: bool) -> None:
    raw = webm(live)
    video = clean_video(raw)
    assert len(video.data) == len(raw)
    assert SECRET not in video.data
    assert PLACE not in video.data
    assert video.data.index(PICTURES) == raw.index(PICTURES)


def test_cleaning_twice_changes_nothing() -> None:
    for raw in (mp4(), webm(), webm(live=True)):
        once = clean_video(raw).data
        assert clean_video(once).data == once


@pytest.mark.parametrize("tenth", range(10))
def test_a_torn_video_is_broken(tenth: int) -> None:
    raw = mp4()
    with pytest.raises(PhotoFault) as caught:
        clean_video(raw[: len(raw) * tenth // 10])
    assert caught.value.code == ("not-a-picture" if tenth == 0 else "broken")


def test_what_is_no_video() -> None:
    for raw in (b"", b"hello", b"\0\0\0\x18ftypheic" + b"\0" * 20, b"\x1a\x45\xdf\xa3matroska"):
        with pytest.raises(PhotoFault, match="not-a-picture"):
            clean_video(raw)
        assert container_of(raw) == ""


@settings(max_examples=300, deadline=None)
@given(
    seed=st.sampled_from([mp4(), webm(), webm(live=True)]),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=8)), max_size=6),
)
def test_damage_is_a_polite_fault(seed: bytes, cuts: list[tuple[float, bytes]]) -> None:
    raw = bytearray(seed)
    for where, patch in cuts:
        at = int(where * (len(raw) - 1))
        raw[at : at + len(patch)] = patch
    try:
        video = clean_video(bytes(raw))
    except PhotoFault:
        return
    assert len(video.data) == len(raw)
