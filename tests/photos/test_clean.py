"""What comes out of cleaning is the picture and nothing but the picture."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageStat

from domain.errors import PhotoFault
from storage.pictures import CleanPicture, clean, kind_of
from tests.photos import samples
from tests.photos.samples import DATA, SECRET, drawing, encoded, talkative

MAX = 40_000_000
MARKERS = (b"Exif\0", b"xmpmeta", b"adobe", b"ICC_PROFILE", b"Photoshop", SECRET)


def cleaned(raw: bytes) -> CleanPicture:
    return clean(raw, max_pixels=MAX)


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    image.load()
    return image


def segments(jpeg: bytes) -> list[int]:
    """The markers of a JPEG up to its first scan."""
    found, at = [], 2
    while jpeg[at + 1] != 0xDA:
        found.append(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return found


def is_mute(jpeg: bytes) -> bool:
    """Only JFIF, tables, frame and scan; nothing after the end mark; no word of metadata."""
    plain = {0xE0, 0xDB, 0xC0, 0xC4}
    return (
        set(segments(jpeg)) <= plain
        and segments(jpeg).count(0xE0) == 1
        and jpeg.endswith(b"\xff\xd9")
        and jpeg.count(b"\xff\xd9") == 1
        and not any(word in jpeg for word in MARKERS)
    )


def colour(image: Image.Image, x: float, y: float) -> tuple[int, ...]:
    got = image.convert("RGB").getpixel((int(image.width * x), int(image.height * y)))
    assert isinstance(got, tuple)
    return tuple(int(v) for v in got)


def near(a: tuple[int, ...], b: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(x - y) <= by for x, y in zip(a, b, strict=True))


RED, BLUE = (200, 20, 20), (20, 40, 200)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_everything_that_was_told_is_gone(kind: str) -> None:
    raw = talkative(kind)
    assert SECRET in raw
    picture = cleaned(raw)
    assert is_mute(picture.jpeg)
    assert is_mute(picture.thumb)
    assert near(colour(opened(picture.jpeg), 0.05, 0.05), RED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_camera_gives_an_upright_picture(kind: str, orientation: int) -> None:
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = drawing()
    if orientation > 1:
        stored = stored.transpose(Image.Transpose(back[orientation]))
    picture = cleaned(talkative(kind, orientation, stored))
    assert (picture.width, picture.height) == (640, 480)
    shown = opened(picture.jpeg)
    assert near(colour(shown, 0.05, 0.05), RED)
    assert near(colour(shown, 0.95, 0.95), BLUE)


def test_an_iphone_picture() -> None:
    picture = cleaned((DATA / "turned.heic").read_bytes())
    assert (picture.width, picture.height) == (240, 320)
    assert picture.taken_at == "2026-11-24T08:40:00"
    assert near(colour(opened(picture.jpeg), 0.75, 0.05), (200, 40, 30), 20)
    assert is_mute(picture.jpeg)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (drawing().convert("L"), (73, 73, 73)),
        (drawing().convert("P"), RED),
        (drawing().convert("CMYK"), RED),
        (Image.new("1", (64, 64), 1), (255, 255, 255)),
        (Image.new("RGBA", (64, 64), (0, 0, 0, 0)), (255, 255, 255)),
        (Image.new("RGBA", (64, 64), (200, 20, 20, 255)), RED),
        (Image.new("LA", (64, 64), (0, 128)), (127, 127, 127)),
        (Image.new("I;16", (64, 64), 0x4000), (64, 64, 64)),
        (Image.new("I;16", (64, 64), 0xF000), (240, 240, 240)),
    ],
    ids=["grey", "palette", "cmyk", "bits", "nothing", "opaque", "half", "16-dark", "16-bright"],
)
def test_every_way_of_storing_a_colour(made: Image.Image, expected: tuple[int, ...]) -> None:
    raw = encoded(made, "JPEG" if made.mode == "CMYK" else "PNG")
    assert near(colour(opened(cleaned(raw).jpeg), 0.05, 0.05), expected, 25)


def test_a_palette_with_a_hole_lies_on_white() -> None:
    image = Image.new("P", (40, 40), 3)
    image.putpalette([0, 0, 0] * 3 + [200, 20, 20])
    image.paste(0, (0, 0, 20, 40))
    shown = opened(cleaned(encoded(image, "PNG", transparency=0)).jpeg)
    assert near(colour(shown, 0.1, 0.5), (255, 255, 255))
    assert near(colour(shown, 0.9, 0.5), RED)
    shown = opened(cleaned(encoded(image, "PNG", transparency=b"\0\xff\xff\xff")).jpeg)
    assert near(colour(shown, 0.1, 0.5), (255, 255, 255))


def test_a_moving_gif_and_a_phones_double_picture_give_their_first_frame() -> None:
    frames = [drawing(), Image.new("RGB", (640, 480), "green")]
    for kind in ("GIF", "MPO", "WEBP"):
        raw = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert near(colour(opened(cleaned(raw).jpeg), 0.05, 0.05), RED, 25)


def swapped_profile() -> bytes:
    """An sRGB profile whose red and blue have changed places."""
    profile = bytearray(samples.srgb())
    tags = {}
    for i in range(int.from_bytes(profile[128:132], "big")):
        row = 132 + 12 * i
        tags[bytes(profile[row : row + 4])] = slice(row + 4, row + 12)
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    profile[red], profile[blue] = profile[blue], profile[red]
    return bytes(profile)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_colours_are_meant_as_the_profile_says(kind: str) -> None:
    raw = encoded(drawing(), kind, icc_profile=swapped_profile())
    shown = opened(cleaned(raw).jpeg)
    assert near(colour(shown, 0.05, 0.05), RED[::-1], 25)
    clear = encoded(drawing().convert("RGBA"), "PNG", icc_profile=swapped_profile())
    assert near(colour(opened(cleaned(clear).jpeg), 0.05, 0.05), RED[::-1], 25)


def test_an_unusable_profile_is_ignored() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"no profile at all", lab, samples.srgb()[:300]):
        shown = opened(cleaned(encoded(drawing(), icc_profile=profile)).jpeg)
        assert near(colour(shown, 0.05, 0.05), RED)


def test_sizes() -> None:
    picture = cleaned(encoded(drawing(4032, 3024)))
    assert (picture.width, picture.height) == (2016, 1512)
    assert opened(picture.thumb).size == (480, 360)
    picture = cleaned(encoded(drawing(1000, 3000), "PNG"))
    assert (picture.width, picture.height) == (682, 2048)
    picture = cleaned(encoded(Image.new("RGB", (5000, 2)), "PNG"))
    assert (picture.width, picture.height) == (2048, 1)
    assert opened(picture.thumb).size == (480, 1)
    assert cleaned(encoded(Image.new("RGB", (1, 1)))).width == 1


def test_the_moment_of_taking() -> None:
    assert cleaned(talkative()).taken_at == "2026-11-24T08:40:00"
    assert cleaned(encoded(drawing())).taken_at is None
    tags = samples.exif()
    tags.get_ifd(0x8769)[36867] = "0000:00:00 00:00:00"
    assert cleaned(encoded(drawing(), exif=tags)).taken_at is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "HEIC"])
@pytest.mark.parametrize("tenth", range(10))
def test_a_torn_file_is_broken(kind: str, tenth: int) -> None:
    raw = (DATA / "turned.heic").read_bytes() if kind == "HEIC" else encoded(drawing(), kind)
    with pytest.raises(PhotoFault) as caught:
        cleaned(raw[: len(raw) * tenth // 10])
    assert caught.value.code == ("not-a-picture" if tenth == 0 else "broken")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"A102 \xe8\xa3\x81\xe5\x88\x87\xe5\xae\x8c\xe6\x88\x90",
        b"<svg/>",
        b"%PDF-1.7",
        b"BM" + b"\0" * 60,
        b"II*\0",
    ],
)
def test_what_is_no_picture(raw: bytes) -> None:
    with pytest.raises(PhotoFault) as caught:
        cleaned(raw)
    assert caught.value.code == "not-a-picture"


def progressive_bomb() -> bytes:
    """A progressive JPEG whose last scan stands there five thousand times."""
    raw = encoded(Image.new("L", (3000, 3000)), progressive=True)
    last = raw.rindex(b"\xff\xda")
    return raw[:-2] + raw[last:-2] * 5000 + b"\xff\xd9"


def test_bombs_are_refused_before_they_are_decoded() -> None:
    too_many = [
        samples.png_of(9000, 9000),
        samples.png_of(40_000, 2000),
        encoded(Image.new("RGB", (7000, 3500)), "WEBP", lossless=True, method=0),
        encoded(Image.new("L", (11_000, 8000)), quality=20),
        encoded(Image.new("L", (7000, 6000)), quality=20, progressive=True),
        encoded(Image.new("1", (7000, 6000)), "GIF"),
        (DATA / "wide.heic").read_bytes(),
    ]
    for raw in too_many:
        assert len(raw) < 2_000_000
        with pytest.raises(PhotoFault) as caught:
            cleaned(raw)
        assert caught.value.code == "too-many-pixels"
    with pytest.raises(PhotoFault) as caught:
        cleaned(progressive_bomb())
    assert caught.value.code == "broken"


def test_a_phones_fifty_megapixel_mode_passes() -> None:
    picture = cleaned(encoded(Image.new("L", (8160, 6120), 90), quality=20))
    assert (picture.width, picture.height) == (2040, 1530)


def test_words_that_unpack_to_a_hundred_megabytes() -> None:
    import zlib

    words = b"Comment\0\0" + zlib.compress(b"A" * 100_000_000, 9)
    profile = b"icc\0\0" + zlib.compress(b"A" * 100_000_000, 9)
    for raw in (
        samples.png_of(64, 64, (b"zTXt", words)),
        samples.png_of(64, 64, (b"iCCP", profile)),
    ):
        try:
            cleaned(raw)
        except PhotoFault as fault:
            assert fault.code == "broken"  # noqa: PT017


def test_bombs_cost_no_memory(tmp_path: Path) -> None:
    (tmp_path / "0").write_bytes(samples.png_of(9000, 9000))
    (tmp_path / "1").write_bytes(
        encoded(Image.new("RGB", (7000, 3500)), "WEBP", lossless=True, method=0)
    )
    (tmp_path / "2").write_bytes((DATA / "wide.heic").read_bytes())
    (tmp_path / "3").write_bytes(progressive_bomb())
    script = """if True:
        import pathlib, resource, sys, warnings
        from domain.errors import PhotoFault
        from storage.pictures import clean
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        before = peak()
        for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
            try:
                clean(path.read_bytes(), max_pixels=40_000_000)
            except PhotoFault:
                continue
            sys.exit("not refused: " + path.name)
        print((peak() - before) // 1024)
    """
    got = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert got.returncode == 0, got.stderr
    assert int(got.stdout) < 40


def hashes() -> list[tuple[int, str]]:
    return [(seed, cleaned(encoded(drawing(seed=seed))).likeness) for seed in range(20)]


def test_the_likeness_survives_a_chat_and_tells_scenes_apart() -> None:
    def apart(a: str, b: str) -> int:
        return (int(a, 16) ^ int(b, 16)).bit_count()

    found = hashes()
    for seed, one in found:
        small = drawing(seed=seed).resize((320, 240))
        again = cleaned(encoded(small, quality=30)).likeness
        assert apart(one, again) <= 10
    others = [apart(a, b) for i, (_, a) in enumerate(found) for _, b in found[:i]]
    assert min(others) > 10
    turned = drawing().transpose(Image.Transpose.ROTATE_90)
    assert cleaned(talkative(orientation=6, image=turned)).likeness == found[0][1]


def test_the_picture_is_still_the_picture() -> None:
    raw = encoded(drawing(), quality=95)
    before, after = ImageStat.Stat(drawing()), ImageStat.Stat(opened(cleaned(raw).jpeg))
    assert near(tuple(map(int, before.mean)), tuple(map(int, after.mean)), 3)


def check_harmless(raw: bytes) -> None:
    try:
        picture = cleaned(raw)
    except PhotoFault:
        return
    assert is_mute(picture.jpeg)


SEEDS = [encoded(drawing(64, 48), k) for k in ("JPEG", "PNG", "WEBP", "GIF")]
SEEDS += [
    talkative("JPEG"),
    talkative("PNG"),
    talkative("WEBP"),
    (DATA / "turned.heic").read_bytes(),
]


@settings(max_examples=200, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=8)), max_size=6),
)
def test_damage_is_a_polite_fault(seed: bytes, cuts: list[tuple[float, bytes]]) -> None:
    raw = bytearray(seed)
    for where, patch in cuts:
        at = int(where * (len(raw) - 1))
        raw[at : at + len(patch)] = patch
    check_harmless(bytes(raw))


@settings(max_examples=200, deadline=None)
@given(
    head=st.sampled_from(
        [
            b"",
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\0\0\0\0WEBPVP8X",
            b"GIF89a",
            b"\0\0\0\x18ftypheic",
        ]
    ),
    rest=st.binary(max_size=400),
)
def test_noise_is_a_polite_fault(head: bytes, rest: bytes) -> None:
    check_harmless(head + rest)


def test_kinds_by_their_first_letters() -> None:
    assert [kind_of(s) for s in SEEDS] == [
        "JPEG",
        "PNG",
        "WEBP",
        "GIF",
        "JPEG",
        "PNG",
        "WEBP",
        "HEIF",
    ]
