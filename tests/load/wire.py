"""Requests over plain connections that are kept open, as cheap as Python can: what is measured is
the server, on a machine where the driver has a core at most.

A connection sends one prepared request after the other; of an answer only its status is looked at.
"""

import asyncio
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

END, LENGTH, GOOD = b"\r\n\r\n", b"content-length:", b"HTTP/1.1 200"


def request(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """One POST as it goes over the wire."""
    head = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode() + END + body


class Line(asyncio.Protocol):
    """A connection. `ask` sends a request and comes back with the status of its answer."""

    def __init__(self) -> None:
        self._got = bytearray()
        self._asked: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        head = self._got.find(END)
        if head < 0:
            return
        place = self._got.lower().find(LENGTH, 0, head)
        length = 0
        if place >= 0:
            length = int(self._got[place + len(LENGTH) : self._got.find(b"\r", place)])
        if len(self._got) < head + len(END) + length:
            return
        status = int(self._got[9:12])
        self._got.clear()
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(exc or ConnectionResetError("hung up"))

    def ask(self, raw: bytes) -> asyncio.Future[int]:
        """Send; the status when it has come."""
        assert self._transport is not None
        self._asked = asyncio.get_running_loop().create_future()
        self._transport.write(raw)
        return self._asked

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


async def connect(port: int) -> Line:
    """A connection to a server on the loopback."""
    _, line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", port)
    return line


@dataclass(slots=True)
class Ran:
    """How it went: on the monotonic clock, which all processes of a machine share."""

    begun: float = 0.0
    ended: float = 0.0
    took: list[float] = field(default_factory=list)
    failed: int = 0
    lines: int = 0


def closed(port: int, raws: Sequence[bytes], width: int) -> Ran:
    """All requests, on so many connections, each of which sends its next one when the answer to
    the one before has come. Connection k sends the requests k, k + width, … An answer is taken to
    have come in one piece, as those without a body do on the loopback.

    Plain sockets and epoll: about 20 µs a request, so that a bare server is busier than we are.
    """
    poll, ran = select.epoll(), Ran(lines=width)
    lines = {}
    for place in range(width):
        line = socket.create_connection(("127.0.0.1", port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines[line.fileno()] = (line, iter(raws[place::width]))
        poll.register(line, select.EPOLLIN)
    ran.begun, left = time.monotonic(), len(raws)
    for line, mine in lines.values():
        if first := next(mine, None):
            line.sendall(first)
    while left:
        for number, _ in poll.poll():
            line, mine = lines[number]
            got = line.recv(4096)
            if not got.endswith(END):
                raise ConnectionError(f"no whole answer: {got[:200]!r}")
            left -= 1
            ran.failed += not got.startswith(GOOD)
            if raw := next(mine, None):
                line.sendall(raw)
    ran.ended = time.monotonic()
    for line, _ in lines.values():
        line.close()
    return ran


async def opened(port: int, raws: Sequence[bytes], rate: float, most: int = 1000) -> Ran:
    """So many requests a second whatever becomes of them (open loop). What one took counts from the
    moment at which it was meant to be sent, so that a server that stalls can't hide what it kept
    waiting (coordinated omission). A connection that is busy is not waited for: another is opened.
    """
    loop, ran = asyncio.get_running_loop(), Ran()
    free: deque[Line] = deque([await connect(port) for _ in range(16)])
    ran.lines = len(free)
    tasks: set[asyncio.Task[None]] = set()

    async def one(raw: bytes, due: float) -> None:
        if free:
            line = free.pop()
        elif ran.lines < most:
            ran.lines += 1
            line = await connect(port)
        else:
            ran.failed += 1
            return
        try:
            ran.failed += await line.ask(raw) != 200
            free.append(line)
        except OSError:
            ran.failed += 1
        ran.took.append(time.monotonic() - due)

    begun = ran.begun = time.monotonic() + 0.05
    for number, raw in enumerate(raws):
        due = begun + number / rate
        await asyncio.sleep(max(due - time.monotonic(), 0.0))
        task = loop.create_task(one(raw, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    ran.ended = time.monotonic()
    for line in free:
        line.close()
    return ran
