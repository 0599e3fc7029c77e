"""Limits: whatever the jitter of answers, no window at the platform holds more than it may, and the
rate comes close to what is allowed.
"""

import heapq
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.courier import JITTER
from storage.limits import Used, Window
from storage.store import Store


def simulate(window: Window, messages: int, seed: int, latency: float) -> list[float]:
    """Send as fast as the window lets us, with answers that come late and out of order; when each
    message arrived at the platform: half the latency after it left, more or less.
    """
    dice = random.Random(seed)
    used, now, flying = Used(0.0, {}), 1000.0, 0
    landing: list[tuple[float, float]] = []
    arrived: list[float] = []
    while len(arrived) < messages:
        left, opens = used.opens(window, flying, now)
        if left:
            way = latency / 2 + dice.random() * min(JITTER, latency / 2)
            arrived.append(now + way)
            heapq.heappush(landing, (now + max(latency, way), now))
            flying += 1
            continue
        if landing and (not opens or landing[0][0] <= opens):
            answer, begun = heapq.heappop(landing)
            now = max(now, answer)
            flying -= 1
            used.charge(window, min(now, begun + JITTER))
        else:
            now = max(now, opens)
    return sorted(arrived)


def most_in_any(arrived: list[float], seconds: float) -> int:
    most = begin = 0
    for end, at in enumerate(arrived):
        while at - arrived[begin] >= seconds:
            begin += 1
        most = max(most, end - begin + 1)
    return most


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40),
    st.sampled_from([1.0, 10.0, 60.0]),
    st.integers(0, 2**32),
    st.floats(0.001, 2.0),
)
def test_no_window_ever_holds_more_than_it_may(
    count: int, seconds: float, seed: int, latency: float
) -> None:
    arrived = simulate(Window(count, seconds), 6 * count, seed, latency)
    assert most_in_any(arrived, seconds) <= count


@pytest.mark.parametrize("latency", [0.005, 0.2, 0.6])
@pytest.mark.parametrize(("count", "seconds"), [(30, 1.0), (20, 60.0), (1000, 60.0)])
def test_the_rate_is_close_to_what_is_allowed(count: int, seconds: float, latency: float) -> None:
    messages = 12 * count
    arrived = simulate(Window(count, seconds), messages, 1, latency)
    windows = (arrived[-1] - arrived[0]) / seconds
    assert messages / count / (windows + 1) > 0.95


def test_an_idle_chat_may_answer_several_times_at_once() -> None:
    """What a token bucket that keeps its limit can't do."""
    assert Used(0.0, {}).opens(Window(20, 60.0), 0, 5.0) == (20, 0.0)


def test_a_pause_that_was_asked_for_is_kept(store: Store) -> None:
    store.now(lambda ledger: ledger.limits.hold("p", 50.0))
    store.now(lambda ledger: ledger.limits.hold("p", 40.0))  # a shorter one does not end it
    used = store.now(lambda ledger: ledger.limits.used("p"))
    assert used.opens(Window(5, 1.0), 0, 49.0) == (0, 50.0)
    assert used.opens(Window(5, 1.0), 0, 50.0)[0] == 5


def test_charges_are_shared_through_the_database(store: Store) -> None:
    windows = [Window(2, 10.0), Window(3, 60.0)]
    store.now(lambda ledger: ledger.limits.charge("p", windows, 100.0))
    store.now(lambda ledger: ledger.limits.charge("p", windows, 101.0))
    used = store.now(lambda ledger: ledger.limits.used("p"))
    assert used.opens(windows[0], 0, 102.0)[0] == 0
    assert used.opens(windows[1], 0, 102.0)[0] == 1
    assert used.opens(windows[1], 1, 102.0)[0] == 0  # one is on its way
    left, opens = used.opens(windows[0], 0, 102.0)
    assert (left, 110.0 <= opens <= 110.2) == (0, True)
