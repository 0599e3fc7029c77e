"""WeCom's ciphers against the platform's published examples, and against our own fake of it."""

import json
import os
from pathlib import Path
from typing import Any

import defusedxml.ElementTree as Xml  # type: ignore[import-untyped]
import pytest

from adapters.chat.wecom.crypto import Envelope, Unlocking, Unsealed, key_of
from tests.fakes.wecom_seal import lock, seal, sign

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "payloads/wecom/vectors.json").read_text()
)
PUBLISHED = Envelope(VECTORS["token"], VECTORS["aes_key"], VECTORS["receiver"])
KEY = VECTORS["aes_key"]


def opened(envelope: Envelope, case: dict[str, str]) -> bytes:
    assert envelope.genuine(case["signature"], case["timestamp"], case["nonce"], case["sealed"])
    return envelope.open(case["sealed"])


def test_the_published_verification() -> None:
    assert opened(PUBLISHED, VECTORS["verify"]).decode() == VECTORS["verify"]["plain"]


def test_the_published_message() -> None:
    message = Xml.fromstring(opened(PUBLISHED, VECTORS["message"]))
    assert message.findtext("Content") == "hello"
    assert message.findtext("MsgId") == "4561255354251345929"


def test_the_second_published_verification() -> None:
    case = VECTORS["second"]
    envelope = Envelope(case["token"], case["aes_key"], case["receiver"])
    assert opened(envelope, case).isdigit()


@pytest.mark.parametrize("part", ["signature", "timestamp", "nonce", "sealed"])
def test_whatever_is_changed_is_not_genuine(part: str) -> None:
    case = dict(VECTORS["verify"])
    case[part] = "1" + case[part][1:] if case[part][0] != "1" else "2" + case[part][1:]
    assert not PUBLISHED.genuine(
        case["signature"], case["timestamp"], case["nonce"], case["sealed"]
    )


def test_an_envelope_for_somebody_else_stays_closed() -> None:
    with pytest.raises(Unsealed):
        Envelope("t", KEY, "wwSomebody").open(seal(KEY, "wwElse", b"<xml/>"))
    assert Envelope("t", KEY, "wwMe").open(seal(KEY, "wwMe", b"<xml/>")) == b"<xml/>"


@pytest.mark.parametrize("sealed", ["", "A", "AAAA", "é", "!" * 64, "A" * 64, "A" * 640])
def test_rubbish_stays_closed(sealed: str) -> None:
    with pytest.raises(Unsealed):
        PUBLISHED.open(sealed)


@pytest.mark.parametrize("key", ["", "A" * 42, "A" * 44, "!" * 43, "密" * 43])
def test_keys_that_are_none(key: str) -> None:
    with pytest.raises(ValueError, match="EncodingAESKey"):
        key_of(key)


def test_foreign_signatures_do_not_raise() -> None:
    assert not PUBLISHED.genuine("é", "1", "n", "x")
    assert Envelope("t", KEY, "r").genuine(sign("t", "1", "n", "x").upper(), "1", "n", "x")


@pytest.mark.parametrize("size", [0, 1, 15, 16, 31, 32, 33, 64, 100_000])
@pytest.mark.parametrize("piece", [7, 16, 65536])
def test_media_is_unlocked_in_pieces(size: int, piece: int) -> None:
    plain = os.urandom(size)
    locked, key = lock(plain)
    lifted = Unlocking(key.rstrip("="))
    parts = [lifted.feed(locked[i : i + piece]) for i in range(0, len(locked), piece)]
    assert b"".join(parts) + lifted.end() == plain


def test_media_with_another_key_or_a_missing_end_is_broken() -> None:
    locked, key = lock(b"x" * 100)
    wrong = Unlocking(lock(b"")[1])
    wrong.feed(locked)
    with pytest.raises(ValueError, match="padding"):
        wrong.end()
    short = Unlocking(key)
    short.feed(locked[:-5])
    with pytest.raises(ValueError, match="length"):
        short.end()
    with pytest.raises(ValueError, match="base64"):
        Unlocking("!")
