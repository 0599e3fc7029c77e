"""Every transcript beside this file is played against the whole bot."""

from pathlib import Path

import pytest

from tests.app.running import running
from tests.dialogues.play import Play, lines

HERE = Path(__file__).parent
FOUND = sorted(HERE.glob("*.txt"))


def test_there_are_dialogues() -> None:
    assert len(FOUND) >= 8


@pytest.mark.parametrize("path", FOUND, ids=lambda p: p.stem)
async def test_dialogue(path: Path, tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        play = Play(bot)
        for number, text in lines(path):
            try:
                await play.line(text)
            except AssertionError as error:
                raise AssertionError(f"{path.name}:{number}: {text}\n{error}") from error
