"""The frames of Feishu's long connection, read and written by lark-oapi's own protobuf code.

Only that code is loaded. `import lark_oapi` would bring 11 100 modules and 150 MB, hold up our
event loop for up to 0.14 s at a time even from a thread, and leave an open event loop behind.
"""

import importlib
import importlib.util
import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

CONTROL, DATA = 0, 1
_LIBRARY = "lark_oapi"
_LOADING = threading.Lock()
_CODE = "lark_oapi.ws.pb.pbbp2_pb2"


class BrokenFrame(ValueError):
    """Bytes that are no frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as read: `method` is CONTROL or DATA, `origin` the library's own object, which the
    answer is made of.
    """

    method: int
    headers: Mapping[str, str]
    payload: bytes
    origin: Any

    def number(self, name: str, default: int) -> int:
        """A header that is a whole number."""
        value = self.headers.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else default


@dataclass(frozen=True, slots=True)
class Codec:
    """Reads and writes frames. `make` is the library's Frame class."""

    make: Callable[[], Any]

    def read(self, raw: bytes) -> Frame:
        """Raises BrokenFrame."""
        frame = self.make()
        try:
            frame.ParseFromString(raw)
            if not frame.IsInitialized():
                raise BrokenFrame("a required field is missing")
            headers = {h.key: h.value for h in frame.headers}
            return Frame(frame.method, headers, bytes(frame.payload), frame)
        except BrokenFrame:
            raise
        except Exception as error:  # the library's decoder raises whatever it stumbles over
            raise BrokenFrame(type(error).__name__) from None

    def ping(self, service: int) -> bytes:
        """The heartbeat that the client has to send."""
        frame = self.make()
        frame.SeqID, frame.LogID, frame.service, frame.method = 0, 0, service, CONTROL
        header = frame.headers.add()
        header.key, header.value = "type", "ping"
        return bytes(frame.SerializeToString())

    def answer(self, frame: Frame, code: int, data: str, millis: int) -> bytes:
        """The acknowledgement: the same frame with our answer as its payload. `code` 200 means
        kept, 500 that it shall be pushed again; `data` is base64 and may be empty.
        """
        wire = frame.origin
        header = wire.headers.add()
        header.key, header.value = "biz_rt", str(millis)
        body = {"code": code, "data": data} if data else {"code": code}
        wire.payload = json.dumps(body).encode()
        return bytes(wire.SerializeToString())


def load() -> Codec:
    """The library's generated code, round the `__init__` of its packages. Call it in a thread: it
    takes a tenth of a second.
    """
    with _LOADING:
        return Codec(_generated().Frame)


def _generated() -> ModuleType:
    if _LIBRARY in sys.modules or _CODE in sys.modules:
        return importlib.import_module(_CODE)
    spec = importlib.util.find_spec(_LIBRARY)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("lark-oapi is not installed", name=_LIBRARY)
    root = Path(next(iter(spec.submodule_search_locations)))
    stand_ins = {_LIBRARY: root, f"{_LIBRARY}.ws": root / "ws"}
    try:
        for name, path in stand_ins.items():
            package = ModuleType(name)
            package.__path__ = [str(path)]
            sys.modules[name] = package
        return importlib.import_module(_CODE)
    finally:
        # the library can still be imported as a whole by somebody else
        for name in stand_ins:
            sys.modules.pop(name, None)
