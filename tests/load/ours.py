"""One round of our pipeline in a process of its own, as the other frameworks get one: on a copy of
books that were prepared, with everything durably on disk. `python -m tests.load.ours BOOKS COUNT`
prints a JSON object with messages a second and CPU seconds a message.
"""

import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bot.bench import pipeline


def main(books: Path, count: int) -> None:
    """Copy, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        shutil.copyfile(books, path)
        print(json.dumps(asdict(pipeline(path, count))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
