"""The methods of the Bot API that a bot like ours calls, with Telegram's refusals in its words."""

import io
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from PIL import Image, UnidentifiedImageError
from telegram.constants import ReactionEmoji

from tests.fakes.telegram_faults import Faults, Traffic
from tests.fakes.telegram_html import ParseFault, parse, units
from tests.fakes.telegram_world import BOT, Refused, World

QUERY_LIFE = 15.0
MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are"
    " exactly the same as a current content and reply markup of the message"
)
Params = Mapping[str, Any]


class Methods:
    """Called by name in lower case, as Telegram does not mind how a method is spelled."""

    def __init__(self, world: World, faults: Faults, traffic: Traffic) -> None:
        self.world, self.faults, self.traffic = world, faults, traffic

    def call(self, method: str, params: Params) -> Any:
        """The `result`. Raises Refused."""
        action = getattr(self, f"do_{method}", None)
        if action is None:
            raise Refused(404, "Not Found")
        return action(params)

    def do_getme(self, params: Params) -> Any:
        more = {"can_join_groups": True, "supports_inline_queries": False}
        return {**BOT, **more, "can_read_all_group_messages": not self.world.privacy}

    def do_sendmessage(self, params: Params) -> Any:
        text, tags = self._text(params, "text", 4096)
        if not text:
            raise Refused(400, "Bad Request: message text is empty")
        return self._say(params, text=text, tags=tags)

    def do_sendphoto(self, params: Params) -> Any:
        self._picture(params.get("photo"))
        caption, tags = self._text(params, "caption", 1024)
        photo = self.world.photo_sizes(params["photo"])
        return self._say(params, photo=photo, caption=caption, tags=tags)

    def _say(self, params: Params, **content: Any) -> Any:
        chat = self.world.open_chat(_int(params, "chat_id"))
        group = chat["type"] != "private"
        wait = self.traffic.wait(self.faults.enforced, chat["id"], group)
        if wait > 0:
            raise Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        self.traffic.note(chat["id"], group)
        more = {**content, "html": params.get("text") or params.get("caption") or ""}
        more |= self._reply(params, chat["id"])
        more["silent"] = params.get("disable_notification") == "true"
        if markup := self._markup(params):
            more["reply_markup"] = markup
        return _public(self.world.write(chat["id"], BOT, **more))

    def do_editmessagetext(self, params: Params) -> Any:
        message = self._own(params)
        if "photo" in message:
            raise Refused(400, "Bad Request: there is no text in the message to edit")
        text, tags = self._text(params, "text", 4096)
        return self._change(message, params, text=text, tags=tags)

    def do_editmessagecaption(self, params: Params) -> Any:
        message = self._own(params)
        if "photo" not in message:
            raise Refused(400, "Bad Request: there is no caption in the message to edit")
        caption, tags = self._text(params, "caption", 1024)
        return self._change(message, params, caption=caption, tags=tags)

    def do_editmessagemedia(self, params: Params) -> Any:
        message = self._own(params)
        media = json.loads(params["media"])
        raw = params.get(str(media["media"]).removeprefix("attach://"))
        self._picture(raw)
        caption, tags = self._text(media, "caption", 1024)
        message.pop("text", None)
        message["photo"] = self.world.photo_sizes(raw or b"")
        return self._change(message, params, caption=caption, tags=tags)

    def do_editmessagereplymarkup(self, params: Params) -> Any:
        return self._change(self._own(params), params)

    def _own(self, params: Params) -> dict[str, Any]:
        chat = self.world.open_chat(_int(params, "chat_id"))
        message = self.world.messages.get((chat["id"], _int(params, "message_id")))
        if message is None:
            raise Refused(400, "Bad Request: message to edit not found")
        if message["from"]["id"] != BOT["id"]:
            raise Refused(400, "Bad Request: message can't be edited")
        return message

    def _change(self, message: dict[str, Any], params: Params, **content: Any) -> Any:
        markup = self._markup(params)
        new = {**message, **content}
        new.pop("reply_markup", None)
        if markup:
            new["reply_markup"] = markup
        if new == message:
            raise Refused(400, MODIFIED)
        message.pop("reply_markup", None)
        message.update(new)
        message["edit_date"] = int(time.time())
        return _public(message)

    def do_setmessagereaction(self, params: Params) -> Any:
        chat = self.world.open_chat(_int(params, "chat_id"))
        place = chat["id"], _int(params, "message_id")
        if place not in self.world.messages:
            raise Refused(400, "Bad Request: message to react not found")
        emoji = [r["emoji"] for r in json.loads(params.get("reaction", "[]"))]
        if len(emoji) > 1 or any(e not in set(ReactionEmoji) for e in emoji):
            raise Refused(400, "Bad Request: REACTION_INVALID")
        self.world.reactions[place] = emoji
        return True

    def do_answercallbackquery(self, params: Params) -> Any:
        asked = self.world.queries.pop(params.get("callback_query_id", ""), None)
        if asked is None or time.monotonic() - asked > QUERY_LIFE:
            raise Refused(
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
            )
        text = params.get("text", "")
        if units(text) > 200:
            raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
        alert = params.get("show_alert") == "true"
        self.world.answers.append((params["callback_query_id"], text, alert))
        return True

    def do_getfile(self, params: Params) -> Any:
        file_id = params.get("file_id", "")
        kept = self.world.files.get(file_id)
        if kept is None or kept.expired:
            raise Refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if kept.size > 20 * 1024 * 1024:
            raise Refused(400, "Bad Request: file is too big")
        unique = {"file_unique_id": f"AQAD{file_id[-6:]}", "file_size": kept.size}
        return {"file_id": file_id, **unique, "file_path": kept.path}

    def do_setwebhook(self, params: Params) -> Any:
        url, secret = params.get("url", ""), params.get("secret_token", "")
        if url and not re.match(r"https://|http://(127\.0\.0\.1|localhost)[:/]", url):
            raise Refused(
                400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
            )
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        self._allow(params)
        self.world.hook = {"url": url, "secret": secret} if url else {}
        self.world.news.set()
        return True

    def do_deletewebhook(self, params: Params) -> Any:
        self.world.hook = {}
        if params.get("drop_pending_updates") == "true":
            self.world.pending.clear()
        return True

    def do_getwebhookinfo(self, params: Params) -> Any:
        hook, waiting = self.world.hook, len(self.world.pending)
        info = {"url": hook.get("url", ""), "has_custom_certificate": False}
        more = {k: hook[k] for k in ("last_error_date", "last_error_message") if k in hook}
        return {**info, **more, "pending_update_count": waiting}

    def _allow(self, params: Params) -> None:
        if "allowed_updates" in params:
            self.world.allowed = json.loads(params["allowed_updates"]) or None

    def _text(self, params: Params, name: str, limit: int) -> tuple[str, Any]:
        raw = str(params.get(name, ""))
        if params.get("parse_mode") != "HTML":
            text, tags = raw.strip(), tuple[tuple[str, str, str], ...]()
        else:
            try:
                parsed = parse(raw)
            except ParseFault as fault:
                raise Refused(400, f"Bad Request: {fault}") from None
            text, tags = parsed.text, parsed.tags
        if units(text) > limit:
            what = "message is" if name == "text" else "message caption is"
            raise Refused(400, f"Bad Request: {what} too long")
        return text, tags

    def _picture(self, raw: Any) -> None:
        if not isinstance(raw, bytes):
            raise Refused(400, "Bad Request: there is no photo in the request")
        try:
            with Image.open(io.BytesIO(raw)) as image:
                width, height = image.size
        except (UnidentifiedImageError, OSError):
            raise Refused(400, "Bad Request: IMAGE_PROCESS_FAILED") from None
        if width + height > 10_000 or max(width, height) > 20 * min(width, height):
            raise Refused(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")

    def _reply(self, params: Params, chat: int) -> dict[str, Any]:
        asked = json.loads(params.get("reply_parameters", "{}"))
        if not asked:
            return {}
        message = self.world.messages.get((chat, asked["message_id"]))
        if message:
            return {"reply_to_message": message}
        if asked.get("allow_sending_without_reply"):
            return {}
        raise Refused(400, "Bad Request: message to be replied not found")

    def _markup(self, params: Params) -> dict[str, Any]:
        if "reply_markup" not in params:
            return {}
        markup = json.loads(params["reply_markup"])
        rows = markup["inline_keyboard"]
        buttons = [button for row in rows for button in row]
        if len(buttons) > 100 or any(len(row) > 8 for row in rows):
            raise Refused(400, "Bad Request: reply markup is too long")
        for button in buttons:
            if not 1 <= len(button.get("callback_data", "").encode()) <= 64:
                raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
            if not button["text"] or button.get("style", "primary") not in (
                "primary",
                "success",
                "danger",
            ):
                raise Refused(400, "Bad Request: can't parse inline keyboard button")
        return dict(markup)


def _int(params: Params, name: str) -> int:
    try:
        return int(params.get(name, ""))
    except ValueError:
        raise Refused(400, f"Bad Request: {name} is invalid") from None


def _public(message: dict[str, Any]) -> dict[str, Any]:
    """A message without the notes that the fake keeps in it."""
    return {k: v for k, v in message.items() if k not in ("html", "tags", "silent")}
