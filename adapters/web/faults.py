"""Faults as people and programs read them: JSON below `/api`, a friendly page elsewhere, never a
stack trace.
"""

import logging
from http import HTTPStatus
from typing import Any

from aiohttp import web

from adapters.web.answers import as_json
from adapters.web.showing import page
from adapters.web.site import Site, language_of, site_of
from domain.errors import DomainError, NotFound, PhotoFault

log = logging.getLogger("vitrine.web")
_BY_STATUS = {
    400: "bad-request", 401: "sign-in", 403: "forbidden", 404: "not-found",
    405: "method", 413: "too-large", 415: "media-type", 422: "unprocessable",
    503: "unavailable",
}  # fmt: skip


class Fault(Exception):
    """An answer that refuses: a status, a code, and facts for its sentence."""

    def __init__(self, status: int, code: str, **facts: object) -> None:
        super().__init__(code)
        self.status, self.code, self.facts = status, code, facts


def fault_of(error: DomainError) -> Fault:
    """A refusal of the factory as a refusal of the web."""
    if isinstance(error, NotFound):
        return Fault(404, error.code, **error.facts)
    return Fault(415 if isinstance(error, PhotoFault) else 422, error.code, **error.facts)


def sentence(site: Site, language: str, fault: Fault) -> str:
    """What to say of a fault: its own sentence, or the one of its status."""
    spare = _BY_STATUS.get(fault.status, "other")
    for key in (f"error.{fault.code}", f"refused.{fault.code}", f"photo.{fault.code}"):
        try:
            return site.house.say(language, key, **fault.facts)
        except KeyError:
            continue
    return site.house.say(language, f"error.{spare}")


def refused(request: web.Request, fault: Fault) -> web.StreamResponse:
    """The answer to a fault, in the form that fits the address."""
    site = site_of(request)
    language = language_of(request)
    words = sentence(site, language, fault)
    if wants_json(request):
        body: dict[str, Any] = {"error": {"code": fault.code, "message": words}}
        response = as_json(body, status=fault.status)
    else:
        facts = {"told": words, "code": fault.status}
        response = page(request, "error.html", language, fault.status, **facts)
    if fault.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="vitrine"'
    return response


def wants_json(request: web.Request) -> bool:
    """Whether the asker is a program."""
    if request.headers.get("Accept") == "application/json":
        return True
    return request.path.startswith(("/api/", "/webhooks/", "/metrics", "/healthz"))


@web.middleware
async def catching(request: web.Request, handler: Any) -> web.StreamResponse:
    """Turn every refusal into an answer; what is our own fault is logged and said kindly."""
    try:
        response: web.StreamResponse = await handler(request)
        return response
    except Fault as fault:
        return refused(request, fault)
    except DomainError as error:
        return refused(request, fault_of(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        answer = refused(request, Fault(error.status, _BY_STATUS.get(error.status, "other")))
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except ConnectionError:
        raise
    except Exception:
        resource = request.match_info.route.resource  # never an address with a secret in it
        log.exception("%s %s", request.method, resource.canonical if resource else "-")
        return refused(request, Fault(500, "other"))
