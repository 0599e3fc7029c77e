"""Sending, editing and marking: Telegram's methods, and what each of their refusals means."""

import logging
import time
from collections.abc import Awaitable
from typing import Any

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReactionTypeEmoji,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import ChatMigrated, TelegramError

from adapters.chat.port import CannotEdit, Reply, SendError
from adapters.chat.telegram.hearing import name_of, place_of
from adapters.chat.telegram.presses import ShortForms
from adapters.chat.telegram.saying import CAPTION_LIMIT, fits, html, rows
from adapters.chat.telegram.standing import Standing
from adapters.chat.telegram.wire import Halted, Line, Missing, fault, refused, says
from domain.person import Address

MARKS = {"recorded": "✍", "asked": "🤔"}
STYLES = ("primary", "danger", "success")
NO_PICTURE = ("photo_", "image_process", "send photos", "send media", "media_", "entity too large")
FIXED = (
    "message to edit not found",
    "can't be edited",
    "message_id_invalid",
    "message not found",
    "message identifier is not specified",
)
UNSEEN = ("message to react not found", "message not found", "message_id_invalid")
PICTURED = 512
"""How many of our picture messages are known as such without asking Telegram."""
LONGEST_HALT = 3600.0

log = logging.getLogger("vitrine.telegram")


class Mouth:
    """Says things through the line; every error leaves as a SendError."""

    def __init__(self, line: Line, standing: Standing, forms: ShortForms) -> None:
        self.line, self.standing, self.forms = line, standing, forms
        self._pictured: dict[str, None] = {}
        self._halts: dict[int, float] = {}

    async def send(self, to: Address, reply: Reply) -> str:
        """The new message's id. A picture that Telegram does not take leaves the text alone."""
        if not (reply.text or reply.title):
            raise SendError("nothing to say", permanent=True)
        chat, markup = _chat(to), await self._markup(reply)
        message: Message | None = None
        if fits(reply):
            message = await self._send_picture(chat, reply, markup)
        if message is None:
            message = await self._send_text(chat, reply, markup)
        self.standing.counts["sent"] += 1
        return name_of(message.chat.id, message.message_id)

    async def _send_text(
        self, chat: int, reply: Reply, markup: InlineKeyboardMarkup | None
    ) -> Message:
        try:
            return await self.line.bot.send_message(
                chat,
                html(reply),
                parse_mode=ParseMode.HTML,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                disable_notification=reply.silent,
                reply_parameters=_answering(chat, reply),
                reply_markup=markup,
            )
        except Exception as error:
            raise self._failed(error, chat) from None

    async def _send_picture(
        self, chat: int, reply: Reply, markup: InlineKeyboardMarkup | None
    ) -> Message | None:
        try:
            message = await self.line.bot.send_photo(
                chat,
                reply.picture or b"",
                caption=html(reply, CAPTION_LIMIT),
                parse_mode=ParseMode.HTML,
                filename="card.png",
                disable_notification=reply.silent,
                reply_parameters=_answering(chat, reply),
                reply_markup=markup,
            )
        except Exception as error:
            if says(error, *NO_PICTURE) or isinstance(error, Missing):
                self.standing.counts["picture-refused"] += 1
                return None
            raise self._failed(error, chat) from None
        self._remember(name_of(message.chat.id, message.message_id))
        return message

    async def edit(self, message_id: str, reply: Reply) -> None:
        """Other content in the place of a message of ours, whether it has a picture or not."""
        place = place_of(message_id)
        if place is None or not (reply.text or reply.title):
            raise CannotEdit("no such message", permanent=True)
        markup = await self._markup(reply)
        if fits(reply):
            await self._edit_media(place, reply, markup)
            self._remember(message_id)
        elif message_id in self._pictured:
            await self._edit_caption(place, reply, markup)
        elif not await self._edit_text(place, reply, markup):
            self._remember(message_id)
            await self._edit_caption(place, reply, markup)
        self.standing.counts["edited"] += 1

    async def _edit_media(
        self, place: tuple[int, int], reply: Reply, markup: InlineKeyboardMarkup | None
    ) -> None:
        picture = InputMediaPhoto(
            reply.picture or b"",
            html(reply, CAPTION_LIMIT),
            parse_mode=ParseMode.HTML,
            filename="card.png",
        )
        bot, (chat, number) = self.line.bot, place
        await self._edited(chat, bot.edit_message_media(picture, chat, number, reply_markup=markup))

    async def _edit_text(
        self, place: tuple[int, int], reply: Reply, markup: InlineKeyboardMarkup | None
    ) -> bool:
        """False if the message carries a picture and its text is a caption."""
        asked = self.line.bot.edit_message_text(
            html(reply),
            *place,
            parse_mode=ParseMode.HTML,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_markup=markup,
        )
        return await self._edited(place[0], asked, "no text in the message")

    async def _edit_caption(
        self, place: tuple[int, int], reply: Reply, markup: InlineKeyboardMarkup | None
    ) -> None:
        text = html(reply, CAPTION_LIMIT)
        if text != html(reply):
            raise CannotEdit("too long for a caption", permanent=True)
        bot, (chat, number) = self.line.bot, place
        await self._edited(
            chat,
            bot.edit_message_caption(
                chat, number, caption=text, parse_mode=ParseMode.HTML, reply_markup=markup
            ),
        )

    async def _edited(self, chat: int, asked: Awaitable[object], unless: str = "\0") -> bool:
        """True when it stands as asked; False for the refusal that is named in `unless`."""
        try:
            await asked
        except Exception as error:
            if says(error, unless):
                return False
            if says(error, "message is not modified"):
                return True
            if says(error, *FIXED) or isinstance(error, ChatMigrated | Missing):
                raise CannotEdit("message can't be edited", permanent=True) from None
            raise self._failed(error, chat, again=True) from None
        return True

    async def react(self, message_id: str, mark: str) -> None:
        """Our one reaction on a message; a message that is gone needs none."""
        place = place_of(message_id)
        if place is None:
            return
        emoji = MARKS.get(mark)
        reaction = [ReactionTypeEmoji(emoji)] if emoji else []
        try:
            await self.line.bot.set_message_reaction(*place, reaction=reaction)
        except Exception as error:
            if says(error, *UNSEEN) or isinstance(error, ChatMigrated):
                return
            if isinstance(error, Missing):
                raise SendError("no reactions there", permanent=True) from None
            raise self._failed(error, place[0], again=True) from None

    async def _markup(self, reply: Reply) -> InlineKeyboardMarkup | None:
        keyboard = [
            [
                InlineKeyboardButton(
                    b.label,
                    callback_data=await self.forms.shorten(b.id),
                    style=b.style if b.style in STYLES else None,
                )
                for b in row
            ]
            for row in rows(reply.buttons)
        ]
        return InlineKeyboardMarkup(keyboard) if keyboard else None

    def _failed(self, error: Exception, chat: int, *, again: bool = False) -> SendError:
        """`again`: doing it twice does no harm, so it does not matter whether it was done."""
        if isinstance(error, Halted):
            self.standing.counts["throttled"] += 1
            everywhere = self._halted(chat, error.seconds)
            return SendError("flood control", retry_after=error.seconds, everywhere=everywhere)
        if refused(error):
            self.standing.become("refused")
        if not isinstance(error, TelegramError):
            log.error("an answer of Telegram could not be read: %s", type(error).__name__)
        found = fault(error)
        found.ambiguous = found.ambiguous and not again
        return found

    def _halted(self, chat: int, seconds: float) -> bool:
        """Whether the whole bot is meant: another chat was told to wait a moment ago as well."""
        now = time.monotonic()
        others = any(c != chat and now - at <= seconds for c, at in self._halts.items())
        self._halts = {c: at for c, at in self._halts.items() if now - at <= LONGEST_HALT}
        self._halts[chat] = now
        return others

    def _remember(self, message_id: str) -> None:
        self._pictured[message_id] = None
        if len(self._pictured) > PICTURED:
            del self._pictured[next(iter(self._pictured))]


def _chat(to: Address) -> int:
    try:
        return int(to.chat)
    except ValueError:
        raise SendError("no chat of Telegram", permanent=True, shut=True) from None


def _answering(chat: int, reply: Reply) -> ReplyParameters | None:
    """An answer stands by what it answers, if that is in the same chat and still there."""
    place: Any = place_of(reply.reply_to)
    if place is None or place[0] != chat:
        return None
    return ReplyParameters(place[1], allow_sending_without_reply=True)
