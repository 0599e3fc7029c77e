"""What has to be right on Telegram's side, asked of Telegram itself."""

from telegram import User, WebhookInfo
from telegram.error import TelegramError

from adapters.chat.port import Check
from adapters.chat.telegram.webhook import faulty
from adapters.chat.telegram.wire import Line, refused


async def look(line: Line, url: str) -> tuple[Check, ...]:
    """Reachable, token, privacy mode, webhook (`url` is empty where we poll). Never raises."""
    user, error = await _me(line)
    known = user is not None or refused(error) if error else True
    info = await _info(line) if user else None
    name = f"@{user.username}" if user else ""
    hears = user.can_read_all_group_messages if user else None
    return (
        Check("telegram.reachable", known, (("host", line.host),)),
        Check("telegram.token", _token(user, error), (("bot", name),)),
        Check("telegram.privacy", hears, (("bot", name),)),
        _webhook(info, url),
    )


async def _me(line: Line) -> tuple[User | None, Exception | None]:
    try:
        return await line.bot.get_me(), None
    except Exception as error:
        return None, error


async def _info(line: Line) -> WebhookInfo | None:
    try:
        return await line.bot.get_webhook_info()
    except (TelegramError, ValueError, TypeError, KeyError):
        return None


def _token(user: User | None, error: Exception | None) -> bool | None:
    if user:
        return True
    return False if error and refused(error) else None


def _webhook(info: WebhookInfo | None, url: str) -> Check:
    if info is None:
        return Check("telegram.webhook", None, (("waiting", "?"), ("fault", "?")))
    facts = (
        ("waiting", str(info.pending_update_count)),
        ("fault", (info.last_error_message or "-") if url else "-"),
    )
    return Check("telegram.webhook", not (faulty(info, url) if url else info.url), facts)
