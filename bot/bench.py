"""The benchmarks: CPU a message and ratios against a baseline in the same run; never a promise of seconds."""

from collections.abc import Sequence
from typing import Any


async def run(names: Sequence[str]) -> list[dict[str, Any]]:
    """Run those named, or all."""
    return []
