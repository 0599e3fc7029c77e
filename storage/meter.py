"""What the store tells whoever measures it: a port of its own, because the doors know nobody."""

from typing import Protocol


class Meter(Protocol):
    """Is told of every durable commit, in the writer's thread; it must be quick and never raise."""

    def committed(self, units: int, seconds: float) -> None:
        """One commit is on disk. `units` are the units of work in it (1 or more), `seconds` (of the
        steady clock) what it took from the begin of the transaction until it was durable.
        """
