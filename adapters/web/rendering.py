"""Templates: where they lie, and the two filters they use."""

import hashlib
import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

HERE = Path(__file__).parent
STATIC = HERE / "static"
_STRONG = re.compile(r"\*([^*]+)\*")


def environment() -> Environment:
    """The templates of all pages; everything is escaped."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["strong"] = strong
    found.globals["static"] = static
    return found


def strong(text: str) -> Markup:
    """A sentence whose `*words*` are emphasised."""
    return Markup(_STRONG.sub(r"<b>\1</b>", str(escape(text))))  # noqa: S704 - escaped above


@cache
def static(name: str) -> str:
    """The address of one of our files, changing with its content so that it may be kept forever."""
    mark = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={mark}"
