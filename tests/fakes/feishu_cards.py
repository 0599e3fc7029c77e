"""Cards as Feishu takes them: JSON 2.0 refuses what it does not know. And cards as people read
them.
"""

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
CAP = 30 * 1024
LOCALES = {
    "en_us",
    "zh_cn",
    "zh_hk",
    "zh_tw",
    "ja_jp",
    "id_id",
    "vi_vn",
    "th_th",
    "pt_br",
    "es_es",
    "ko_kr",
    "de_de",
    "fr_fr",
    "it_it",
    "ru_ru",
    "ms_my",
}
_COMMON = {"tag", "element_id", "margin"}
_LAYOUT = {"direction", "padding", "horizontal_spacing", "vertical_spacing"}
_LAYOUT |= {"horizontal_align", "vertical_align"}
_TEXT = {"tag", "content", "i18n_content", "text_size", "text_align", "text_color", "lines", "icon"}
_KNOWN: dict[str, set[str]] = {
    "plain_text": _TEXT,
    "lark_md": _TEXT,
    "markdown": _COMMON | _TEXT,
    "hr": _COMMON,
    "div": _COMMON | {"text", "icon", "width"},
    "img": _COMMON
    | {"img_key", "alt", "i18n_img_key", "title", "corner_radius", "scale_type", "size"}
    | {"transparent", "preview"},
    "button": _COMMON
    | {"type", "size", "width", "text", "icon", "hover_tips", "disabled", "disabled_tips"}
    | {"confirm", "behaviors", "name", "required", "form_action_type"},
    "column_set": _COMMON | _LAYOUT | {"flex_mode", "background_style", "columns", "action"},
    "column": _COMMON | _LAYOUT | {"background_style", "width", "weight", "elements", "action"},
    "collapsible_panel": _COMMON
    | _LAYOUT
    | {"expanded", "header", "border", "background_color", "elements"},
}
_ROOT = {"schema", "config", "card_link", "header", "body"}
_CONFIG = {"streaming_mode", "streaming_config", "summary", "locales", "enable_forward"}
_CONFIG |= {"update_multi", "width_mode", "use_custom_translation", "style"}
_CONFIG |= {"enable_forward_interaction"}
_HEADER = {"title", "subtitle", "text_tag_list", "i18n_text_tag_list", "template", "icon"}
_HEADER |= {"padding"}
_TEMPLATES = {
    "blue",
    "wathet",
    "turquoise",
    "green",
    "yellow",
    "orange",
    "red",
    "carmine",
    "violet",
    "purple",
    "indigo",
    "grey",
    "default",
}
_BUTTON_TYPES = {
    "default",
    "primary",
    "danger",
    "text",
    "primary_text",
    "danger_text",
    "primary_filled",
    "danger_filled",
    "laser",
}


class BadCard(ValueError):
    """What Feishu answers with 230099."""


def check(content: str, known_image: Callable[[str], bool]) -> Json:
    """The card, if Feishu would take it."""
    try:
        card = json.loads(content)
    except ValueError:
        raise BadCard("ErrCode: 200621; parse card json err") from None
    if not isinstance(card, dict) or card.get("schema") != "2.0":
        raise BadCard("ErrCode: 200621; schema")
    _only(card, _ROOT, "card")
    config, header, body = card.get("config", {}), card.get("header"), card.get("body")
    _only(config, _CONFIG, "config")
    if config.get("update_multi", True) is not True:
        raise BadCard("ErrCode: 200861; update_multi")
    if header is not None:
        _only(header, _HEADER, "header")
        _element(header["title"], known_image, {"plain_text", "lark_md"})
        if header.get("template", "default") not in _TEMPLATES:
            raise BadCard("ErrCode: 200621; template")
    if not isinstance(body, dict) or not isinstance(body.get("elements"), list):
        raise BadCard("ErrCode: 200621; body")
    _only(body, {"elements", *_LAYOUT}, "body")
    for element in body["elements"]:
        _element(element, known_image, set(_KNOWN) - {"plain_text", "lark_md", "column"})
    if len(list(_tagged(card))) > 200:
        raise BadCard("ErrCode: 200860; too many elements")
    return card


def _only(found: Any, names: set[str], where: str) -> None:
    if not isinstance(found, dict):
        raise BadCard(f"ErrCode: 200621; {where}")
    if set(found) - names:
        raise BadCard(f"ErrCode: 200621; unknown property {sorted(set(found) - names)} in {where}")


def _element(element: Any, known_image: Callable[[str], bool], tags: set[str]) -> None:
    tag = element.get("tag") if isinstance(element, dict) else None
    if tag not in tags:
        raise BadCard(f"ErrCode: 200861; component {tag!r} is not allowed in schema V2")
    _only(element, _KNOWN[tag], tag)
    if tag in {"plain_text", "lark_md", "markdown"}:
        _words(element)
    elif tag == "img":
        _element(
            element.get("alt", {"tag": "plain_text", "content": ""}), known_image, {"plain_text"}
        )
        if not known_image(element.get("img_key", "")):
            raise BadCard("ErrCode: 200570; image key invalid")
    elif tag == "button":
        _button(element, known_image)
    elif tag == "column_set":
        for column in element["columns"]:
            _element(column, known_image, {"column"})
    elif tag == "div":
        _element(element["text"], known_image, {"plain_text", "lark_md"})
    if tag == "collapsible_panel":
        _element(element["header"]["title"], known_image, {"plain_text", "markdown"})
    for inner in element.get("elements", []):
        _element(inner, known_image, set(_KNOWN) - {"plain_text", "lark_md", "column", "form"})


def _words(element: Json) -> None:
    if not isinstance(element.get("content"), str):
        raise BadCard("ErrCode: 200621; content")
    others = element.get("i18n_content", {})
    if not isinstance(others, dict) or set(others) - LOCALES:
        raise BadCard("ErrCode: 200621; i18n_content")
    if any(not isinstance(words, str) for words in others.values()):
        raise BadCard("ErrCode: 200621; i18n_content")


def _button(element: Json, known_image: Callable[[str], bool]) -> None:
    _element(element["text"], known_image, {"plain_text"})
    if element.get("type", "default") not in _BUTTON_TYPES:
        raise BadCard("ErrCode: 200621; button type")
    for behavior in element.get("behaviors", []):
        if behavior.get("type") == "callback" and not isinstance(behavior.get("value"), dict):
            raise BadCard("ErrCode: 200672; callback value must be an object")


def check_old(card: Any) -> None:
    """JSON 1.0, which the ephemeral cards are made of. It has no words for single viewers."""
    if not isinstance(card, dict) or "schema" in card or "body" in card:
        raise BadCard("ErrCode: 200621; not JSON 1.0")
    if not isinstance(card.get("elements"), list):
        raise BadCard("ErrCode: 200621; elements")
    if "i18n_content" in json.dumps(card):
        raise BadCard("ErrCode: 200621; i18n_content")
    for element in card["elements"]:
        if element.get("tag") not in {"markdown", "div", "action", "hr", "note", "img"}:
            raise BadCard("ErrCode: 200621; tag")


def _tagged(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        if "tag" in node:
            yield node
        for inner in node.values():
            yield from _tagged(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _tagged(inner)


def read(card: Json, locale: str, name: Callable[[str], str]) -> str:
    """What a viewer reads, from top to bottom, without the buttons."""
    lines = []
    if card.get("header"):
        lines.append(_spoken(card["header"]["title"], locale))
    elements = card.get("body", card)["elements"]
    for node in elements:
        if node["tag"] == "markdown":
            lines.append(plain(_spoken(node, locale), name))
        elif node["tag"] == "collapsible_panel":
            lines += [plain(_spoken(inner, locale), name) for inner in node["elements"]]
    return "\n".join(lines)


def _spoken(node: Json, locale: str) -> str:
    found = node.get("i18n_content", {}).get(locale) or node["content"]
    return str(found)


def plain(markdown: str, name: Callable[[str], str]) -> str:
    """Card markdown without its markup."""
    text = re.sub(r"<at id=([^>]*)></at>", lambda m: f"@{name(m.group(1))}", markdown)
    text = re.sub(r"\[([^\]]*)\]\(([^)]*)\)", r"\1", text)
    for mark in re.findall(r"(?<!&)[*_~`\[\]<>]", text):
        raise AssertionError(f"markup that nobody meant: {mark!r}")
    return html.unescape(text).replace("\xa0", " ")


def buttons(card: Json, locale: str) -> list[tuple[str, Json]]:
    """Label and value of each button, in order."""
    found = []
    for node in _tagged(card):
        if node["tag"] == "button":
            value = node.get("value")
            for behavior in node.get("behaviors", []):
                value = behavior.get("value")
            found.append((_spoken(node["text"], locale), value or {}))
    return found


def has_picture(card: Json) -> bool:
    return any(node["tag"] == "img" for node in _tagged(card))
