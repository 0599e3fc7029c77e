"""The real program in a process of its own, on a free port of the loopback and a folder of its
own.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.servers.postgres import wanted

ROOT = Path(__file__).parent.parent.parent


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The settings of a program under test, and nothing of whoever runs the tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("VITRINE_")}
    where = {"VITRINE_DATABASE_URL": url} if (url := wanted(folder)) else {}
    return {**kept, "VITRINE_DATA_DIR": str(folder), **where, **more}


def command(folder: Path, *words: str, text: str = "", **more: str) -> tuple[int, str]:
    """Run a command of `python -m bot`; its exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=ROOT,
        env=environment(folder, **more),
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + (done.stderr if done.returncode else "")


class Served:
    """A running server and what one does to it."""

    def __init__(self, folder: Path, port: int = 0, **more: str) -> None:
        self.folder, self.more = folder, more
        self.port = port or free_port()
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> "Served":
        """Start it and wait for its last start-up line."""
        own = {"VITRINE_SANDBOX": "1", "VITRINE_HTTP_PORT": str(self.port)}
        env = environment(self.folder, **own, **self.more)
        with (self.folder.parent / f"{self.folder.name}.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"],
                cwd=ROOT,
                env=env,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line == f"Vitrine ready: http://127.0.0.1:{self.port}/", line
        return self

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._forget()

    def stop(self) -> int:
        """Ctrl-C; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=30)
        self._forget()
        return code

    def _forget(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def call(
        self, method: str, path: str, data: object = None, raw: bytes | None = None, kind: str = ""
    ) -> tuple[int, Any]:
        """One request; status and the decoded body."""
        body = json.dumps(data).encode() if data is not None else raw
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, method=method)
        request.add_header("Content-Type", kind or "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, _decoded(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _decoded(error.read())

    def say(
        self, chat: str, sender: str, text: str, photos: tuple[bytes, ...] = (), **more: str
    ) -> tuple[int, Any]:
        """Post a message: JSON, or multipart with photos."""
        fields = {"chat": chat, "sender": sender, "text": text, **more}
        if not photos:
            return self.call("POST", "/api/sandbox/messages", fields)
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
            for k, v in fields.items()
        ]
        for number, photo in enumerate(photos):
            head = (
                f'--{mark}\r\nContent-Disposition: form-data; name="photos";'
                f' filename="{number}.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
            )
            parts.append(head.encode() + photo + b"\r\n")
        body = b"".join(parts) + f"--{mark}--\r\n".encode()
        return self.call(
            "POST", "/api/sandbox/messages", raw=body, kind=f"multipart/form-data; boundary={mark}"
        )

    def idle(self) -> None:
        """Wait until nothing waits."""
        assert self.call("POST", "/api/sandbox/idle", {})[0] == 200

    def turn(self, **how: str) -> None:
        """Turn the clock."""
        assert self.call("POST", "/api/sandbox/clock", how)[0] == 200

    def messages(self, chat: str) -> list[dict[str, Any]]:
        """Everything in a chat."""
        found: list[dict[str, Any]] = self.call("GET", f"/api/sandbox/chats/{chat}/messages")[1][
            "messages"
        ]
        return found

    def node(self, order_no: str, key: str) -> dict[str, Any]:
        """A node as the API tells it."""
        order = self.call("GET", f"/api/orders/{order_no}")[1]
        found: dict[str, Any] = next(n for n in order["nodes"] if n["key"] == key)
        return found

    def events(self, order_no: str) -> list[dict[str, Any]]:
        """An order's audit log."""
        found: list[dict[str, Any]] = self.call("GET", f"/api/orders/{order_no}/events")[1]
        return found


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(folder: Path, **more: str) -> Iterator[Served]:
    """A server that is stopped in the end, however it goes."""
    server = Served(folder, 0, **more).start()
    try:
        yield server
    finally:
        if server.process is not None:
            server.stop()
