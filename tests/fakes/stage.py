"""What every fake platform offers to the contract suite: people who write and press, and what they
see. The fakes behind it speak the platform's wire; nothing of ours is called.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Seen:
    """A message of the bot as a person sees it now. `text` is plain, whatever the dialect; `id` is
    the platform's own."""

    id: str
    chat: str
    text: str
    buttons: tuple[str, ...] = ()
    picture: bool = False
    edited: bool = False
    reply_to: str = ""


class RuleLike(Protocol):
    """At most `count` in any `seconds` per `scope`: account, chat, group or private."""

    @property
    def scope(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def seconds(self) -> float: ...


class Stage(Protocol):
    """One platform with its people. Ids of users and chats are the test's own choice where the
    platform lets it."""

    platform: str
    group: str
    """The chat id of a group that the bot is in."""

    def settings(self) -> Mapping[str, str]:
        """The `VITRINE_…` variables that make the real program talk to this fake."""

    def private(self, user: str) -> str:
        """The chat id of a user's private chat with the bot, as the adapter names it."""

    def user(self, name: str) -> str:
        """The platform's user id for a name of the test's choice; always the same."""

    async def start(self) -> None:
        """Begin to serve on the loopback."""

    async def stop(self) -> None:
        """Stop serving."""

    def violations(self, rules: Iterable[RuleLike]) -> list[str]:
        """Where more came in than the rules allow."""

    async def connected(self) -> None:
        """Come back when the bot is listening."""

    async def say(
        self, chat: str, user: str, text: str, photos: tuple[bytes, ...] = (), reply_to: str = ""
    ) -> str:
        """A person writes, the way this platform's people send photos with a text; the message's
        id as the adapter names it."""

    async def photo(self, chat: str, user: str, photo: bytes) -> str:
        """A person sends a bare photo, if the bot can hear it there; its id, else empty."""

    async def again(self, message_id: str) -> None:
        """The platform delivers a message once more."""

    async def press(self, seen: Seen, label: str, user: str) -> None:
        """A person presses a button of a message."""

    def said(self, chat: str) -> list[Seen]:
        """Everything the bot has said in a chat, as it stands now, oldest first."""

    def marks(self, message_id: str) -> list[str]:
        """The bot's reactions on a person's message (the adapter's name of it); empty where the
        platform has none."""

    def acknowledged(self, message_id: str) -> bool:
        """Whether the platform counts the message as delivered."""
