"""A form of a page as a browser would send it."""

from html.parser import HTMLParser

Pairs = list[tuple[str, str]]


class Form(HTMLParser):
    """Collects the fields of the form whose action begins so."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action, self.inside = action, False
        self.pairs: Pairs = []
        self._area: str | None = None
        self._text = ""
        self._select = ""
        self._options: list[tuple[str | None, bool]] = []
        self._typing = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v if v is not None else "" for k, v in attrs}
        if tag == "form":
            self.inside = given.get("action", "").startswith(self.action)
        if not self.inside:
            return
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "input" and name and (kind not in ("checkbox", "radio") or "checked" in given):
            self.pairs.append((name, given.get("value", "on")))
        elif tag == "textarea":
            self._area, self._text = name, ""
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((given.get("value"), "selected" in given))
            self._typing, self._text = True, ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            text = self._text.removeprefix("\n").replace("\r\n", "\n").replace("\n", "\r\n")
            self.pairs.append((self._area, text))
            self._area = None
        elif tag == "option" and self._typing:
            value, chosen = self._options[-1]
            self._options[-1] = (self._text if value is None else value, chosen)
            self._typing = False
        elif tag == "select" and self._select:
            marked = [v for v, on in self._options if on] or [v for v, _ in self._options[:1]]
            self.pairs += [(self._select, v or "") for v in marked[-1:]]
            self._select = ""
        elif tag == "form":
            self.inside = False


def form_of(page: str, action: str) -> Pairs:
    """What pressing a button of that form would send, without the button."""
    found = Form(action)
    found.feed(page)
    return found.pairs


def filled(pairs: Pairs, **changes: str | None) -> Pairs:
    """The same with other values; `_` stands for a dot, None takes a field away."""
    wanted = {k.replace("__", "."): v for k, v in changes.items()}
    kept = [(k, v) for k, v in pairs if k not in wanted]
    return kept + [(k, v) for k, v in wanted.items() if v is not None]
