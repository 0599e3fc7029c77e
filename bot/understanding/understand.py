"""One message in, one decision out: the order in which the rules are asked.

Never apply what was not said; ask one short question when one thing is missing; answer questions;
stay silent at everything else.
"""

from bot.understanding.corrections import correct
from bot.understanding.events import on_event
from bot.understanding.gate import Outcome
from bot.understanding.model import Decision, Message, Query
from bot.understanding.notices import notice
from bot.understanding.photos import photo_alone, photo_with_text
from bot.understanding.queries import answer
from bot.understanding.replies import reply_to_question
from bot.understanding.reports import report
from bot.understanding.scene import Scene, look
from bot.understanding.world import World

__all__ = ["understand"]


def understand(world: World, message: Message) -> Decision:
    """What a message says, judged by the rules; never raises on any text."""
    if message.from_bot or message.forwarded:
        return Decision("ignore", why="copied")
    if message.event is not None:
        return on_event(world, message, understand)
    scene = look(world, message)
    if scene is None:
        return Decision("ignore", why="copied")
    if not scene.tokens:
        return photo_alone(scene) or Decision("ignore", why="empty")
    for step in (reply_to_question, notice, correct):
        decision = step(scene)
        if decision is not None:
            return decision
    return _reported(scene)


def _reported(scene: Scene) -> Decision:
    out = Outcome()
    report(scene, out)
    answer(scene, out)
    if out.refused and not out.applied:
        return _refusal(scene, out)
    if not out.applied and not out.asks and not out.answers:
        attached = photo_with_text(scene)
        if attached is not None:
            return attached
    return out.decision()


def _refusal(scene: Scene, out: Outcome) -> Decision:
    """A report by one who may not make it: silence in a group, a word in private."""
    if out.answers:
        return out.answers[0]
    if scene.private:
        return Decision("answer", query=Query("refused"), why="may-not-update")
    return Decision("ignore", why="may-not-update")
