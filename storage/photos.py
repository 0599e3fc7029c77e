"""Pictures and short videos on disk: content-addressed, written once, clean before they are seen.

`spool` makes the received bytes safe before a message is acknowledged; `keep` turns them into what
we show. Names are hashes, never a sender's file name. Another store needs these seven methods only.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from domain.errors import NotFound, PhotoFault
from storage.pictures import clean
from storage.videos import MEDIA, clean_video

MAX_BYTES = 20 * 1024 * 1024
MAX_VIDEO_BYTES = 50 * 1024 * 1024
MAX_PIXELS = 40_000_000
NEAR = 10

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{64}\.(jpg|mp4|mov|webm)", re.ASCII)
_LEFTOVER_AGE = 3600


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """What is known of a kept picture or video.

    `digest` is the SHA-256 of the received bytes, `key` and `thumb` name files of the store,
    `width`, `height`, `bytes` and `media` describe the file under `key`, `likeness` is a 64-bit
    difference hash in hex (empty for a video), `taken_at` is the camera's own clock without zone.
    """

    digest: str
    key: str
    thumb: str
    width: int
    height: int
    bytes: int
    media: str
    kind: str
    likeness: str
    taken_at: str | None


class Photos:
    """The store. Every method may be called from any thread and from several processes."""

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = MAX_BYTES,
        max_pixels: int = MAX_PIXELS,
        max_video_bytes: int = MAX_VIDEO_BYTES,
    ) -> None:
        self.max_bytes = max_bytes
        self.max_pixels = max_pixels
        self.max_video_bytes = max_video_bytes
        self._spool, self._kept = folder / "spool", folder / "kept"
        self._records, self._temp = folder / "records", folder / "temp"
        for room in (self._spool, self._kept, self._records, self._temp):
            room.mkdir(parents=True, exist_ok=True)
        _sync(folder)
        self._sweep()

    def spool(self, raw: bytes | Iterable[bytes], *, video: bool = False) -> str:
        """Write received bytes durably and return their SHA-256; PhotoFault `too-large`."""
        limit = self.max_video_bytes if video else self.max_bytes
        hashed, size, temp = hashlib.sha256(), 0, self._temp / uuid4().hex
        try:
            with _create(temp) as file:
                for piece in (raw,) if isinstance(raw, bytes) else raw:
                    size += len(piece)
                    if size > limit:
                        raise PhotoFault("too-large", limit=limit)
                    hashed.update(piece)
                    file.write(piece)
                _flush(file)
            digest = hashed.hexdigest()
            temp.rename(self._spool / digest)
        finally:
            temp.unlink(missing_ok=True)
        _sync(self._spool)
        return digest

    def spooled(self, digest: str) -> bytes:
        """The received bytes; NotFound `no-such-photo`."""
        return _read(self._spool / _checked(_DIGEST, digest), digest)

    def drop_spooled(self, digest: str) -> None:
        """Forget the received bytes; nothing happens if they are gone already."""
        (self._spool / _checked(_DIGEST, digest)).unlink(missing_ok=True)

    def keep(self, digest: str, media_hint: str = "") -> KeptPhoto:
        """Clean a spooled picture and keep it; the same digest gives the same answer for ever.

        Raises PhotoFault `not-a-picture`, `broken`, `too-many-pixels` or `too-large`, NotFound
        `no-such-photo`. The bytes decide what it is; the hint only helps to say what it was not.
        """
        found = self._recorded(digest)
        if found:
            return found
        raw = self.spooled(digest)
        if len(raw) > self.max_bytes:
            raise PhotoFault("too-large", limit=self.max_bytes)
        try:
            picture = clean(raw, max_pixels=self.max_pixels)
        except PhotoFault as fault:
            raise PhotoFault(fault.code, **fault.facts, media=media_hint) from fault
        return self._record(
            KeptPhoto(
                digest=digest,
                key=self._put(picture.jpeg, "jpg"),
                thumb=self._put(picture.thumb, "jpg"),
                width=picture.width,
                height=picture.height,
                bytes=len(picture.jpeg),
                media="image/jpeg",
                kind="photo",
                likeness=picture.likeness,
                taken_at=picture.taken_at,
            )
        )

    def keep_video(self, digest: str, thumb_digest: str | None = None) -> KeptPhoto:
        """Keep a spooled MP4, MOV or WebM without its metadata.

        `thumb_digest` is the platform's preview picture, spooled as well. Faults as in `keep`.
        """
        found = self._recorded(digest)
        if found and (found.thumb or thumb_digest is None):
            return found
        preview = self.keep(thumb_digest) if thumb_digest else None
        thumb = preview.thumb if preview else ""
        if found:
            return self._record(replace(found, thumb=thumb))
        raw = self.spooled(digest)
        if len(raw) > self.max_video_bytes:
            raise PhotoFault("too-large", limit=self.max_video_bytes)
        video = clean_video(raw)
        return self._record(
            KeptPhoto(
                digest=digest,
                key=self._put(video.data, video.extension),
                thumb=thumb,
                width=video.width or (preview.width if preview else 0),
                height=video.height or (preview.height if preview else 0),
                bytes=len(video.data),
                media=MEDIA[video.extension],
                kind="video",
                likeness="",
                taken_at=None,
            )
        )

    def open(self, key: str) -> bytes:
        """The file under a key; NotFound `no-such-photo` for anything that is not one of ours."""
        return _read(self.path(key), key)

    def path(self, key: str) -> Path:
        """Where the file under a key lies, for a server that streams it; NotFound for no key."""
        name = _checked(_KEY, key)
        return self._kept / name[:2] / name

    def erase(self, keys: Iterable[str], digests: Iterable[str]) -> None:
        """Delete files and what is known of received bytes; what is gone already is no fault."""
        for key in keys:
            self.path(key).unlink(missing_ok=True)
        for digest in digests:
            (self._records / f"{_checked(_DIGEST, digest)}.json").unlink(missing_ok=True)
            self.drop_spooled(digest)

    def same(self, a_likeness: str, b_likeness: str) -> bool:
        """Whether two likenesses are of one scene: sent again, resized or compressed once more."""
        if not a_likeness or not b_likeness:
            return False
        return (int(a_likeness, 16) ^ int(b_likeness, 16)).bit_count() <= NEAR

    def _put(self, data: bytes, extension: str) -> str:
        key = f"{hashlib.sha256(data).hexdigest()}.{extension}"
        path = self.path(key)
        if path.exists():
            _sync(path.parent)  # another thread may have renamed it a moment ago
        else:
            self._write(path, data)
        return key

    def _recorded(self, digest: str) -> KeptPhoto | None:
        path = self._records / f"{_checked(_DIGEST, digest)}.json"
        try:
            kept = KeptPhoto(**json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return kept if all(self.path(k).exists() for k in (kept.key, kept.thumb) if k) else None

    def _record(self, kept: KeptPhoto) -> KeptPhoto:
        data = json.dumps(asdict(kept)).encode()
        self._write(self._records / f"{kept.digest}.json", data)
        return kept

    def _write(self, path: Path, data: bytes) -> None:
        """Whole or not at all: a temporary file, flushed, renamed, its folder flushed."""
        if not path.parent.exists():
            path.parent.mkdir(exist_ok=True)
            _sync(path.parent.parent)
        temp = self._temp / uuid4().hex
        try:
            with _create(temp) as file:
                file.write(data)
                _flush(file)
            temp.rename(path)
        finally:
            temp.unlink(missing_ok=True)
        _sync(path.parent)

    def _sweep(self) -> None:
        """Remove what a killed process left half-written, but nothing that one may still write."""
        for temp in self._temp.iterdir():
            try:
                if time.time() - temp.stat().st_mtime > _LEFTOVER_AGE:
                    temp.unlink()
            except FileNotFoundError:
                continue


def _create(path: Path) -> BinaryIO:
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound("no-such-photo", name=name) from error


def _checked(shape: re.Pattern[str], name: str) -> str:
    if not shape.fullmatch(name):
        raise NotFound("no-such-photo", name=name)
    return name
