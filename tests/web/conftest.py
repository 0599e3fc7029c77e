"""A real server on loopback, and a client that speaks to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from adapters.web.server import build
from tests.web.house import Box, Home, factory

TOKEN = "a-token-for-programs"


@dataclass
class Site:
    home: Home
    box: Box
    http: ClientSession


async def _serve(home: Home, box: Box | None) -> TestServer:
    server = TestServer(build(home, box, api_token=TOKEN))
    await server.start_server()
    return server


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    home = factory()
    box = Box(home)
    server = await _serve(home, box)
    async with ClientSession(server.make_url("/")) as http:
        yield Site(home, box, http)
    await server.close()


@pytest.fixture
async def closed() -> AsyncIterator[Site]:
    """The real thing: no sandbox."""
    home = factory()
    server = await _serve(home, None)
    async with ClientSession(server.make_url("/")) as http:
        yield Site(home, Box(home), http)
    await server.close()
