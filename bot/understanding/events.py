"""Messages that were recalled or edited: a recall undoes, an edit moves or is judged afresh."""

from collections.abc import Callable
from dataclasses import replace

from bot.understanding.corrections import CLOCK_SECONDS, NOT_CORRECTABLE, undo_of
from bot.understanding.gate import Outcome, ask
from bot.understanding.model import Decision, Message, OrderState, Previous, Update
from bot.understanding.world import World

Understand = Callable[[World, Message], Decision]


def on_event(world: World, message: Message, understand: Understand) -> Decision:
    """A recall undoes; an edit moves, or undoes and judges the new text."""
    source = next((p for p in message.previous if p.source), None)
    if source is None:
        return Decision("ignore", why="no-source")
    undo = undo_of(source)
    others = tuple(p for p in message.previous if not p.source)
    fresh = replace(message, event=None, previous=others, state=_without(message, source))
    if message.event == "recalled":
        return _recalled(message, source, undo)
    judged = understand(world, fresh)
    if not undo:
        return judged
    if message.sender != source.sender or source.seconds_ago > CLOCK_SECONDS:
        return ask("too-late", "confirm", (*undo, *judged.updates))
    return _edited(source, undo, judged)


def _recalled(message: Message, source: Previous, undo: list[Update]) -> Decision:
    if not undo:
        return Decision("ignore", why="nothing-to-correct")
    if source.sender != message.sender:
        manager = message.sender is None
        return (
            ask("not-your-update", "confirm", undo)
            if manager
            else Decision("ignore", why="not-your-update")
        )
    if source.seconds_ago > CLOCK_SECONDS:
        return ask("too-late", "confirm", undo)
    return Decision("apply", tuple(undo), why="recalled")


def _edited(source: Previous, undo: list[Update], judged: Decision) -> Decision:
    old = [u for u in source.applied if u.op not in NOT_CORRECTABLE]
    new = list(judged.updates)
    if set(old) == set(new):
        return Decision("ignore", why="unchanged")
    if len(old) == len(new) == 1 and _differs_in_place(old[0], new[0]):
        a, b = old[0], new[0]
        move = Update(
            "move", b.order if b.order != a.order else None, b.node if b.node != a.node else None
        )
        return Decision("apply", (move,), why="edited")
    rest = (
        judged.rest
        if judged.decision == "apply"
        else (judged,)
        if judged.decision != "ignore"
        else ()
    )
    out = Outcome(applied=[*undo, *new])
    return replace(out.decision(), why="edited", rest=rest)


def _differs_in_place(a: Update, b: Update) -> bool:
    return replace(a, order=None, node=None, at=None) == replace(
        b, order=None, node=None, at=None
    ) or (
        a.op == b.op == "complete"
        and {a.quantity, b.quantity} <= {None, b.quantity}
        and a.quantity == b.quantity
    )


def _without(message: Message, source: Previous) -> dict[str, OrderState]:
    """The state as it was before the edited message, as far as this message knows."""
    state: dict[str, OrderState] = {}
    for update in source.applied:
        if not update.order or update.order in state:
            continue
        known = message.state.get(update.order)
        if known is not None:
            gone = {u.node for u in source.applied if u.order == update.order}
            state[update.order] = replace(
                known, done=known.done - gone, in_progress=known.in_progress - gone
            )
    return _Overlay(message, state) if state else dict(message.state)


class _Overlay(dict[str, OrderState]):
    """Changed states in front of a mapping that may be lazy."""

    def __init__(self, message: Message, changed: dict[str, OrderState]) -> None:
        super().__init__(changed)
        self._behind = message.state

    def get(self, key: str, default: object = None) -> OrderState | None:  # type: ignore[override]
        return super().get(key) or self._behind.get(key)
