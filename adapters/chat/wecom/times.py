"""How long things may take at WeCom, in one place, so that tests can be quick about them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """All in seconds. `ping` and `kicked` follow developer.work.weixin.qq.com path/101463.

    `connect` opens and subscribes the socket, `pong` and `ack` are how long an answer may take,
    `first`, `longest` and `steady` shape the back-off (it starts anew after a connection that
    lived for `steady`), `kicked` and `refused` are the pauses before one more try. `press` is how
    long a press or an entering may be answered. `heard`, `busy` and `fetch` are pauses between
    tries of taking in, of sending after code 6000 and of downloads. `http` is for one request.
    """

    connect: float = 10
    ping: float = 30
    pong: float = 10
    ack: float = 10
    first: float = 1
    longest: float = 60
    steady: float = 60
    kicked: float = 300
    refused: float = 300
    press: float = 5
    http: float = 10
    download: float = 60
    heard: tuple[float, ...] = (0.2, 1, 3, 10)
    busy: tuple[float, ...] = (0.2, 0.6, 2)
    fetch: tuple[float, ...] = (0.5, 2)
