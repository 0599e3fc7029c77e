"""APScheduler behind one function: it only says when to look; what is due is worked out from the
books.
"""

from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler


def every(seconds: float, look: Callable[[], Awaitable[None]], zone: object) -> Callable[[], None]:
    """Call `look` again and again, never twice at once; the result stops it.

    A late or missed look is made up for once, because what was missed is read from the books.
    """
    clock = AsyncIOScheduler(timezone=zone)
    clock.add_job(
        look,
        "interval",
        seconds=seconds,
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )
    clock.start()

    def stop() -> None:
        clock.shutdown(wait=False)

    return stop
