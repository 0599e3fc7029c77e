"""A reply as a card of Feishu: JSON 2.0 in chats, JSON 1.0 where only one person sees it.

Source: the pages card-json-v2-structure, configure-multi-language-content and the component pages
of the open platform. JSON 2.0 refuses properties that it does not know, and more than 30 KB.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adapters.chat.feishu.dialect import cut, markdown, plain
from adapters.chat.port import Button, Reply

Json = dict[str, Any]
CARD_CAP = 28_000
TEXT_CAP = 20_000
BUTTONS = 20
_ROW = 5
_HEAD = 12
_LABEL_CAP = 100
_TITLE_CAP = 300
_COLOURS = {
    "pending": "grey",
    "in_progress": "yellow",
    "done": "green",
    "delayed": "red",
    "to_confirm": "blue",
}
# Hong Kong reads the Taiwanese words; everybody else sees English, which Feishu falls back to
_LOCALES = {"zh-CN": ("zh_cn",), "zh-TW": ("zh_tw", "zh_hk"), "en": ("en_us",)}
_EDITED = frozenset({"card", "ask", "escalation", "digest"})
_STYLES = frozenset({"primary", "danger"})


def wants_card(reply: Reply) -> bool:
    """Whether a plain text would lose something, or could not be changed later."""
    return bool(
        reply.buttons
        or reply.title
        or reply.state
        or reply.facts
        or reply.picture
        or reply.others
        or reply.kind in _EDITED
    )


def text_message(reply: Reply) -> str:
    """The content of a text message."""
    text = plain(cut(reply.text, TEXT_CAP), reply.mention)
    return json.dumps({"text": text}, ensure_ascii=False)


def card_message(reply: Reply, picture: str = "") -> str:
    """The content of a card, never larger than the platform takes: the other languages go first,
    then the end of the text. `picture` is an image key.
    """
    content = _dumped(_card(reply, picture))
    if _size(content) > CARD_CAP:
        reply = replace(reply, others=(), facts=())
        content = _dumped(_card(reply, picture))
    room = len(reply.text.encode())
    while _size(content) > CARD_CAP and room > 100:
        room = room * 3 // 4
        content = _dumped(_card(replace(reply, text=cut(reply.text, room)), picture))
    return content


def _card(reply: Reply, picture: str) -> Json:
    reply = replace(reply, text=cut(reply.text, TEXT_CAP))
    everyone = (reply, *(o for o in reply.others if o.language in _LOCALES))
    card: Json = {"schema": "2.0", "config": {"update_multi": True}}
    head = _title(reply)
    heads = [(_title(o) or o.title or head) if head else "" for o in everyone]
    if head:
        title = _worded("plain_text", everyone, [cut(h, _TITLE_CAP) for h in heads])
        card["header"] = {"title": title, "template": _COLOURS.get(reply.state, "default")}
    elements: list[Json] = []
    if picture:
        alt = _worded("plain_text", everyone, [cut(h, _TITLE_CAP) for h in heads])
        elements.append({"tag": "img", "img_key": picture, "alt": alt})
    elements += _words(everyone, heads)
    elements += _buttons(everyone)
    card["body"] = {"elements": elements}
    return card


def _title(reply: Reply) -> str:
    """The header: the text's first line if that is the title, or a title that the text lacks."""
    first, _, rest = reply.text.partition("\n")
    if not reply.title:
        return ""
    if first.strip() == reply.title.strip():
        return reply.title if rest.strip() else ""
    return "" if reply.title in reply.text else reply.title


def _lines(reply: Reply, head: str) -> list[str]:
    """The text below the header, and the facts that it does not tell."""
    lines = reply.text.split("\n")
    if head and lines[0].strip() == head.strip():
        lines = lines[1:]
    facts = [f"{n}: {v}" for n, v in reply.facts if v and v not in reply.text]
    return [*lines, *facts]


def _words(everyone: Sequence[Reply], heads: Sequence[str]) -> list[Json]:
    fold = everyone[0].kind == "digest"
    shown, folded = [], []
    for reply, head in zip(everyone, heads, strict=True):
        lines = _lines(reply, head)
        split = _HEAD if fold and len(lines) > _HEAD else len(lines)
        shown.append(markdown("\n".join(lines[:split]).strip("\n"), reply.mention))
        folded.append(lines[split:])
    elements = [_worded("markdown", everyone, shown)]
    if folded[0]:
        rest = [markdown("\n".join(lines)) for lines in folded]
        more = [f"⋯ +{len([x for x in lines if x.strip()])}" for lines in folded]
        elements.append(
            {
                "tag": "collapsible_panel",
                "expanded": False,
                "header": {"title": _worded("plain_text", everyone, more)},
                "elements": [_worded("markdown", everyone, rest)],
            }
        )
    return elements


def _buttons(everyone: Sequence[Reply]) -> list[Json]:
    buttons = everyone[0].buttons[:BUTTONS]
    made = [_button(everyone, place, button) for place, button in enumerate(buttons)]
    return [
        {
            "tag": "column_set",
            "flex_mode": "flow",
            "horizontal_spacing": "8px",
            "columns": [
                {"tag": "column", "width": "auto", "elements": [b]} for b in made[i:][:_ROW]
            ],
        }
        for i in range(0, len(made), _ROW)
    ]


def _button(everyone: Sequence[Reply], place: int, button: Button) -> Json:
    def label(reply: Reply) -> str:
        same = place < len(reply.buttons) and reply.buttons[place].id == button.id
        return cut(reply.buttons[place].label if same else button.label, _LABEL_CAP)

    return {
        "tag": "button",
        "type": button.style if button.style in _STYLES else "default",
        "text": _worded("plain_text", everyone, [label(each) for each in everyone]),
        "behaviors": [{"type": "callback", "value": {"b": button.id}}],
    }


def _worded(tag: str, everyone: Sequence[Reply], texts: Sequence[str]) -> Json:
    """A text component; with more than one language each viewer sees their own."""
    found: Json = {"tag": tag, "content": texts[0]}
    if len(everyone) > 1:
        found["i18n_content"] = {
            locale: words or texts[0]
            for reply, words in zip(everyone, texts, strict=True)
            for locale in _LOCALES.get(reply.language, ())
        }
    return found


def whispered(reply: Reply) -> Json:
    """The card that one person sees alone: the old structure in that person's language."""
    head = _title(reply)
    text = "\n".join(_lines(reply, head)).strip("\n")
    card: Json = {"config": {"wide_screen_mode": True}}
    if head:
        title = {"tag": "plain_text", "content": cut(head, _TITLE_CAP)}
        card["header"] = {"title": title, "template": _COLOURS.get(reply.state, "default")}
    words = markdown(cut(text, TEXT_CAP), reply.mention)
    card["elements"] = [{"tag": "markdown", "content": words}]
    actions = [
        {
            "tag": "button",
            "type": b.style if b.style in _STYLES else "default",
            "text": {"tag": "plain_text", "content": cut(b.label, _LABEL_CAP)},
            "value": {"b": b.id},
        }
        for b in reply.buttons[:BUTTONS]
    ]
    if actions:
        card["elements"].append({"tag": "action", "actions": actions})
    return card


def _size(content: str) -> int:
    """As the request carries it: a text in JSON, so its quotes are escaped once more."""
    return len(json.dumps(content, ensure_ascii=False).encode())


def _dumped(card: Json) -> str:
    return json.dumps(card, ensure_ascii=False, separators=(",", ":"))
