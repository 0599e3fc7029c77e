"""The least that a webhook can be in aiohttp: it checks the secret in constant time, reads what
came and says 200. `python -m tests.load.bare PORT SECRET`
"""

import hmac
import sys

from aiohttp import web

from tests.load.driver import HEADER, PATH


def app(secret: str) -> web.Application:
    """The application."""
    wanted = secret.encode()

    async def handle(asked: web.Request) -> web.Response:
        if not hmac.compare_digest(asked.headers.get(HEADER, "").encode(), wanted):
            return web.Response(status=401)
        await asked.read()
        return web.Response()

    found = web.Application()
    found.router.add_post(PATH, handle)
    return found


if __name__ == "__main__":
    web.run_app(app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), access_log=None)
