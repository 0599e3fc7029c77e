"""A wire between a store and PostgreSQL that breaks: before a statement arrives, after it was done
and before anybody hears of it, or in between; and one that is slow.
"""

import selectors
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

KINDS = ("refused", "unanswered", "cut", "late")
"""Cut before the statements arrive; done, and the answer cut off; cut while it is being done; late
by so many seconds.
"""
LATE = 0.3
COMMIT = b"COMMIT"


@dataclass
class Wire:
    """Listens at a socket in `folder` and passes on to the one in `server`. `share` of all requests
    meet a fault, and of those that commit `commits`.
    """

    folder: Path
    server: Path
    dice: Random
    share: float = 0.0
    commits: float = 0.0
    port: int = 5432
    met: Counter[str] = field(default_factory=Counter)
    hold: threading.Event | None = None
    """Set, and the next commit waits for it, and is never passed on."""
    held: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Pass on, until stopped."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / f".s.PGSQL.{self.port}"))
        self._listener.listen()
        self._listener.settimeout(0.1)
        self._spawn(self._accept)

    def stop(self) -> None:
        """Hang up."""
        self._stop.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def url(self, address: str) -> str:
        """The address of a database on the server, over this wire."""
        return address.replace(f"host={self.server}", f"host={self.folder}")

    def _spawn(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            self._spawn(self._pass_on, near)

    def _pass_on(self, near: socket.socket) -> None:
        """One connection, until either side or chance ends it."""
        far = socket.socket(socket.AF_UNIX)
        with near, far, selectors.DefaultSelector() as ready:
            try:
                far.connect(str(self.server / f".s.PGSQL.{self.port}"))
                ready.register(near, selectors.EVENT_READ)
                ready.register(far, selectors.EVENT_READ)
                while not self._stop.is_set():
                    for key, _ in ready.select(0.1):
                        if key.fileobj is far:
                            near.sendall(_some(far))
                        elif not self._request(_some(near), near, far):
                            return
            except OSError:
                return

    def _request(self, data: bytes, near: socket.socket, far: socket.socket) -> bool:
        """Pass a request on, or what chance makes of it. False if the line is cut."""
        commits = COMMIT in data
        if commits and self.hold is not None:
            hold, self.hold = self.hold, None
            self.held.set()
            hold.wait(60)
            return False
        kind = ""
        if self.dice.random() < (self.commits if commits else self.share):
            kind = self.dice.choice(KINDS)
            self.met[f"{kind} commit" if commits else kind] += 1
        if kind == "refused":
            return False
        if kind == "late":
            time.sleep(self.dice.uniform(0, LATE))
        far.sendall(data)
        if kind == "unanswered":
            far.settimeout(1)  # half a request is answered by nothing
            _some(far)
        return kind not in ("unanswered", "cut")


def _some(line: socket.socket) -> bytes:
    """What comes next. Raises OSError at the end."""
    data = line.recv(1 << 20)
    if not data:
        raise ConnectionResetError
    return data
