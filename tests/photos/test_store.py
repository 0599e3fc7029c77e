"""The store on disk: durable, written once, deaf to clever names, calm in a crowd."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.errors import NotFound, PhotoFault
from storage.photos import Photos
from tests.photos.samples import PLACE, drawing, encoded, mp4, talkative


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def test_received_bytes_come_back(photos: Photos) -> None:
    raw = talkative()
    digest = photos.spool(raw)
    assert digest == hashlib.sha256(raw).hexdigest()
    assert photos.spooled(digest) == raw
    assert photos.spool(iter([raw[:100], raw[100:]])) == digest
    photos.drop_spooled(digest)
    photos.drop_spooled(digest)
    with pytest.raises(NotFound, match="no-such-photo"):
        photos.spooled(digest)


def test_the_cap_holds_while_receiving(tmp_path: Path) -> None:
    photos = Photos(tmp_path, max_bytes=1000)
    served = []

    def endless() -> Iterator[bytes]:
        while True:
            served.append(1)
            yield b"x" * 300

    with pytest.raises(PhotoFault, match="too-large"):
        photos.spool(endless())
    assert len(served) == 4
    assert files(tmp_path) == []
    digest = photos.spool(b"x" * 2000, video=True)
    with pytest.raises(PhotoFault, match="too-large"):
        photos.keep(digest)


def test_a_torn_connection_leaves_nothing(photos: Photos, tmp_path: Path) -> None:
    def torn() -> Iterator[bytes]:
        yield b"x" * 300
        raise ConnectionError

    with pytest.raises(ConnectionError):
        photos.spool(torn())
    assert files(tmp_path) == []


def test_keep(photos: Photos) -> None:
    raw = talkative()
    kept = photos.keep(photos.spool(raw))
    assert kept.key == hashlib.sha256(photos.open(kept.key)).hexdigest() + ".jpg"
    assert kept.bytes == len(photos.open(kept.key)) == photos.path(kept.key).stat().st_size
    assert (kept.width, kept.height, kept.media, kept.kind) == (640, 480, "image/jpeg", "photo")
    assert photos.open(kept.thumb).startswith(b"\xff\xd8")
    assert photos.path(kept.key).stat().st_mode & 0o077 == 0


def test_the_same_photo_twice_is_one_photo(photos: Photos, tmp_path: Path) -> None:
    raw = talkative()
    first = photos.keep(photos.spool(raw))
    written = {p: p.stat().st_mtime_ns for p in files(tmp_path / "kept")}
    photos.drop_spooled(first.digest)
    assert photos.keep(first.digest) == first
    assert Photos(tmp_path).keep(photos.spool(raw)) == first
    assert {p: p.stat().st_mtime_ns for p in files(tmp_path / "kept")} == written


def test_a_lost_file_is_made_again(photos: Photos) -> None:
    kept = photos.keep(photos.spool(talkative()))
    photos.path(kept.thumb).unlink()
    assert photos.keep(kept.digest) == kept
    assert photos.open(kept.thumb)
    record = next(photos._records.iterdir())
    record.write_bytes(b'{"digest": ')
    assert photos.keep(kept.digest) == kept


def test_likeness(photos: Photos) -> None:
    one = photos.keep(photos.spool(encoded(drawing(seed=1))))
    again = photos.keep(photos.spool(encoded(drawing(seed=1).resize((800, 600)), quality=40)))
    other = photos.keep(photos.spool(encoded(drawing(seed=2))))
    assert photos.same(one.likeness, again.likeness)
    assert not photos.same(one.likeness, other.likeness)
    assert not photos.same("", "")


HEX = "a" * 64
CLEVER = ["", ".", "../../etc/passwd", "/etc/passwd", HEX, HEX.upper() + ".jpg", HEX + ".jpg\n"]
CLEVER += [HEX + ".php", HEX + ".jpg/../x", "а" * 64 + ".jpg", HEX + "\0.jpg", HEX[1:] + ".jpg"]


@pytest.mark.parametrize("name", CLEVER)
def test_clever_names(photos: Photos, name: str) -> None:
    with pytest.raises(NotFound):
        photos.path(name)
    with pytest.raises(NotFound):
        photos.open(name)
    for act in (photos.spooled, photos.drop_spooled, photos.keep, photos.keep_video):
        with pytest.raises(NotFound):
            act(name + "/" if name == HEX else name)


def test_faults_say_what_the_platform_called_it(photos: Photos) -> None:
    digest = photos.spool("这不是照片".encode())
    with pytest.raises(PhotoFault) as caught:
        photos.keep(digest, "image/jpeg")
    assert caught.value.code == "not-a-picture"
    assert caught.value.facts["media"] == "image/jpeg"


def test_thirty_photos_at_once(photos: Photos, tmp_path: Path) -> None:
    raws = [
        encoded(drawing(1600, 1200, seed=i // 2), "PNG" if i % 4 < 2 else "JPEG") for i in range(30)
    ]
    with ThreadPoolExecutor(30) as pool:
        kept = list(pool.map(lambda raw: photos.keep(photos.spool(raw)), raws))
    assert len({k.digest for k in kept}) == 15
    assert [k.digest for k in kept] == [hashlib.sha256(r).hexdigest() for r in raws]
    assert all(a == b for a, b in zip(kept[::2], kept[1::2], strict=True))
    assert files(tmp_path / "temp") == []


def test_a_killed_process_leaves_only_what_is_whole(tmp_path: Path) -> None:
    script = """if True:
        import pathlib, sys
        from storage.photos import Photos
        photos = Photos(pathlib.Path(sys.argv[1]))
        for i in range(10**9):
            digest = photos.spool(b"%d " % i * 40_000)
            print(digest, flush=True)
    """
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [child.stdout.readline().strip() for _ in range(5)]
        time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
        told += child.stdout.read().split()
    photos = Photos(tmp_path)
    for digest in told:
        assert hashlib.sha256(photos.spooled(digest)).hexdigest() == digest
    for path in files(tmp_path / "spool"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def test_leftovers_are_ignored_and_swept(photos: Photos, tmp_path: Path) -> None:
    old, new = tmp_path / "temp" / "old", tmp_path / "temp" / "new"
    old.write_bytes(b"half a pict")
    new.write_bytes(b"half a pict")
    os.utime(old, (1, 1))
    photos = Photos(tmp_path)
    assert not old.exists()
    assert new.exists()
    assert photos.keep(photos.spool(talkative())).kind == "photo"


def test_a_video_with_and_without_its_preview(photos: Photos) -> None:
    digest = photos.spool(mp4(), video=True)
    bare = photos.keep_video(digest)
    assert (bare.kind, bare.media, bare.thumb, bare.likeness) == ("video", "video/mp4", "", "")
    assert (bare.width, bare.height) == (1080, 1920)
    assert PLACE not in photos.open(bare.key)
    assert bare.key.endswith(".mp4")
    with_preview = photos.keep_video(digest, photos.spool(talkative()))
    assert with_preview.key == bare.key
    assert b"Exif" not in photos.open(with_preview.thumb)
    assert photos.keep_video(digest) == with_preview


def test_a_picture_is_no_video(photos: Photos) -> None:
    with pytest.raises(PhotoFault, match="not-a-picture"):
        photos.keep_video(photos.spool(talkative()))
    with pytest.raises(PhotoFault, match="not-a-picture"):
        photos.keep(photos.spool(mp4(), video=True))
